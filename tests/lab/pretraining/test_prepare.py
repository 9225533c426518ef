"""Training data from a corpus of a few seconds: sound and motion in step, the same bits however it is made."""

import itertools
import json

import numpy as np
import pytest

from sdk import errors
from sdk.progress import CancelToken
from talkstyle_lab.pretraining.dataset import read_dataset
from talkstyle_lab.pretraining.prepare import prepare
from talkstyle_lab.pretraining.tracks import engine, sessions, track
from talkstyle_reference.mel import MelEncoder
from tests.sdk.fakes import LoudnessEncoder

JAW = 66 * 3 + 1  # the lower inner lip's y


@pytest.mark.parametrize(("view", "alike"), [(0, 0.3), (1, 0.15)])
def test_sound_and_motion_are_in_step(dataset, view, alike):
    lags = range(-12, 13)
    scores = np.zeros(len(lags))
    for number, (first, last) in enumerate(itertools.pairwise(dataset.begins)):  # each track is normalised for itself
        rows = slice(dataset.views[number, view], dataset.views[number, view] + last - first)
        loudness = np.exp(dataset.heard(rows)).sum(axis=1)[20:-20]
        lip = dataset.moved(slice(first, last))[:, JAW]
        scores += [np.corrcoef(loudness, np.roll(lip, lag)[20:-20])[0, 1] for lag in lags]
    assert abs(lags[int(np.argmax(scores))]) <= 2
    assert scores.max() / len(dataset.views) > alike


def test_gaps_are_at_rest(dataset):
    assert np.abs(dataset.moved(dataset.begins[:-1])).max() < 0.2
    assert dataset.closed.any()


def test_motion_is_kept_but_for_little(corpus, dataset, tmp_path, monkeypatch):
    monkeypatch.setattr("talkstyle_lab.pretraining.prepare._RESPEEDED", 0.0)
    plain = read_dataset(prepare(corpus, tmp_path / "plain.npz"))
    for number, session in enumerate(sessions(corpus, "train")):
        take = track(corpus, session, np.random.default_rng((0, 22, number)))
        kept = plain.moved(slice(plain.begins[number], plain.begins[number + 1]))
        assert np.abs(kept - take.motion).max() < 2e-3
        assert np.sqrt(np.mean((kept - take.motion) ** 2)) < 1e-4
    assert plain.motion.shape[1] < 100


def test_the_augmented_recording_is_another(dataset):
    clean, other = (dataset.heard(slice(v, v + 200)) for v in dataset.views[0])
    assert np.abs(clean - other).mean() > 0.1


def test_statistics_make_speech_about_normal(dataset):
    encoder = MelEncoder(None)
    encoder.mean, encoder.std = dataset.statistics["mean"], dataset.statistics["std"]
    assert encoder.fingerprint() == dataset.encoder_sha256
    assert (dataset.encoder, dataset.features.dtype) == ("mel", np.int8)
    assert 0.3 < dataset.heard(slice(None)).std() < 3


def test_any_number_of_workers_gives_the_same_bits(corpus, prepared, tmp_path):
    again = prepare(corpus, tmp_path / "speech.npz", workers=2)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in prepared]


def test_it_goes_on_where_it_stopped(corpus, prepared, tmp_path):
    token = CancelToken()

    def stop_after_the_first(progress):
        if progress.message.startswith("track 1"):
            token.cancel()

    out = tmp_path / "speech.npz"
    with pytest.raises(errors.Cancelled):
        prepare(corpus, out, on_progress=stop_after_the_first, cancel=token)
    assert not out.exists()
    kept = {path.name: path for path in tmp_path.glob("*.unfinished/*/*.npz")}
    assert kept.keys() == {"000000.npz", "000001.npz", "statistics.npz"}
    assert prepare(corpus, out) == [out]
    assert out.read_bytes() == prepared[0].read_bytes()
    assert not list(tmp_path.glob("*.unfinished"))


def test_what_is_there_is_left_as_it_is(corpus, tmp_path):
    out, stages = tmp_path / "speech.npz", []
    prepare(corpus, out, augmented=0)
    before = out.stat().st_mtime_ns
    prepare(corpus, out, augmented=0, on_progress=lambda progress: stages.append(progress.stage))
    assert (out.stat().st_mtime_ns, stages) == (before, [])
    prepare(corpus, out, augmented=0, seed=1)
    assert out.stat().st_mtime_ns != before


def test_without_augmented_recordings_there_is_one_each(corpus, tmp_path):
    alone = read_dataset(prepare(corpus, tmp_path / "speech.npz", augmented=0))
    assert (alone.views[:, 1] == -1).all()
    assert len(alone.features) == alone.begins[-1]


def test_any_encoders_features_are_kept(corpus, tmp_path):
    found = read_dataset(prepare(corpus, tmp_path / "speech.npz", encoder=LoudnessEncoder()))
    assert (found.features.dtype, found.features.shape[1]) == (np.float16, 8)
    assert (found.encoder, found.encoder_sha256) == ("loudness", LoudnessEncoder().fingerprint())


def test_a_given_mel_keeps_its_statistics(corpus, tmp_path):
    found = read_dataset(prepare(corpus, tmp_path / "speech.npz", encoder=MelEncoder()))
    assert found.encoder_sha256 == MelEncoder().fingerprint()
    np.testing.assert_array_equal(found.statistics["std"], MelEncoder().std)
    assert 0.3 < found.heard(slice(None)).std() < 3


def test_engines_are_what_voices_begin_with(corpus, dataset):
    assert {engine(session) for session in sessions(corpus, "train")} == set(dataset.engines) == {"tones"}
    assert engine([{"voice": "kokoro/af_heart+am_adam"}]) == "kokoro"


@pytest.mark.parametrize("wrong", [{"augmented": 1.5}, {"workers": 0}, {"parts": 0}])
def test_what_cannot_be_is_refused(corpus, tmp_path, wrong):
    with pytest.raises(errors.ConfigError, match=next(iter(wrong))):
        prepare(corpus, tmp_path / "speech.npz", **wrong)


def test_other_voices_are_of_other_sessions(corpus, tmp_path, monkeypatch):
    drawn = []

    def note(samples, rng, other):
        drawn.append([round(float(np.abs(other(rng)).sum()), 3) for _ in range(6)])
        return samples

    monkeypatch.setattr("talkstyle_lab.pretraining.prepare.rerecord", note)
    prepare(corpus, tmp_path / "speech.npz", encoder=MelEncoder())
    listed = json.loads((corpus / "index.json").read_text())["utterances"]
    sums = {}
    for entry in listed:
        with np.load(corpus / entry["file"]) as shard:
            sums[round(float(np.abs(shard["audio"] / np.float32(32768)).sum()), 3)] = entry["session"]
    for session, values in enumerate(drawn):
        assert session not in {sums[value] for value in values}

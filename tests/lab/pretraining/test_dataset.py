"""Files of training data, parts of them, and what batches are drawn from."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from sdk import errors
from talkstyle_lab.pretraining.dataset import Dataset, dataset_key, read_dataset, write_dataset


def made(lengths=(600, 900, 300, 1200), engines=("kokoro", "flite", "kokoro", "espeak")):
    """Features and motion that tell their frame, track and view."""
    begins = np.cumsum([0, *lengths])
    views, features, at = np.full((len(lengths), 2), -1), [], 0
    for track, length in enumerate(lengths):
        for view in range(1 + (track != 2)):
            views[track, view] = at
            rows = np.stack([np.full(length, track % 128), np.full(length, view), np.arange(length) // 100], axis=1)
            features.append(rows.astype(np.int8))
            at += length
    frame = np.concatenate([np.arange(length) for length in lengths])
    return Dataset(
        features=np.concatenate(features), views=views, motion=np.stack([frame, -frame], axis=1).astype(np.int16),
        basis=np.eye(2, 210, dtype=np.float32) / 100, centre=np.zeros(210, np.float32), closed=frame % 7 == 0,
        begins=begins, styles=np.arange(len(lengths), dtype=np.float32)[:, None] + np.zeros((1, 25), np.float32),
        engines=np.array(engines), tracks=np.arange(len(lengths)), feature_step=0.5, encoder="mel",
        encoder_sha256="0" * 64, statistics={"mean": np.ones(80, np.float32), "std": np.ones(80, np.float32)}, key="k",
    )  # fmt: skip


def same(one, other):
    for name in ("features", "views", "motion", "basis", "centre", "closed", "begins", "styles", "engines", "tracks"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    np.testing.assert_array_equal(one.statistics["mean"], other.statistics["mean"])
    names = ("feature_step", "encoder", "encoder_sha256", "key")
    assert [getattr(one, name) for name in names] == [getattr(other, name) for name in names]


@pytest.mark.parametrize("parts", [1, 2, 3])
def test_it_comes_back_from_its_parts_in_any_order(tmp_path, parts):
    files = write_dataset(tmp_path / "speech.npz", made(), parts=parts)
    assert len(files) == parts
    assert {dataset_key(file) for file in files} == {"k"}
    same(read_dataset(files[::-1]), made())


def test_parts_are_of_about_equal_size(tmp_path):
    sizes = [len(read["closed"]) for read in map(np.load, write_dataset(tmp_path / "a.npz", made(), parts=2))]
    assert sizes == [1500, 1500]


def test_a_missing_or_another_part_is_told(tmp_path):
    files = write_dataset(tmp_path / "speech.npz", made(), parts=2)
    other = write_dataset(tmp_path / "other.npz", replace(made(), key="j"), parts=2)
    for wrong in (files[:1], [files[0], files[0]], [files[0], other[1]]):
        with pytest.raises(errors.InputError, match=r"not the parts of one file: 1 of 2"):
            read_dataset(wrong)


def test_a_file_that_is_something_else_is_told(tmp_path):
    for name, write in (("text.npz", lambda p: p.write_text("x")), ("other.npz", lambda p: np.savez(p, a=1))):
        write(tmp_path / name)
        with pytest.raises(errors.InputError, match="no training data"):
            read_dataset([tmp_path / name])
        assert dataset_key(tmp_path / name) is None
    assert dataset_key(tmp_path / "missing.npz") is None


def test_another_version_is_told(tmp_path, monkeypatch):
    files = write_dataset(tmp_path / "speech.npz", made())
    monkeypatch.setattr("talkstyle_lab.pretraining.dataset.DATA_VERSION", 99)
    with pytest.raises(errors.InputError, match="version 1, not 99"):
        read_dataset(files)


@pytest.mark.parametrize("augmented", [0.0, 0.5, 1.0])
def test_batches_are_of_one_track_and_one_moment(augmented):
    rng = np.random.default_rng(0)
    features, motion, closed, styles = made().batch(rng, 400, 60, lookahead=10, augmented=augmented)
    assert (features.shape, motion.shape, closed.shape, styles.shape) == (
        (400, 70, 3),
        (400, 60, 210),
        (400, 60),
        (400, 25),
    )
    track = features[:, 0, 0] / 0.5
    np.testing.assert_array_equal(features[..., 0], np.broadcast_to(features[:, :1, 0], (400, 70)))
    np.testing.assert_array_equal(styles[:, 0], track)
    frame = np.rint(motion[..., 0] * 100)
    np.testing.assert_array_equal(frame // 100, features[:, :60, 2] / 0.5)
    np.testing.assert_array_equal(closed, frame % 7 == 0)
    share = (features[:, 0, 1] > 0)[track != 2].mean()  # track 2 has one recording
    assert share == pytest.approx(augmented, abs=0.08)
    assert set(track) == {0, 1, 2, 3}
    assert (frame[:, 0] == 0).mean() > 0.08


def test_too_short_tracks_are_told():
    with pytest.raises(errors.ConfigError, match="1250 frames"):
        made().batch(np.random.default_rng(0), 1, 1240, lookahead=10)


def many(seed=0):
    rng = np.random.default_rng(seed)
    engines = rng.choice(["kokoro", "flite", "espeak", "none"], 240, p=[0.4, 0.3, 0.2, 0.1])
    return made(tuple(rng.integers(300, 900, 240)), tuple(engines))


def silent_minutes(dataset):
    return np.diff(dataset.begins)[[t for t in dataset.tracks if dataset.engines[t] == "none"]].sum() / 3600


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_shares_of_neural_voices_at_equal_minutes(share):
    silence = silent_minutes(many()) / many().minutes()
    part = many().subset(minutes=10, neural_share=share)
    assert part.minutes() == pytest.approx(10, abs=0.4)
    assert part.minutes(neural=True) == pytest.approx(10 * (1 - silence) * share, abs=0.15)
    assert part.minutes(neural=False) == pytest.approx(10 * (1 - silence) * (1 - share), abs=0.15)
    assert silent_minutes(part) == pytest.approx(10 * silence, abs=0.15)
    _, _, _, styles = part.batch(np.random.default_rng(0), 300, 30, lookahead=0)
    assert set(styles[:, 0]) <= set(part.tracks)
    assert sum(view.stop - view.start for view in part.view_rows(augmented=False)) == round(part.minutes() * 3600)


def test_fewer_minutes_are_a_part_of_more():
    few, more = (many().subset(minutes=minutes, seed=3) for minutes in (5, 12))
    assert set(few.tracks) < set(more.tracks)
    assert set(few.tracks) != set(many().subset(minutes=5, seed=4).tracks)
    assert more.minutes(neural=True) / 12 == pytest.approx(many().minutes(neural=True) / many().minutes(), abs=0.03)


def test_without_minutes_a_share_takes_all_that_it_can():
    whole = many()
    half = whole.subset(neural_share=0.5)
    fewer = min(whole.minutes(neural=True), whole.minutes(neural=False))
    assert half.minutes(neural=True) == pytest.approx(fewer, abs=0.2)
    assert half.minutes(neural=False) == pytest.approx(fewer, abs=0.2)
    same(whole.subset(), whole)


def test_more_than_there_is_is_told():
    with pytest.raises(errors.ConfigError, match=r"minutes of neural voices, not \d"):
        many().subset(minutes=30, neural_share=1)
    with pytest.raises(errors.ConfigError, match=r"minutes of silence, not \d"):
        many().subset(minutes=1000)


def test_training_imports_no_library_for_media(prepared, tmp_path):
    code = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"av", "mediapipe", "numba", "PIL", "pydantic", "huggingface_hub", "matplotlib"}:
            raise ImportError("blocked: " + name)
sys.meta_path.insert(0, Blocked())
from talkstyle_lab.commands.pretrain import pretrain
pretrain(sys.argv[1:])
"""
    words = ["train", "--prepared", prepared[0], "--out", tmp_path, "--steps", 1, "--device", "cpu"]
    done = subprocess.run([sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "weights" / "tcn.safetensors").exists()

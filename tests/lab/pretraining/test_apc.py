"""Training the predictive encoder on a corpus of a few seconds, and generators on it and on an encoder of our own."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from sdk import errors
from sdk.compatibility import check_compatible
from sdk.data import Audio
from sdk.progress import CancelToken, Reporter
from talkstyle_lab.pretraining.apc import ApcPlan, encode_dataset
from talkstyle_lab.pretraining.dataset import read_dataset
from talkstyle_lab.pretraining.generator import TrainingPlan, train
from talkstyle_lab.pretraining.measures import load_generator
from talkstyle_lab.pretraining.prepare import prepare
from talkstyle_reference.apc import ApcEncoder, ApcNet
from talkstyle_reference.generators import LstmGenerator, TcnApcGenerator, TcnGenerator
from talkstyle_reference.mel import MelEncoder
from talkstyle_reference.weights import read_notes, read_weights
from tests.sdk.fakes import LoudnessEncoder

RATE = 16_000
APC = ApcPlan(steps=4, batch=2, frames=30, entries=40, half=False)
PLAN = TrainingPlan(encoder="apc", steps=2, batch=2, frames=60, half=False)


@pytest.fixture(scope="module")
def whole(dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("apc")
    train(dataset, folder, PLAN, apc=APC)
    return folder


def test_encoder_and_generator_come_out(whole):
    encoder, generator = load_generator("tcn-apc", whole / "weights")
    assert isinstance(encoder, ApcEncoder)
    features = encoder.encode(Audio(np.zeros(RATE, np.float32), RATE))
    assert features.shape == (60, 1024)
    assert generator.features == 1024
    check_compatible(generator, encoder)
    assert read_notes("tcn-apc", whole / "weights") == {"encoder": "apc", "encoder_sha256": encoder.fingerprint()}


def test_the_generators_input_is_scaled_by_what_was_heard(whole):
    _, generator = load_generator("tcn-apc", whole / "weights")
    kept = next(whole.glob("features-apc-*.npy"))
    scaled = generator._scaled(torch.from_numpy(np.load(kept).astype(np.float32)))
    active = scaled.std(dim=0) > 0.1  # some features of a net that hardly learned never move
    assert active.float().mean() > 0.9
    assert scaled.mean(dim=0)[active].abs().max() < 0.2


def test_features_are_those_of_each_recording_alone(dataset, whole, tmp_path):
    encoder = ApcEncoder(whole / "weights")
    found = encode_dataset(dataset, encoder, tmp_path, report=Reporter())
    for view in dataset.view_rows(augmented=True):
        expected, _ = encoder.encode_mel(dataset.heard(view)[None])
        np.testing.assert_allclose(found.heard(view), expected[0], atol=0.02)


def test_an_encoder_of_other_weights_is_refused(whole):
    with pytest.raises(errors.ConfigError, match="other weights"):
        check_compatible(TcnApcGenerator(whole / "weights"), ApcEncoder())


def test_the_database_is_features_that_the_net_gives(dataset, whole):
    tensors = read_weights("apc", whole / "weights")
    database = torch.from_numpy(tensors["database"])
    assert 20 <= len(database) <= APC.entries
    assert len(database.unique(dim=0)) == len(database)
    net = ApcNet()
    net.load_state_dict({name: torch.from_numpy(t) for name, t in tensors.items() if name.startswith("layers.")})
    with torch.no_grad():
        heard, _ = net(torch.from_numpy(dataset.heard(slice(None))).reshape(1, -1, 80))
    # From elsewhere in the corpus, with another past: near, though not equal.
    assert torch.cdist(database, heard[0]).amin(dim=1).median() < 0.3 * (database - database.mean(0)).norm(dim=1).mean()


def test_a_stopped_run_goes_on_to_the_same_bits(dataset, whole, tmp_path, monkeypatch):
    token = CancelToken()

    def stop_at_half(progress):
        if progress.stage == "train apc" and progress.fraction >= 0.5:
            token.cancel()

    monkeypatch.setattr("talkstyle_lab.pretraining.apc.CHECKPOINT_STEPS", 2)
    with pytest.raises(errors.Cancelled):
        train(dataset, tmp_path, PLAN, apc=APC, on_progress=stop_at_half, cancel=token)
    train(dataset, tmp_path, PLAN, apc=APC)
    for name in ("apc", "tcn-apc"):
        once, twice = (read_weights(name, folder / "weights") for folder in (whole, tmp_path))
        assert all(np.array_equal(once[key], twice[key]) for key in once), name


def test_another_plans_checkpoint_is_refused(dataset, tmp_path):
    token = CancelToken()

    def stop(progress):
        if progress.stage == "database":
            token.cancel()

    with pytest.raises(errors.Cancelled):
        train(dataset, tmp_path, PLAN, apc=APC, on_progress=stop, cancel=token)
    with pytest.raises(errors.CheckpointError):
        train(dataset, tmp_path, PLAN, apc=replace(APC, rate=1e-4))


def test_it_learns_to_foretell(dataset, tmp_path):
    losses = []

    def note(progress):
        if progress.stage == "train apc":
            losses.append(float(progress.message.removeprefix("loss ")))

    train(dataset, tmp_path, replace(PLAN, steps=1), apc=replace(APC, steps=40, rate=3e-3), on_progress=note)
    assert losses[-1] < 0.85 * losses[0]


@pytest.mark.parametrize("kind", [TcnGenerator, LstmGenerator])
def test_a_generator_is_trained_on_any_encoder(kind, corpus, tmp_path):
    encoder = LoudnessEncoder()
    plan = TrainingPlan(generator=kind.kind, encoder="loudness", steps=2, batch=2, frames=60, half=False)
    weights = train(read_dataset(prepare(corpus, tmp_path / "data.npz", encoder=encoder)), tmp_path, plan)
    generator = kind(weights, encoder="loudness")
    assert (generator.name, generator.features, generator.encoder) == (kind.kind, 8, "loudness")
    check_compatible(generator, encoder)
    with pytest.raises(errors.ConfigError, match="not on 'mel'"):
        check_compatible(generator, MelEncoder())


def test_what_was_never_trained_says_so():
    with pytest.raises(errors.ModelFileMissing, match=r"no tcn ships.*'loudness'.*pretrain train --encoder loudness"):
        TcnGenerator(encoder="loudness")


def test_weights_that_are_not_in_a_folder_are_named(whole):
    with pytest.raises(errors.ModelFileMissing, match=r"'tcn-loudness'.*pretrain train"):
        TcnGenerator(whole / "weights", encoder="loudness")


def test_the_plans_encoder_must_be_the_datas(dataset, tmp_path):
    with pytest.raises(errors.ConfigError, match=r"is for the encoder 'loudness', and the training data is of 'mel'"):
        train(dataset, tmp_path, TrainingPlan(encoder="loudness"))
    with pytest.raises(errors.ConfigError, match=r"is for the encoder 'apc', and the training data is of 'loudness'"):
        train(replace(dataset, encoder="loudness"), tmp_path, TrainingPlan(encoder="apc"))


def test_statistics_of_other_data_are_refused(dataset, whole):
    other = {"mean": dataset.statistics["mean"] + 1, "std": dataset.statistics["std"]}
    changed = replace(dataset, statistics=other, encoder_sha256="other")
    with pytest.raises(errors.ConfigError, match="other training data"):
        train(changed, whole, PLAN, apc=APC)

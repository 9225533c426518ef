"""Training on a corpus of a few seconds: it learns, resumes to the same bits, and keeps sound and motion in step."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from sdk import errors
from sdk.data import Audio
from sdk.generation import aligned
from sdk.progress import CancelToken
from talkstyle_lab.pretraining import solved as module_solved
from talkstyle_lab.pretraining.augment.take import Take, respeed
from talkstyle_lab.pretraining.conditioning import Conditioning
from talkstyle_lab.pretraining.generator import TrainingPlan, motion_loss, train
from talkstyle_lab.pretraining.measures import load_generator
from talkstyle_lab.pretraining.run import Run
from talkstyle_reference.generators import TcnGenerator
from talkstyle_reference.weights import read_weights

RATE = 16_000


def plan(**changes):
    return TrainingPlan(**{"generator": "tcn", "steps": 6, "batch": 2, "frames": 60, "half": False, **changes})


@pytest.fixture(scope="module")
def whole(dataset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    train(dataset, folder, plan())
    return folder


@pytest.mark.parametrize("factor", [0.8, 1.25])
def test_speed_changes_sound_and_motion_alike(factor):
    time = np.arange(2 * RATE) / RATE
    frames = np.arange(120, dtype=np.float32)
    take = Take(np.sin(2 * np.pi * 200 * time).astype(np.float32), np.repeat(frames[:, None], 210, 1), frames > 60)
    fast = respeed(take, factor)
    assert len(fast.motion) == -(-len(fast.samples) * 60 // RATE)
    assert len(fast.samples) == pytest.approx(2 * RATE / factor, abs=1)
    np.testing.assert_allclose(fast.motion[30, 0], 30 * factor, atol=1e-3)
    loudest = np.abs(np.fft.rfft(fast.samples)).argmax() * RATE / len(fast.samples)
    assert loudest == pytest.approx(200 * factor, rel=0.01)


def test_training_writes_weights_that_load(whole):
    encoder, generator = load_generator("tcn", whole / "weights")
    features = encoder.encode(Audio(np.zeros(RATE, np.float32), RATE))
    assert features.shape == (60, 160)
    assert sum(p.numel() for p in generator.parameters()) > 900_000


def test_a_stopped_run_goes_on_to_the_same_bits(dataset, whole, tmp_path):
    token = CancelToken()

    def stop_at_half(progress):
        if progress.stage.startswith("train") and progress.fraction >= 0.5:
            token.cancel()

    with pytest.raises(errors.Cancelled):
        train(dataset, tmp_path, plan(), on_progress=stop_at_half, cancel=token, checkpoint_steps=2)
    train(dataset, tmp_path, plan(), checkpoint_steps=2)
    once, twice = (read_weights("tcn", folder / "weights") for folder in (whole, tmp_path))
    assert all(np.array_equal(once[name], twice[name]) for name in once)


def test_another_plans_checkpoint_is_refused(dataset, whole):
    with pytest.raises(errors.CheckpointError):
        train(dataset, whole, plan(rate=1e-4))


def test_a_checkpoint_of_other_training_data_is_refused(dataset, whole):
    with pytest.raises(errors.CheckpointError, match="other training data"):
        train(replace(dataset, key="another"), whole, plan())


def test_it_learns(dataset, tmp_path):
    losses = []

    def note(progress):
        if progress.stage.startswith("train"):
            losses.append(float(progress.message.removeprefix("loss ")))

    train(dataset, tmp_path, plan(steps=60, rate=3e-3), on_progress=note)
    assert losses[-1] < 0.7 * losses[0]


def test_the_lstms_normalisation_is_learnt(dataset, tmp_path):
    train(dataset, tmp_path, plan(generator="lstm", steps=3))
    trained = read_weights("lstm", tmp_path / "weights")
    assert not np.allclose(trained["norm.running_mean"], 0, atol=1e-3)


def test_the_live_base_hears_100_ms_ahead(dataset, tmp_path):
    train(dataset, tmp_path, plan(generator="tcn-live", steps=3))
    _, generator = load_generator("tcn-live", tmp_path / "weights")
    assert generator.lookahead == 6


def test_measuring_the_precision_leaves_the_networks_as_they_are(dataset, whole, tmp_path, monkeypatch):
    measure, measured = Run._half_is_faster, []

    def whole_precision(run):
        measured.append(measure(run))
        return False  # so that results can be compared

    monkeypatch.setattr(Run, "_half_is_faster", whole_precision)
    train(dataset, tmp_path, plan(half=None))
    assert len(measured) == 1
    once, twice = (read_weights("tcn", folder / "weights") for folder in (whole, tmp_path))
    assert all(np.array_equal(once[name], twice[name]) for name in once)


def test_liveliness_asks_for_the_spread_that_a_squared_error_shrinks():
    rng = np.random.default_rng(0)
    target = torch.from_numpy(rng.normal(0, 0.02, (2, 90, 210)).astype(np.float32))
    closed = torch.zeros(2, 90)

    def cost(scale, weight):
        made = target * scale
        parts = made[..., :204].reshape(2, 90, 68, 3), made[..., 204:]
        return float(motion_loss(*parts, target, closed, liveliness=weight))

    assert cost(1.0, 1.0) == pytest.approx(0, abs=1e-6)
    assert cost(0.5, 1.0) > cost(0.5, 0.0) + 0.1
    assert cost(0.7, 1.0) - cost(0.7, 0.0) < cost(0.5, 1.0) - cost(0.5, 0.0)


def test_a_style_that_is_told_changes_what_layers_make_of_a_sound():
    generator = TcnGenerator(None)
    conditioning = Conditioning(generator, 25)
    features, style = torch.randn(2, 40, 160), torch.zeros(2, 25)
    with torch.no_grad():
        plain = generator(features)[0]
        for part in conditioning.parameters():
            torch.nn.init.normal_(part, std=0.01)
        style[1] = 1.0
        conditioning.styles = style
        told = generator(features)[0]
        conditioning.styles = None
        assert torch.equal(generator(features)[0], plain)
    torch.testing.assert_close(told[0], plain[0])
    assert not torch.allclose(told[1], plain[1], atol=1e-4)


def test_a_solved_last_layer_is_nearer_to_the_motion_than_the_mean_face_and_the_wider_one_that_ships(dataset, whole):
    _, generator = load_generator("tcn", whole / "weights")
    generator.smoothing = (1,)
    rows = np.arange(dataset.begins[dataset.tracks[0]], dataset.begins[dataset.tracks[0] + 1])
    heard = torch.from_numpy(dataset.heard(dataset.views[dataset.tracks[0], 0] + rows - rows[0]))[None]
    wanted = torch.from_numpy(dataset.moved(rows))

    def error(layer_scale, amplitude):
        with torch.no_grad():
            expression, pose = aligned(generator, heard)
        mean = torch.from_numpy(dataset.centre.astype(np.float32))
        made = torch.cat([expression.flatten(2), pose], dim=2)[0]
        made[:, :204] = mean[:204] + (made[:, :204] - mean[:204]) / amplitude * layer_scale
        return float((made - wanted)[:, :204].square().mean())

    best = error(1.0, module_solved.AMPLITUDE)
    assert best < error(0.0, 1.0)  # the mean face
    assert best < error(1.0, 1.0)  # the face as it ships, which moves further


def test_a_trunk_is_kept_and_no_step_is_taken(dataset, whole, tmp_path):
    trunk = {name: torch.from_numpy(value) for name, value in read_weights("tcn", whole / "weights").items()}
    steps = []
    train(dataset, tmp_path, plan(), trunk=trunk, on_progress=lambda progress: steps.append(progress.stage))
    assert not any(stage.startswith("train") for stage in steps)
    solved = read_weights("tcn", tmp_path / "weights")
    for name, value in trunk.items():
        if not name.startswith("leave"):
            assert np.array_equal(solved[name], value.numpy()), name

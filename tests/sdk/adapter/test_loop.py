import subprocess
import sys

import numpy as np
import pytest
import torch

from sdk.adapter.config import FitConfig
from sdk.adapter.gain import mean_movement, measure
from sdk.adapter.loop import Setup, Tensors, _rng, _with_lookahead, run
from sdk.errors import Cancelled, CheckpointError, ConfigError
from sdk.generation import generate
from sdk.losses import TransferTerms
from sdk.progress import CancelToken, Reporter
from tests.sdk.adapter.fit_data import material
from tests.sdk.fakes import TinyGenerator, TinyNet

CPU = torch.device("cpu")
CONFIG = FitConfig(steps=60, learning_rate=3e-3, batch=2, window=120, critic_warmup=3)
SHORT = CONFIG.model_copy(update={"steps": 12, "checkpoint_every": 4})


def setup(*, config, generator=None, net=None, seed=0, report=None):
    return Setup(
        generator=generator or TinyGenerator(),
        net=net or TinyNet(),
        config=config,
        seed=seed,
        device=CPU,
        report=report or Reporter(),
    )


def fit(stuff=None, *, config=CONFIG, seed=0, report=None, **options):
    return run(stuff or material(), setup(config=config, seed=seed, report=report), **options)


def styled(stuff, result):
    generator = TinyGenerator().eval()
    generator.load_state_dict(result.parameters, strict=False)
    return generate(generator, stuff.features, device=CPU)


def same(one, other):
    return all(torch.equal(one.parameters[name], other.parameters[name]) for name in one.parameters)


@pytest.mark.parametrize("critic", ["adversarial", "frozen"])
def test_a_paired_fit_gains_on_frames_that_it_never_saw(critic):
    stuff = material()
    result = fit(stuff, config=CONFIG.model_copy(update={"terms": TransferTerms(critic=critic)}))
    gain = measure(stuff, styled(stuff, result))
    assert gain.share > 0.3
    assert gain.after.opening_r > gain.before.opening_r
    assert gain.after.lmd < gain.before.lmd
    assert (gain.seconds, gain.folds, gain.spread) == (2.0, 1, None)
    assert set(gain.baselines) == {"static mean", "mean shift", "mean and spread", "ridge"}


def test_an_unpaired_fit_changes_the_style_and_keeps_the_timing():
    stuff = material(paired=False)
    result = fit(stuff)
    motion = styled(stuff, result)
    gain = measure(stuff, motion)
    assert gain.share > 0.3
    assert gain.after.opening_r is None
    assert mean_movement(stuff.base, motion) > 0.001


def test_stills_have_no_velocity_to_match():
    stuff = material(paired=False, ordered=False)
    gain = measure(stuff, styled(stuff, fit(stuff)))
    assert gain.share > 0.2
    assert gain.after.speed_ratio is None


def test_the_base_and_f_are_left_as_they_were():
    generator, net = TinyGenerator(), TinyNet()
    before = {k: v.clone() for k, v in {**generator.state_dict(), **net.state_dict()}.items()}
    run(material(), setup(generator=generator, net=net, config=SHORT))
    for name, value in {**generator.state_dict(), **net.state_dict()}.items():
        assert torch.equal(value, before[name]), name


def test_the_same_seed_gives_the_same_bits_and_another_seed_others():
    torch.manual_seed(1)
    first = fit(config=SHORT)
    torch.manual_seed(2)  # the caller's own random state plays no part
    assert same(first, fit(config=SHORT))
    assert not same(first, fit(config=SHORT, seed=1))


def test_a_fit_does_not_touch_the_callers_random_numbers():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    fit(config=SHORT)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize("stop", [1, 5, 8, 11])
def test_a_fit_that_was_stopped_goes_on_to_the_same_bits(tmp_path, stop):
    token, file = CancelToken(), tmp_path / "fit.safetensors"

    def watch(progress):
        if progress.fraction * 12 >= stop:
            token.cancel()

    with pytest.raises(Cancelled):
        fit(config=SHORT, report=Reporter(watch, token), checkpoint=file)
    resumed = fit(config=SHORT, resume=file if file.exists() else None, checkpoint=file)
    whole = fit(config=SHORT)
    assert same(resumed, whole)
    assert resumed.history == whole.history


def test_a_fit_killed_without_warning_resumes_to_the_same_bits(tmp_path):
    """SIGKILL (TerminateProcess on Windows) right after a step, in a process of its own."""
    file = tmp_path / "fit.safetensors"
    code = f"""
import os, signal
from tests.sdk.adapter.test_loop import SHORT, fit
from sdk.progress import Reporter
def watch(progress):
    if progress.fraction * 12 >= 10:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
fit(config=SHORT, report=Reporter(watch), checkpoint={str(file)!r})
"""
    done = subprocess.run([sys.executable, "-c", code], check=False)
    assert done.returncode != 0
    assert file.exists()
    assert same(fit(config=SHORT, resume=file), fit(config=SHORT))


def test_a_checkpoint_of_another_fit_is_refused(tmp_path):
    file = tmp_path / "fit.safetensors"
    fit(config=SHORT, checkpoint=file)
    with pytest.raises(CheckpointError, match="another fit"):
        fit(config=SHORT, seed=1, resume=file)
    with pytest.raises(CheckpointError, match="another fit"):
        fit(material(seed=9), config=SHORT, resume=file)


def test_a_damaged_or_missing_checkpoint_is_an_error(tmp_path):
    file = tmp_path / "fit.safetensors"
    with pytest.raises(CheckpointError, match="no checkpoint"):
        fit(config=SHORT, resume=file)
    fit(config=SHORT, checkpoint=file)
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="cannot be read"):
        fit(config=SHORT, resume=file)


def test_progress_counts_every_step():
    seen = []
    fit(config=SHORT, report=Reporter(seen.append))
    assert [p.fraction for p in seen if p.stage == "fit"] == [k / 12 for k in range(1, 13)]
    assert "loss" in seen[-1].message


def test_a_window_no_longer_than_its_warmup_is_an_error():
    with pytest.raises(ConfigError, match="warm-up"):
        fit(material(frames=59, hidden=0), config=FitConfig(steps=1, window=60, warmup=59))


def test_unknown_or_senseless_settings_are_refused():
    for bad in ({"steps": 0}, {"stepz": 3}, {"learning_rate": float("nan")}, {"terms": {"critic": "none"}}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            FitConfig(**bad)


def test_windows_are_followed_by_what_the_generator_hears_before_it_answers():
    rows = torch.arange(4)[None] + torch.tensor([[0], [5]])
    wanted = [[0, 1, 2, 3, 4, 5, 6], [5, 6, 7, 8, 9, 9, 9]]
    assert _with_lookahead(rows, 3, end=10).tolist() == wanted


def test_features_after_a_window_count():
    within = SHORT.model_copy(update={"noise": 0.0, "window": 60, "batch": 1, "steps": 1, "critic_warmup": 0})
    whole, spoilt = material(frames=150), material(frames=150)
    start = int(Tensors.of(spoilt, CPU).windows(_rng(0, 0, 0), within)[0, 0])
    spoilt.features[start + 60] = 7.0
    assert not same(fit(whole, config=within), fit(spoilt, config=within))


@pytest.mark.parametrize("paired", [True, False])
def test_hidden_frames_teach_nothing(paired):
    whole, spoilt = (material(frames=300, hidden=100, paired=paired) for _ in range(2))
    spoilt.motion.expression.flags.writeable = True
    spoilt.motion.expression[200:] = 5.0
    assert same(fit(whole, config=SHORT), fit(spoilt, config=SHORT))


def test_unseen_frames_teach_nothing():
    stuff = material()
    stuff.valid[100:200] = False
    spoilt = np.array(stuff.motion.expression)
    spoilt[100:200] = 5.0
    object.__setattr__(stuff.motion, "expression", spoilt)
    gain = measure(stuff, styled(stuff, fit(stuff)))
    assert gain.share > 0.2

"""The fit that ships and the fits that measure it, side by side."""

import threading

import numpy as np
import pytest
import torch

from sdk.adapter.config import FitConfig
from sdk.adapter.loop import Setup, run
from sdk.adapter.training import _at_once, train, train_and_measure
from sdk.errors import Cancelled
from sdk.generation import generate
from sdk.geometry import canonical_face, mouth_opening
from sdk.packs import with_parameters
from sdk.progress import CancelToken, Reporter
from tests.sdk.adapter.fit_data import material
from tests.sdk.fakes import TinyGenerator, TinyNet

CPU = torch.device("cpu")
CONFIG = FitConfig(steps=10, learning_rate=3e-3, batch=2, window=120, critic_warmup=2, manner_steps=0)


def setup(*, report=None, **settings):
    config = CONFIG.model_copy(update=settings)
    return Setup(
        generator=TinyGenerator(), net=TinyNet(), config=config, seed=0, device=CPU, report=report or Reporter()
    )


def test_of_what_the_steps_change_the_evidence_says_how_much_is_kept():
    data = material(600, hidden=0)  # ten seconds
    whole = train(data, setup(prior_seconds=0.0), {}).parameters
    half = train(data, setup(prior_seconds=10.0), {}).parameters
    base = dict(TinyGenerator().named_parameters())
    for name, value in whole.items():
        assert torch.allclose(half[name], (base[name] + value) / 2, atol=1e-7), name


def test_further_steps_learn_the_manner_and_hold_the_timing():
    data = material(600, hidden=0, opening=0.3)
    timed, moved = (train(data, setup(manner_steps=count, prior_seconds=90.0), {}) for count in (0, 60))
    assert len(moved.history) == 70
    assert "mg" in moved.history[9]
    assert "timing" in moved.history[10]
    openings = []
    for trained in (timed, moved):
        model = with_parameters(TinyGenerator(), trained.parameters).eval()
        motion = generate(model, data.features, device=CPU)
        openings.append(mouth_opening(canonical_face() + motion.expression))
    real = mouth_opening(canonical_face() + data.motion.expression).std()
    assert abs(openings[1].std() - real) < 0.7 * abs(openings[0].std() - real)
    assert np.corrcoef(*openings)[0, 1] > 0.8


def test_what_ships_has_learned_from_every_frame_and_what_measures_it_has_not():
    data, spoilt = material(600, hidden=0), material(600, hidden=0)
    spoilt.motion.expression.flags.writeable = True
    spoilt.motion.expression[40:60] += 0.5  # the first window that is held out begins at frame 20
    trained, gain = train_and_measure(data, setup(), {})
    same = run(data, setup())
    assert all(torch.equal(value, train(data, setup(), {}).parameters[n]) for n, value in trained.parameters.items())
    assert len(same.history) == len(trained.history) == 10
    assert (gain.folds, gain.seconds) == (3, 6.0)
    assert gain.spread > 0
    other, _ = train_and_measure(spoilt, setup(), {})
    assert not all(torch.equal(other.parameters[n], value) for n, value in trained.parameters.items())


def test_nothing_is_measured_where_nothing_is_held_out():
    assert train_and_measure(material(600, hidden=0), setup(held_out=0.0), {})[1] is None


def test_a_cancelled_fit_stops_its_helpers_too():
    token = CancelToken()

    def watch(progress):
        token.cancel()

    before = threading.active_count()
    with pytest.raises(Cancelled):
        train_and_measure(material(600, hidden=0), setup(report=Reporter(watch, token)), {"cancel": token})
    assert threading.active_count() == before


def test_jobs_keep_their_places_and_the_first_error_is_told():
    assert _at_once([lambda k=k: k * k for k in range(7)], helpers=2) == [k * k for k in range(7)]
    with pytest.raises(ZeroDivisionError):
        _at_once([lambda: 1, lambda: 1 // 0, lambda: 2], helpers=1)

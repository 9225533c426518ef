import numpy as np
import pytest
import torch

from sdk.animation.stages.controls import Scaling
from sdk.animation.synthesis import MotionSynthesizer
from sdk.data import Controls, Motion
from sdk.errors import ConfigError
from sdk.geometry import BROWS, JAW, MOUTH, canonical_face, eye_opening
from tests.sdk.animation import fakes

LIDS = [37, 38, 40, 41, 43, 44, 46, 47]
SOUND = fakes.sound((12, 1))


def moved(*, seed=0, **factors):
    """The motion that a renderer is given."""
    synthesizer = MotionSynthesizer(
        encoder=fakes.Encoder(),
        generator=fakes.Generator().eval(),
        device=torch.device("cpu"),
        controls=Controls(**factors),
        seed=seed,
        fps=60,
    )
    return Motion.concat(synthesizer([SOUND.samples], SOUND.duration))


def blinks(motion):
    lids = eye_opening(canonical_face() + motion.expression)
    shut = lids < 0.2 * lids.max()
    return int((shut[1:] & ~shut[:-1]).sum())


def test_each_control_scales_its_own_part():
    motion = Motion(np.ones((3, 68, 3)), np.ones((3, 6)))
    result = Scaling(Controls(mouth=0.5, brows=2.0, head=0.0)).push(motion)
    assert (result.expression[:, :17] == 0.5).all()
    assert (result.expression[:, 17:27] == 2).all()
    assert (result.expression[:, 27:48] == 1).all()
    assert (result.expression[:, 48:] == 0.5).all()
    assert (result.pose == 0).all()
    assert (motion.expression == 1).all()


def test_no_head_keeps_the_blinks_and_the_mouth():
    plain, still = moved(), moved(head=0)
    assert np.abs(plain.pose).max() > 0.01
    assert np.abs(still.pose).max() == 0
    assert blinks(still) == blinks(plain) >= 2
    np.testing.assert_array_equal(still.expression, plain.expression)


def test_no_blink_keeps_the_head_and_the_mouth():
    plain, staring = moved(), moved(blink=0)
    assert blinks(staring) == 0
    np.testing.assert_array_equal(staring.pose, plain.pose)
    np.testing.assert_array_equal(staring.expression[:, MOUTH], plain.expression[:, MOUTH])


@pytest.mark.parametrize(("name", "parts"), [("mouth", (JAW, MOUTH)), ("brows", (BROWS,))])
def test_none_and_twice_of_a_part_leave_the_others(name, parts):
    plain, none, twice = moved(), moved(**{name: 0}), moved(**{name: 2})
    own = np.zeros(68, bool)
    for part in parts:
        own[part] = True
    assert np.abs(plain.expression[:, own]).max() > 0.01
    assert np.abs(none.expression[:, own]).max() == 0
    np.testing.assert_allclose(twice.expression[:, own], 2 * plain.expression[:, own], atol=1e-6)
    for other in (none, twice):
        np.testing.assert_array_equal(other.expression[:, ~own], plain.expression[:, ~own])
        np.testing.assert_array_equal(other.pose, plain.pose)


def test_a_seed_decides_head_and_lids_and_nothing_else():
    first, again, other = moved(seed=4), moved(seed=4), moved(seed=5)
    np.testing.assert_array_equal(first.expression, again.expression)
    np.testing.assert_array_equal(first.pose, again.pose)
    assert np.abs(first.pose - other.pose).max() > 0.005
    assert np.abs(first.expression[:, LIDS] - other.expression[:, LIDS]).max() > 0.05
    rest = np.delete(np.arange(68), LIDS)
    np.testing.assert_array_equal(first.expression[:, rest], other.expression[:, rest])


@pytest.mark.parametrize("value", [-0.1, 2.1, float("nan")])
@pytest.mark.parametrize("name", ["mouth", "brows", "blink", "head"])
def test_out_of_range(name, value):
    with pytest.raises(ConfigError, match=name):
        Controls(**{name: value})


@pytest.mark.parametrize("size", [1, 7, 60])
def test_other_controls_take_over_evenly_from_wherever_the_last_change_has_come(size):
    scaling, found = Scaling(Controls()), []
    motion = Motion(np.ones((60, 68, 3)), np.ones((60, 6)))
    found.append(scaling.push(motion[:10]))
    scaling.change(Controls(mouth=0.0, head=2.0))
    found.append(scaling.push(motion[:9]))  # half of the way
    scaling.change(Controls(mouth=1.0, head=0.0))
    found += [scaling.push(motion[at : at + size]) for at in range(0, 60, size)]
    whole = Motion.concat(found)
    lips, head = whole.expression[:, 50, 0], whole.pose[:, 0]
    assert (lips[:10] == 1).all()
    assert (lips[18], head[18]) == (0.5, 1.5)
    np.testing.assert_allclose(lips[19:37], 0.5 + 0.5 * (1 + np.arange(18)) / 18, atol=1e-6)
    assert (lips[36:] == 1).all()
    assert (head[36:] == 0).all()

from itertools import pairwise

import numpy as np
import pytest

from sdk.animation.stages.smoother import Smoother
from sdk.data import Motion


def run(motion, cuts=()):
    smoother, edges = Smoother(), [0, *cuts, len(motion)]
    return Motion.concat([*(smoother.push(motion[a:b]) for a, b in pairwise(edges)), smoother.finish()])


def noise(frames, seed=0):
    random = np.random.default_rng(seed)
    return Motion(0.01 * random.standard_normal((frames, 68, 3)), 0.01 * random.standard_normal((frames, 6)))


def test_trembling_goes_and_the_mouth_is_left_alone():
    motion = noise(300)
    steady = run(motion)
    assert np.diff(steady.pose, axis=0).std() < 0.2 * np.diff(motion.pose, axis=0).std()
    upper, lower = slice(17, 48), [*range(17), *range(48, 68)]
    assert np.diff(steady.expression[:, upper], axis=0).std() < 0.2 * np.diff(motion.expression[:, upper], axis=0).std()
    np.testing.assert_array_equal(steady.expression[:, lower], motion.expression[:, lower])


def test_a_nod_keeps_its_time_and_most_of_its_size():
    pose = np.zeros((300, 6), np.float32)
    pose[:, 0] = np.sin(2 * np.pi * 3 * np.arange(300) / 60)
    nod = run(Motion(np.zeros((300, 68, 3)), pose)).pose[:, 0]
    assert nod[20:-20].max() == pytest.approx(0.8, abs=0.05)
    np.testing.assert_allclose(nod[20:-20], nod[20:-20].max() * pose[20:-20, 0], atol=0.02)


def test_what_stands_still_stays():
    motion = Motion(np.full((50, 68, 3), 0.3), np.full((50, 6), 0.2))
    np.testing.assert_allclose(run(motion).pose, motion.pose, atol=1e-6)
    np.testing.assert_allclose(run(motion).expression, motion.expression, atol=1e-6)


@pytest.mark.parametrize("frames", [1, 2, 5, 8, 9, 40])
def test_cuts_change_nothing_and_no_frame_is_lost(frames):
    motion = noise(frames)
    whole = run(motion)
    assert len(whole) == frames
    for size in (1, 3, 7):
        cut = run(motion, range(size, frames, size))
        np.testing.assert_allclose(cut.pose, whole.pose, atol=1e-7)
        np.testing.assert_allclose(cut.expression, whole.expression, atol=1e-7)


def test_nothing_in_nothing_out():
    assert len(Smoother().finish()) == 0
    assert len(Smoother().push(noise(0))) == 0

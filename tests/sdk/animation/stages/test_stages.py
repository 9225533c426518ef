"""Any chain of stages: cuts change nothing, and no frame is lost between them."""

from fractions import Fraction

import numpy as np
import pytest

from sdk.animation.stages import Chain
from sdk.animation.stages.blinks import Blinks
from sdk.animation.stages.controls import Scaling
from sdk.animation.stages.idle import IdleHead
from sdk.animation.stages.resampler import Resampler, frame_count
from sdk.animation.stages.smoother import Smoother
from sdk.data import Controls, Motion

FPS = Fraction(30000, 1001)


def run(motion, size):
    count = frame_count(motion.duration, FPS)
    chain = Chain(Smoother(), Smoother(), Blinks(1), IdleHead(1), Scaling(Controls(mouth=0.5)), Resampler(FPS, count))
    return Motion.concat([*(chain.push(motion[at : at + size]) for at in range(0, len(motion), size)), chain.finish()])


@pytest.mark.parametrize("frames", [1, 3, 20, 200])
def test_cuts_change_nothing_and_no_frame_is_lost(frames):
    random = np.random.default_rng(0)
    motion = Motion(0.01 * random.standard_normal((frames, 68, 3)), 0.01 * random.standard_normal((frames, 6)))
    whole = run(motion, frames)
    assert (whole.rate, len(whole)) == (FPS, frame_count(motion.duration, FPS))
    for size in (1, 7):
        cut = run(motion, size)
        np.testing.assert_allclose(cut.pose, whole.pose, atol=1e-6)
        np.testing.assert_allclose(cut.expression, whole.expression, atol=1e-6)


def test_without_stages_motion_passes():
    motion = Motion(np.ones((3, 68, 3)), np.ones((3, 6)))
    assert Chain().push(motion) is motion
    assert len(Chain().finish()) == 0

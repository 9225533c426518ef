from fractions import Fraction

import numpy as np
import pytest

from sdk.animation.stages.resampler import Resampler, frame_count, frame_rate
from sdk.data import Motion
from sdk.errors import ConfigError


@pytest.mark.parametrize(
    ("fps", "exact"),
    [
        (25, Fraction(25)),
        (25.0, Fraction(25)),
        (29.97, Fraction(30000, 1001)),
        (23.976, Fraction(24000, 1001)),
        ("59.94", Fraction(60000, 1001)),
        ("30000/1001", Fraction(30000, 1001)),
        (Fraction(25, 2), Fraction(25, 2)),
        (12.5, Fraction(25, 2)),
        (np.float64(30), Fraction(30)),
        (1, Fraction(1)),
        ("5", Fraction(5)),
        (2.0, Fraction(2)),
        (120, Fraction(120)),
    ],
)
def test_frame_rates(fps, exact):
    assert frame_rate(fps) == exact


@pytest.mark.parametrize("fps", [0, -25, 121, 0.5, float("nan"), float("inf"), "fast", "1/0", None, True, [25]])
def test_no_frame_rates(fps):
    with pytest.raises(ConfigError, match="frame rate"):
        frame_rate(fps)


@pytest.mark.parametrize("fps", [Fraction(25), Fraction(30000, 1001), Fraction(1), Fraction(120)])
@pytest.mark.parametrize("samples", [800, 16000, 16001, 16319, 16320, 57600001])
def test_the_last_frame_ends_within_half_a_frame_of_the_sound(fps, samples):
    count, sound = frame_count(Fraction(samples, 16000), fps), Fraction(samples, 16000)
    assert count >= 1
    assert count == 1 or abs(count / fps - sound) <= 1 / (2 * fps)


def ramp(frames):
    """Motion whose every number is its own time in seconds."""
    time = np.arange(frames, dtype=np.float64) / 60
    return Motion(np.broadcast_to(time[:, None, None], (frames, 68, 3)), np.broadcast_to(time[:, None], (frames, 6)))


@pytest.mark.parametrize("fps", [Fraction(25), Fraction(30000, 1001), Fraction(60), Fraction(7), Fraction(120)])
@pytest.mark.parametrize("size", [1, 7, 30, 10_000])
def test_frames_stand_at_their_exact_times_however_the_motion_is_cut(fps, size):
    motion = ramp(1000)
    count = frame_count(motion.duration, fps)
    resampler = Resampler(fps, count)
    pieces = [resampler.push(motion[at : at + size]) for at in range(0, 1000, size)]
    pieces.append(resampler.finish())
    pose = np.concatenate([piece.pose for piece in pieces])
    assert len(pose) == count
    assert all(piece.rate == fps for piece in pieces)
    times = np.minimum(np.arange(count) / float(fps), 999 / 60)  # the last frame stands past the end
    np.testing.assert_allclose(pose[:, 0], times, atol=2e-6)


def test_sixty_is_handed_through_at_once():
    resampler = Resampler(Fraction(60), 100)
    assert len(resampler.push(ramp(40))) == 40


def test_little_is_kept():
    resampler = Resampler(Fraction(25), 10**6)
    for _ in range(50):
        resampler.push(ramp(60))
    assert len(resampler._kept) <= 4


def test_one_frame_of_motion_is_enough():
    resampler = Resampler(Fraction(25), 1)
    assert len(resampler.push(ramp(1))) + len(resampler.finish()) == 1

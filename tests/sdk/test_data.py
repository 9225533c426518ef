from fractions import Fraction

import numpy as np
import pytest

from sdk import errors
from sdk.data import Audio, Controls, Landmarks, Motion, Portrait


def test_nan_is_named_with_its_place():
    samples = np.zeros(10)
    samples[4] = np.nan
    with pytest.raises(errors.NotFiniteError, match=r"index \(4,\)"):
        Audio(samples, 16000)


def test_shapes_are_checked_and_named():
    with pytest.raises(errors.InputError, match=r"\[67, 3\], not \[68, 3\]"):
        Landmarks(np.zeros((67, 3)))
    with pytest.raises(errors.InputError, match="do not belong together"):
        Motion(np.zeros((3, 68, 3)), np.zeros((2, 6)))
    with pytest.raises(errors.InputError, match="uint8"):
        Portrait(np.zeros((4, 4, 3)), Landmarks(np.zeros((68, 3))))


def test_time_is_exact():
    assert Audio(np.zeros(16001), 16000).duration == Fraction(16001, 16000)
    assert Motion(np.zeros((61, 68, 3)), np.zeros((61, 6))).duration == Fraction(61, 60)


def test_arrays_are_copies_that_nobody_can_change():
    samples = np.zeros(4, np.float32)
    audio = Audio(samples, 8000)
    samples[0] = 1
    assert audio.samples[0] == 0
    with pytest.raises(ValueError, match="read-only"):
        audio.samples[0] = 1


def test_landmarks_know_their_box_and_width():
    points = np.zeros((68, 3))
    points[0, 0], points[16, 0], points[8, 1] = 10, 110, 90
    landmarks = Landmarks(points)
    assert landmarks.box == (0, 0, 110, 90)
    assert landmarks.width == pytest.approx(np.hypot(110, 90), rel=0.3)


@pytest.mark.parametrize("value", [-0.1, 2.5])
def test_controls_have_a_range(value):
    with pytest.raises(errors.ConfigError, match="head"):
        Controls(head=value)


def test_motion_is_joined_and_its_frames_stand_at_their_times():
    rate = Fraction(30000, 1001)
    whole = Motion(np.random.default_rng(0).normal(size=(40, 68, 3)), np.zeros((40, 6)), rate)
    again = Motion.concat([whole[:7], Motion.empty(rate), whole[7:]])
    assert np.array_equal(again.expression, whole.expression)
    assert (again.rate, len(Motion.empty())) == (rate, 0)
    assert whole.times.dtype == np.float64
    assert [float(Fraction(k) / rate) for k in range(40)] == whole.times.tolist()
    with pytest.raises(errors.InputError, match="rates that differ"):
        Motion.concat([whole, Motion.empty()])
    with pytest.raises(errors.InputError, match="none"):
        Motion.concat([])

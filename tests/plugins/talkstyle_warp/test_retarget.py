from __future__ import annotations

import numpy as np
import pytest

from sdk.geometry import canonical_face
from talkstyle_warp.retarget import RAISE_LIMIT, ROTATION_LIMIT, Retargeter, soft_limit

from .conftest import motion


@pytest.fixture
def retargeter() -> Retargeter:
    return Retargeter.of(canonical_face(), face_width=1.5)


def test_the_canonical_face_takes_lips_and_brows_as_they_are(retargeter):
    moved = motion(opening=0.2).expression
    np.testing.assert_allclose(retargeter.expression(moved), moved, atol=1e-6)


def test_a_small_mouth_widens_less_and_a_short_chin_falls_less():
    narrow, short = canonical_face().copy(), canonical_face().copy()
    narrow[48:68, 0] *= 0.7
    short[8, 1] = short[33, 1] + 0.7 * (short[8, 1] - short[33, 1])
    wide = motion(opening=0.2).expression.copy()
    wide[:, 54, 0] = 0.1
    moved = [Retargeter.of(face, face_width=1.5).expression(wide)[0] for face in (narrow, short)]
    np.testing.assert_allclose([m[54, 0] for m in moved], [0.07, 0.1], atol=1e-3)
    np.testing.assert_allclose([m[66, 1] for m in moved], [0.2, 0.14], atol=1e-3)
    np.testing.assert_allclose([m[8, 1] for m in moved], [0.16, 0.112], atol=1e-3)


def test_bridge_lids_and_eye_corners_are_not_copied(retargeter):
    moved = retargeter.expression(np.ones((1, 68, 3), np.float32))
    assert not moved[0, [*range(27, 31), *range(36, 48)]].any()
    assert moved[0, 17:27].all()


def test_closure_runs_from_open_to_shut(retargeter):
    shut = [retargeter.closure(motion(blink=b).expression)[0, 0] for b in (-0.5, 0.0, 0.02, 0.35, 0.7, 1.5)]
    assert shut[:3] == [0.0, 0.0, 0.0]
    assert 0.4 < shut[3] < 0.7
    assert shut[4:] == [1.0, 1.0]


def test_lips_meet_and_go_no_farther():
    pressed = motion(opening=-0.05).expression
    closed, ajar = canonical_face().copy(), canonical_face().copy()
    closed[[65, 66, 67], 1] += 0.01  # a detector's floor: these lips are closed already
    ajar[[65, 66, 67], 1] += 0.04
    for face, way in ((closed, 0.0), (ajar, -0.04)):
        moved = Retargeter.of(face, face_width=1.5).expression(pressed)[0]
        np.testing.assert_allclose(moved[66, 1] - moved[62, 1], way, atol=2e-3)
        np.testing.assert_allclose(moved[57, 1], -0.05, atol=1e-6)


def test_an_upper_lip_rises_only_so_far_and_the_mouth_opens_all_the_same(retargeter):
    raised = motion(opening=0.1).expression.copy()
    raised[:, [49, 50, 51, 52, 53, 61, 62, 63], 1] -= 0.3
    moved = retargeter.expression(raised)[0]
    assert -RAISE_LIMIT < moved[62, 1] < -0.8 * RAISE_LIMIT
    np.testing.assert_allclose(moved[66, 1] - moved[62, 1], 0.4, atol=1e-6)
    assert moved[8, 1] > raised[0, 8, 1] + 0.1


def uneven(right: float, left: float) -> np.ndarray:
    """A frame whose two eyes close differently."""
    expression = motion(blink=right).expression.copy()
    expression[:, 42:48] = motion(blink=left).expression[:, 42:48]
    return expression


def test_eyes_close_together_unless_they_differ_by_more_than_a_detector_errs(retargeter):
    alike = retargeter.closure(uneven(0.35, 0.2))[0]
    assert alike[0] == alike[1]
    assert 0.0 < alike[0] < 1.0
    np.testing.assert_allclose(retargeter.closure(uneven(0.0, 0.8))[0], (0.0, 1.0))
    half = retargeter.closure(uneven(0.8, 0.4))[0]
    assert half[0] > half[1] > 0.3


def test_the_head_is_limited_softly(retargeter):
    small, large = (retargeter.pose(np.full((1, 6), v, np.float32))[0] for v in (0.01, 9.0))
    np.testing.assert_allclose(small[:5], 0.01, rtol=5e-3)
    assert small[5] == 0.0
    np.testing.assert_allclose(large[:3], ROTATION_LIMIT)
    np.testing.assert_allclose(large[3:5], 0.12 * 1.5)
    assert soft_limit(np.zeros(1), 1.0)[0] == 0.0


def test_a_mouth_that_opens_in_a_wedge_is_rounded_and_one_that_does_not_is_left_alone(retargeter):
    upper, lower = [61, 62, 63], [67, 66, 65]

    def gaps(beside: float, middle: float) -> np.ndarray:
        wedge = motion(opening=middle).expression.copy()
        wedge[:, [65, 67], 1] = beside
        moved = retargeter.expression(wedge)[0, :, 1]
        return moved[lower] - moved[upper]

    np.testing.assert_allclose(gaps(0.14, 0.2), (0.19, 0.2, 0.19), atol=1e-6)
    np.testing.assert_allclose(gaps(0.2, 0.2), (0.2, 0.2, 0.2), atol=1e-6)
    np.testing.assert_allclose(gaps(0.0, 0.03), (0.0, 0.03, 0.0), atol=1e-6)

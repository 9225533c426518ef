import numpy as np
import pytest

from sdk.data import Motion
from sdk.errors import InputError
from sdk.geometry import canonical_face
from sdk.metrics import blinks, head_spread, identity_leak, nearest_style
from tests.sdk.fakes import talking


def motion(**style):
    return Motion(*talking(400, **style))


def test_the_nearest_style_is_by_shape_or_by_dynamics():
    pool = {"smiling": motion(smile=0.05, opening=0.1), "lively": motion(opening=0.25)}
    smiling_and_lively = motion(smile=0.04, opening=0.24, seed=5)
    assert nearest_style(smiling_and_lively, pool, dynamics=True) == "lively"
    calm_and_smiling = motion(smile=0.04, opening=0.12, seed=5)
    assert nearest_style(calm_and_smiling, pool, dynamics=False) == "smiling"
    with pytest.raises(InputError):
        nearest_style(calm_and_smiling, {}, dynamics=True)


def test_a_leak_is_a_share_of_what_the_faces_differ_by():
    round_face = np.array(canonical_face())
    long_face = round_face * [0.9, 1.2, 1.0]
    apart = long_face - round_face
    assert identity_leak(apart, long_face, round_face) == pytest.approx(1)
    assert identity_leak(0.3 * apart, long_face, round_face) == pytest.approx(0.3)
    assert identity_leak(np.zeros((68, 3)), long_face, round_face) == 0
    smile = np.zeros((68, 3))
    smile[48, 0], smile[54, 0] = -0.05, 0.05
    assert abs(identity_leak(smile, long_face, round_face)) < 0.05
    with pytest.raises(InputError):
        identity_leak(smile, round_face, round_face)


def test_blinks_are_counted_and_long_closings_are_not():
    expression = np.zeros((600, 68, 3))
    for start, length in ((60, 9), (200, 9), (400, 90)):
        for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
            gap = canonical_face()[lower, 1] - canonical_face()[upper, 1]
            expression[start : start + length, upper, 1] = 0.8 * gap
    assert blinks(Motion(expression, np.zeros((600, 6)))).tolist() == [60, 200]


def test_the_heads_spread_is_in_degrees():
    pose = np.zeros((600, 6))
    pose[:, 1] = np.radians(5) * np.sin(np.arange(600) * 2 * np.pi / 100)
    assert head_spread(Motion(np.zeros((600, 68, 3)), pose)) == pytest.approx(5 / np.sqrt(2), rel=1e-3)

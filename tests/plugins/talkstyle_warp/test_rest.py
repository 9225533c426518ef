from __future__ import annotations

import numpy as np

from sdk.geometry import canonical_face
from talkstyle_warp.rest import closing, lip_gap

from .conftest import motion


def parted(opening: float) -> np.ndarray:
    return canonical_face() + motion(opening=opening).expression[0]


def test_closed_lips_stay_exactly_where_they_are():
    assert lip_gap(parted(0.02)) == 0.0
    assert not closing(parted(0.02)).any()


def test_parted_lips_meet_and_the_jaw_follows():
    face = parted(0.2)
    moved = face + closing(face)
    np.testing.assert_allclose(moved[[61, 62, 63], 1], moved[[67, 66, 65], 1], atol=1e-6)
    assert moved[8, 1] < face[8, 1] - 0.08
    assert not closing(face)[17:48].any()


def test_rest_as_in_the_portrait_moves_nothing():
    assert not closing(parted(0.2), "portrait").any()

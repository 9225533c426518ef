import numpy as np
import pytest

from sdk.geometry import MIRROR, canonical_face, eye_opening, mouth_opening, mouth_width
from talkstyle_lab.corpus.basis import BASIS_CHANNELS, OPENING, displace


def face(*, seal=0.0, tuck=0.0, asymmetry=0.0, **channels):
    row = np.array([[channels.get(name, 0.0) for name in BASIS_CHANNELS]])
    moved = displace(row, seal=np.array([seal]), tuck=np.array([tuck]), asymmetry=asymmetry)
    return (canonical_face() + moved)[0]


def test_nothing_moves_nothing():
    np.testing.assert_allclose(face(), canonical_face(), atol=1e-7)


@pytest.mark.parametrize("name", BASIS_CHANNELS)
def test_each_channel_is_symmetric(name):
    points = face(**{name: 1.0})
    np.testing.assert_allclose(points[list(MIRROR)] * (-1, 1, 1), points, atol=1e-6)


def test_channels_do_what_they_are_called():
    rest = face()
    assert 0.1 < mouth_opening(face(jaw=1.0)) < 0.25
    assert rest[8, 1] + 0.05 < face(jaw=1.0)[8, 1] < rest[8, 1] + 0.1
    assert mouth_width(face(wide=1.0)) > mouth_width(rest) + 0.1
    assert mouth_width(face(round=1.0)) < mouth_width(rest) - 0.1
    assert face(protrude=1.0)[62, 2] < rest[62, 2] - 0.025
    assert face(smile=1.0)[48, 1] < rest[48, 1] < face(frown=1.0)[48, 1]
    assert face(brow_inner=1.0)[21, 1] < rest[21, 1] - 0.05
    assert eye_opening(face(blink=1.0)) < 0.3 * eye_opening(rest)


@pytest.mark.parametrize("name", OPENING)
def test_openings_are_as_stated(name):
    points = face(**{name: 1.0})
    assert points[66, 1] - points[62, 1] == pytest.approx(OPENING[name], abs=1e-3)


@pytest.mark.parametrize("strength", [0.3, 1.0, 2.0])
@pytest.mark.parametrize("with_lips", [{}, {"raise_upper": 1.0}, {"lower_lower": 1.0}, {"wide": 0.6}, {"round": 0.6}])
def test_lips_part_as_evenly_as_peoples_do(strength, with_lips):
    points = face(jaw=strength, **{name: strength * share for name, share in with_lips.items()})
    gaps = points[[67, 66, 65], 1] - points[[61, 62, 63], 1]
    assert 0.94 < gaps[[0, 2]].mean() / gaps[1] < 0.99


def test_lips_share_an_opening_as_peoples_do():
    moved = face(jaw=1.0, raise_upper=0.3, lower_lower=0.2) - canonical_face()
    gap = moved[66, 1] - moved[62, 1]
    assert 0.25 < -moved[62, 1] / gap < 0.40  # the upper lip's share
    assert 0.20 < moved[8, 1] / gap < 0.45  # the chin's


def test_spread_lips_go_up_at_their_corners():
    moved = face(wide=1.0) - canonical_face()
    assert moved[48, 1] < moved[62, 1] < -0.01


@pytest.mark.parametrize("jaw", [0.0, 0.4, 1.2])
def test_sealed_lips_are_closed_whatever_the_jaw_does(jaw):
    assert mouth_opening(face(jaw=jaw, raise_upper=0.5, lower_lower=0.5, seal=1.0)) < 0.003


def test_the_tucked_lip_goes_up_and_back():
    open_mouth, tucked = face(jaw=0.4), face(jaw=0.4, tuck=1.0)
    assert tucked[66, 1] < open_mouth[66, 1]
    assert tucked[66, 2] > open_mouth[66, 2] + 0.005


def test_inner_lips_never_cross():
    rng = np.random.default_rng(0)
    rows = rng.uniform(0, 1.5, (500, len(BASIS_CHANNELS)))
    moved = displace(rows, seal=rng.random(500), tuck=rng.random(500), asymmetry=0.25)
    points = canonical_face() + moved
    assert (points[:, [67, 66, 65], 1] - points[:, [61, 62, 63], 1]).min() > -1e-6


def test_asymmetry_moves_the_persons_left_more():
    moved = face(smile=1.0, asymmetry=0.3) - canonical_face()
    assert np.linalg.norm(moved[54]) > 1.3 * np.linalg.norm(moved[48])

"""The measures of ``talkstyle bench shapes`` tell wedges from ellipses, and brows that move from brows that do not."""

from __future__ import annotations

import numpy as np
import PIL.Image
import PIL.ImageDraw
import pytest

from sdk.drawing import drawn_face
from sdk.geometry import canonical_face
from talkstyle_lab.bench.openings import (
    GREEN,
    MESH_LIPS,
    brows_way,
    brows_way_in_pictures,
    eye_gap,
    lip_gap_ratio,
    mesh_opening,
    opening,
    plain,
)

SIDE = 256


def mouth(shape, tilt: float = 0.0):
    """A picture of an opening with a profile, and landmarks whose mouth it is."""
    x = np.linspace(-1, 1, 201)
    outline = np.concatenate([np.stack([x, -shape(x)], 1), np.stack([x[::-1], shape(x[::-1])], 1)]) * (60, 20)
    turn = np.array([[np.cos(tilt), np.sin(tilt)], [-np.sin(tilt), np.cos(tilt)]])
    picture = PIL.Image.new("RGB", (SIDE, SIDE), GREEN)
    PIL.ImageDraw.Draw(picture).polygon([tuple(p) for p in outline @ turn + SIDE / 2], fill=(40, 10, 10))
    points = np.zeros((68, 3))
    points[[60, 64], :2] = np.array([(-60, 0), (60, 0)]) @ turn + SIDE / 2
    return np.array(picture), points


@pytest.mark.parametrize("tilt", [0.0, 0.4])
def test_a_wedge_and_an_ellipse_are_told_apart(tilt):
    wedge = opening(*mouth(lambda x: 1 - np.abs(x), tilt))
    ellipse = opening(*mouth(lambda x: np.sqrt(1 - x**2), tilt))
    assert wedge == pytest.approx((0.5, 0.25), abs=0.07)
    assert ellipse == pytest.approx((0.87, 0.66), abs=0.05)


def test_a_shut_mouth_has_no_shape():
    assert opening(np.full((SIDE, SIDE, 3), GREEN, np.uint8), mouth(np.abs)[1]) is None


def test_a_mesh_is_measured_like_a_picture():
    mesh = np.zeros((478, 3))
    place = np.linspace(-1, 1, 11)
    for lip, way in zip(MESH_LIPS, (-1, 1), strict=True):
        mesh[list(lip), 0], mesh[list(lip), 1] = 60 * place, way * 20 * (1 - np.abs(place))
    assert mesh_opening(mesh) == pytest.approx((0.5, 0.25), abs=1e-6)
    mesh[:, 1] = 0.0
    assert mesh_opening(mesh) is None


def test_a_plain_portrait_is_green_but_for_what_its_lips_leave_open():
    expression = np.zeros((68, 3), np.float32)
    expression[[55, 56, 57, 58, 59, 65, 66, 67], 1] = 0.2
    portrait = plain(drawn_face(SIDE, seed=1, expression=expression))
    x, y = portrait.landmarks.points[[62, 66], :2].mean(axis=0).round().astype(int)
    assert (portrait.pixels[y, x] == 0).all()
    assert (portrait.pixels[: SIDE // 2] == GREEN).all()


def test_the_gaps_beside_the_middle_are_compared_with_the_middle():
    face = canonical_face().copy()
    face[:, 2] = 0.0
    face[[65, 66, 67], 1] += np.array([0.08, 0.1, 0.09], np.float32)
    gaps = face[[67, 66, 65], 1] - face[[61, 62, 63], 1]
    assert lip_gap_ratio(face) == pytest.approx((gaps[0] + gaps[2]) / 2 / gaps[1], rel=1e-3)
    assert np.isnan(lip_gap_ratio(np.zeros((2, 68, 3)))).all()


def test_brows_that_sink_are_told_from_a_head_that_moves():
    before = canonical_face() * 100
    turn = np.array([[0.99, 0.14, 0], [-0.14, 0.99, 0], [0, 0, 1]])
    sunk = before.copy()
    sunk[17:27, 1] += 3.0
    np.testing.assert_allclose(brows_way(before, before @ turn + 7), 0.0, atol=1e-4)
    np.testing.assert_allclose(brows_way(before, sunk @ turn + 7), np.tile((0.0, 3.0), (10, 1)), atol=1e-4)
    assert eye_gap(before) == pytest.approx(100 * 0.108, rel=0.05)


def test_pixels_of_brows_that_sink_are_followed():
    portrait = drawn_face(SIDE, seed=1)
    points = portrait.landmarks.points
    still = brows_way_in_pictures(portrait.pixels, portrait.pixels, points)
    sunk = brows_way_in_pictures(portrait.pixels, np.roll(portrait.pixels, 2, axis=0), points)
    assert np.abs(still).max() < 1e-9
    # Along a brow that has no texture a way is not seen, across it is.
    assert sunk[:, 1].mean() == pytest.approx(2.0, abs=0.3)

from __future__ import annotations

import numpy as np
import pytest

from sdk.data import Portrait
from talkstyle_warp.contours import EYES, Contour
from talkstyle_warp.lids import paint_lid

from .conftest import face, motion

SKIN = np.array([210, 160, 130])


@pytest.fixture
def eye() -> tuple[np.ndarray, Contour, np.ndarray]:
    """A white eye in skin: the picture, its contour and all places."""
    y, x = np.mgrid[:120, :160].astype(np.float64)
    inside = ((x - 80) / 50) ** 2 + ((y - 60) / 20) ** 2 < 1
    pixels = np.where(inside[..., None], 255, SKIN).astype(np.uint8)
    points = np.zeros((68, 2))
    around = np.deg2rad([180, 240, 300, 0, 60, 120])
    points[36:42] = np.array([80, 60]) + np.stack([50 * np.cos(around), 20 * np.sin(around)], axis=1)
    return pixels, Contour.through(points, EYES[0], closed=False), np.stack([x, y], axis=-1)


def test_skin_covers_the_eye_and_nothing_else(eye):
    pixels, contour, places = eye
    painted = paint_lid(pixels, contour, places)
    cover = painted[..., 3]
    assert cover[60, 80] == 1.0
    assert cover[60, 50] == 1.0
    assert cover[30].max() == cover[90].max() == cover[:, 20].max() == 0.0
    # Skin, in a shadow where the lids meet, and never the white.
    np.testing.assert_allclose(painted[50, 80, :3], SKIN, atol=2)
    assert 0.5 * SKIN.sum() < painted[60:90, 80, :3].sum(axis=-1).min() < 0.8 * SKIN.sum()
    assert (painted[..., :3][cover > 0.5] <= SKIN + 1).all()


def test_alpha_next_to_the_eye_is_kept(eye):
    pixels, contour, places = eye
    cut = np.concatenate([pixels, np.full((*pixels.shape[:2], 1), 200, np.uint8)], axis=-1)
    painted = paint_lid(cut, contour, places)
    assert painted.shape[-1] == 5
    np.testing.assert_allclose(painted[..., 3], 200)


def test_a_shut_eye_shows_no_white_even_where_landmarks_lie_inside_it(renderer):
    source = face(512)
    points = source.landmarks.points.copy()
    for lids in (slice(36, 42), slice(42, 48)):
        middle = points[lids].mean(axis=0)
        points[lids] = middle + 0.75 * (points[lids] - middle)
    # Grey, so that no rim is told apart by its colour.
    grey = np.repeat(source.pixels.mean(axis=-1, keepdims=True).astype(np.uint8), 3, axis=-1)
    portrait = Portrait(grey, type(source.landmarks)(points))
    frames = renderer.render(renderer.prepare(portrait), [motion(blink=b) for b in (0.0, 0.9)])
    whites = []
    for frame in frames:
        eyes = [points[36:42, :2], points[42:48, :2]]
        boxes = [(e.min(0).astype(int), e.max(0).astype(int) + 1) for e in eyes]
        light = [frame[a[1] : b[1], a[0] : b[0]].min(axis=-1) for a, b in boxes]
        whites.append(sum(int((v > 190).sum()) for v in light))
    assert whites[0] > 20
    assert whites[1] < 0.15 * whites[0]

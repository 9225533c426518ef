from __future__ import annotations

import numpy as np
import pytest

from talkstyle_warp.contours import EYES, Contour
from talkstyle_warp.lid_fields import BROW_THICKNESS, lid_weights

from .conftest import face

UNIT = 100.0


@pytest.fixture
def points() -> np.ndarray:
    landmarks = face(256).landmarks.points.astype(np.float64)[:, :2]
    return landmarks * UNIT / np.linalg.norm(landmarks[45] - landmarks[36])


@pytest.fixture
def eye(points) -> Contour:
    return Contour.through(points, EYES[0], closed=False)


def follow(eye, points, places, *, side: int = 0, rim=None) -> np.ndarray:
    """How much places follow a lid of which all places move alike."""
    along = eye.places(side, 7)[1]
    return lid_weights(eye, side, places, along=along, unit=UNIT, brow=points[17:22], rim=rim, outer=-1).sum(axis=1)


def test_the_edge_of_a_lid_and_all_that_it_covers_goes_with_it(eye, points):
    x = np.linspace(-0.7, 0.7, 9) * eye.half
    for below in (0.0, 0.5 * eye.opening, 2 * eye.opening):
        places = eye.to_pixels(x, eye.edge(0, x) + below)
        np.testing.assert_allclose(follow(eye, points, places), 1.0, atol=0.08)


def test_nothing_of_a_brow_moves(eye, points):
    down = np.linspace(-0.1, BROW_THICKNESS, 8)[:, None, None] * UNIT
    brow = (points[17:22] + down * eye.axes[1]).reshape(-1, 2)
    np.testing.assert_allclose(follow(eye, points, brow), 0.0, atol=1e-9)
    between = (points[19] + eye.to_pixels(np.zeros(1), eye.edge(0, np.zeros(1)))) / 2
    assert 0.0 < follow(eye, points, between) < 1.0


def test_nothing_moves_beyond_the_inner_corner_nor_far_past_the_outer_one(eye, points):
    places = eye.to_pixels(np.array([1.0, 1.2, 2.0, -1.5, -2.0]) * eye.half, np.full(5, -1.0))
    np.testing.assert_allclose(follow(eye, points, places), 0.0, atol=1e-9)
    hangs = follow(eye, points, eye.to_pixels(np.array([-eye.half]), np.array([-1.0])))
    assert 0.1 < hangs < 0.9


def test_a_rim_is_at_rest(eye, points):
    x = np.linspace(-1.1, 1.1, 41) * eye.half
    rim = eye.to_pixels(x, eye.edge(0, x) - 0.6 * eye.opening)
    middle = np.abs(x) < 0.8 * eye.half
    assert follow(eye, points, rim[middle]).min() > 0.2
    np.testing.assert_allclose(follow(eye, points, rim[middle], rim=rim), 0.0, atol=1e-9)
    # One that crosses the eye cannot be held.
    crossing = eye.to_pixels(x, eye.edge(0, x) - 0.1 * eye.opening)
    assert follow(eye, points, crossing[middle], rim=crossing).min() > 0.2

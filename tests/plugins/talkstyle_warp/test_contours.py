from __future__ import annotations

import numpy as np

from sdk.geometry import canonical_face
from talkstyle_warp.contours import EYES, MOUTH, Contour

from .conftest import face

GRID = np.stack(np.meshgrid(np.linspace(-60, 60, 61), np.linspace(40, 120, 41)), axis=-1)


def canonical(opening: float = 0.0) -> np.ndarray:
    points = 100 * canonical_face().astype(float)
    points[65:68, 1] += 100 * opening
    return points


def test_shut_lips_share_every_place_between_them():
    up, low = Contour.through(canonical(0.02), MOUTH, closed=True).mattes(GRID, 3.0)
    np.testing.assert_allclose(up + low, 1.0, atol=1e-9)
    assert up[0].min() == 1.0
    assert low[-1].min() == 1.0


def test_open_lips_leave_the_opening_to_neither():
    up, low = Contour.through(canonical(0.2), MOUTH, closed=False).mattes(np.array([[0.0, 90.0]]), 3.0)
    assert up[0] == 0.0
    assert low[0] == 0.0


def test_a_seam_passes_through_its_landmarks_however_the_head_is_tilted():
    turn = np.array([[0.8, -0.6], [0.6, 0.8]])
    points = canonical(0.2)[:, :2] @ turn.T
    contour = Contour.through(points, MOUTH, closed=False)
    for side in (0, 1):
        local = contour.coordinates(points[list(MOUTH[side])])
        np.testing.assert_allclose(contour.edge(side, local[:, 0]), local[:, 1], atol=1e-9)


def test_places_on_a_lid_lie_between_the_corners():
    points = face().landmarks.points.astype(float)
    contour = Contour.through(points, EYES[0], closed=False)
    places, along = contour.places(0, 7)
    assert places.shape == (7, 2)
    assert (np.abs(along) < contour.half).all()
    assert (contour.beyond(places, 5.0) == 0.0).all()


def test_lips_part_as_people_do_and_by_what_their_landmarks_say():
    contour = Contour.through(canonical(), MOUTH, closed=True)
    np.testing.assert_allclose(contour.parting(1, contour.knots[1]), np.eye(5), atol=1e-9)
    fall = np.array([0.0, 1.0, 1.0, 1.0, 0.0])
    beside = (contour.knots[1][0] + contour.knots[1][1]) / 2
    straight, round_ = (float(weights(1, np.array(beside)) @ fall) for weights in (contour.weights, contour.parting))
    assert straight + 0.05 < round_ < 1.0


def test_the_opening_of_parted_lips_is_no_wedge():
    contour = Contour.through(canonical(0.2), MOUTH, closed=False)
    places = np.array([0.0, 0.5, 0.75, 1.0]) * contour.half
    gap = contour.edge(1, places) - contour.edge(0, places)
    assert 0.83 < gap[1] / gap[0] < 0.95
    assert 0.51 < gap[2] / gap[0] < 0.7
    assert abs(gap[3]) < 1e-3

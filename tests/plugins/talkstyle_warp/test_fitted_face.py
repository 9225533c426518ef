from __future__ import annotations

import numpy as np
import pytest

from sdk.data import Landmarks
from sdk.geometry import canonical_face, rotation_matrix
from talkstyle_warp.fitted_face import MAX_SLOPE, fit_face


def seen(yaw: float = 0.0) -> np.ndarray:
    """The canonical face as a camera sees it, 100 pixels to a unit."""
    turn = rotation_matrix(np.array([0.0, np.deg2rad(yaw), 0.0]))
    return (canonical_face() @ turn.T * 100.0 + 300.0).astype(np.float32)


def test_a_detectors_depth_is_not_believed():
    points = seen()
    leaning = points.copy()
    leaning[:, 2] += 0.4 * leaning[:, 1]
    np.testing.assert_allclose(fit_face(Landmarks(leaning)).shape, fit_face(Landmarks(points)).shape, atol=1e-6)


@pytest.mark.parametrize("yaw", [0.0, 25.0])
def test_no_side_is_steeper_than_a_turn_allows(yaw):
    face = fit_face(Landmarks(seen(yaw)))
    relief = face.to_pixels(face.relief)
    away = np.linalg.norm(relief[:, None, :2] - relief[None, :, :2], axis=-1)
    gained = relief[:, None, 2] - relief[None, :, 2]
    assert (gained <= MAX_SLOPE * away + 1e-6).all()
    np.testing.assert_allclose(face.to_pixels(face.shape)[:, :2], seen(yaw)[:, :2], atol=1e-3)
    # What lies near the middle keeps the template's depth.
    np.testing.assert_allclose(face.shape[30, 2] - face.shape[27, 2], -0.235, atol=0.05)

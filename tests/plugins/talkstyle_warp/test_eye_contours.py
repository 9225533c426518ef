from __future__ import annotations

import numpy as np
import pytest

from sdk.drawing import drawn_face
from talkstyle_warp.contours import EYES, Contour
from talkstyle_warp.eye_contours import refine_eye_contour


def openings(contour: Contour) -> float:
    return float(contour.edge(1, np.zeros(1))[0] - contour.edge(0, np.zeros(1))[0])


@pytest.mark.parametrize("seed", [0, 1, 2, 3])
@pytest.mark.parametrize("eye", [0, 1])
def test_an_eye_whose_landmarks_lie_on_its_rim_stays(seed, eye):
    portrait = drawn_face(512, seed=seed)
    contour = Contour.through(portrait.landmarks.points, EYES[eye], closed=False)
    assert openings(refine_eye_contour(portrait.pixels, contour)) == pytest.approx(openings(contour))


def test_landmarks_inside_an_eye_are_brought_to_its_rim():
    side = 200
    y, x = np.mgrid[:side, :side].astype(np.float64)
    skin, white = np.array([210, 160, 130]), np.array([230, 230, 235])
    eye = ((x - 100) / 60) ** 2 + ((y - 100) / 30) ** 2 < 1
    pixels = np.where(eye[..., None], white, skin).astype(np.uint8)
    points = np.zeros((68, 2))
    around = np.deg2rad([180, 225, 315, 0, 45, 135])
    points[36:42] = 100 + 0.85 * np.stack([60 * np.cos(around), 30 * np.sin(around)], axis=1)
    contour = Contour.through(points, EYES[0], closed=False)
    found = refine_eye_contour(pixels, contour)
    assert openings(found) > openings(contour) + 4
    assert openings(found) < 66
    assert found.half == pytest.approx(60, abs=2.5)
    assert found.origin == pytest.approx([100, 100], abs=1.5)
    # Skin as blue as the eye tells nothing.
    assert refine_eye_contour(np.full((side, side, 3), 128, np.uint8), contour) is contour

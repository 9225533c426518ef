from __future__ import annotations

from fractions import Fraction
from functools import cache

import numpy as np
import pytest
import torch

from sdk.data import Landmarks, Motion, Portrait
from sdk.drawing import drawn_face
from talkstyle_warp.inversion import jacobian
from talkstyle_warp.renderer import WarpRenderer


def motion(
    frames: int = 1, *, opening: float = 0.0, blink: float = 0.0, pose: tuple[float, ...] = (0.0,) * 6
) -> Motion:
    """Frames that all show the same: a jaw's drop and lids' closure in the face frame, and a pose."""
    expression = np.zeros((frames, 68, 3), np.float32)
    for point, share in {5: 0.4, 6: 0.7, 7: 0.9, 8: 1, 9: 0.9, 10: 0.7, 11: 0.4}.items():
        expression[:, point, 1] = 0.8 * share * opening
    for point in (55, 56, 57, 58, 59, 65, 66, 67):
        expression[:, point, 1] = opening
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        expression[:, upper, 1] = 0.09 * blink
        expression[:, lower, 1] = -0.01 * blink
    return Motion(expression, np.tile(np.array(pose, np.float32), (frames, 1)), Fraction(25))


def crop(portrait: Portrait, left: int, top: int, width: int, height: int) -> Portrait:
    """A part of a portrait, with the landmarks moved along."""
    rows, columns = slice(top, top + height), slice(left, left + width)
    points = portrait.landmarks.points - np.array([left, top, 0], np.float32)
    alpha = None if portrait.alpha is None else portrait.alpha[rows, columns].copy()
    return Portrait(portrait.pixels[rows, columns].copy(), Landmarks(points, depth=portrait.landmarks.depth), alpha)


@cache
def face(size: int = 256, opening: float = 0.0, alpha: bool = False) -> Portrait:
    return drawn_face(size, seed=1, alpha=alpha, expression=motion(opening=opening).expression[0])


def determinant(field: torch.Tensor) -> torch.Tensor:
    """The Jacobian determinant ``[B, H, W]`` of a field's map: positive where nothing folds."""
    j = jacobian(field)
    return j[:, 0] * j[:, 3] - j[:, 1] * j[:, 2]


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def renderer() -> WarpRenderer:
    return WarpRenderer("cpu")

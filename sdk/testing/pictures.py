"""Drawn portraits of any height and width, for the checks of detectors and renderers."""

from __future__ import annotations

from functools import cache

import numpy as np

from sdk.data import Landmarks, Portrait
from sdk.drawing import drawn_face


@cache
def portrait(height: int, width: int, *, alpha: bool = False) -> Portrait:
    """A drawn face in the middle of a picture, as large as fits, its backdrop carried on to the edges."""
    size = min(height, width)
    drawing = drawn_face(size, alpha=alpha)
    top, left = (height - size) // 2, (width - size) // 2
    margins = ((top, height - size - top), (left, width - size - left))
    pixels = np.pad(drawing.pixels, (*margins, (0, 0)), mode="edge")
    points = drawing.landmarks.points + np.array([left, top, 0], np.float32)
    mask = None if drawing.alpha is None else np.pad(drawing.alpha, margins, mode="edge")
    return Portrait(pixels, Landmarks(points), mask)

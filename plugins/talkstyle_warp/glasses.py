"""Finds the rims of glasses, so that a lid that shuts behind them leaves them where they are.

A rim is a thin line around an eye that is darker or lighter than the skin on both sides of it. Brows, lashes and folds
are such lines too; a line across the bridge of the nose between the eyes, and another below an eye, only glasses have.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import Floats, Image
from talkstyle_warp.curves import Doubles

STEP: Final = 0.006  # of an outer-eye distance, between samples across a rim
HALF: Final = 8  # samples to either side that a rim is compared with: rims of up to half the window's width are found
# Contrast with the skin that the weakest fifth of a line has. Thirteen clips of people, four portraits and six drawn
# faces: at most 0.05 on the bridge and 0.23 below an eye without glasses, at least 0.58 and 0.35 with them.
MIN_BRIDGE: Final = 0.2
MIN_BELOW: Final = 0.15
ABOVE, BELOW = np.radians([205, 335]), np.radians([40, 140])  # from x to y, which goes down
RAYS: Final = 41
EYES: Final = (slice(36, 42), slice(42, 48))


def find_rims(picture: Image, points: Floats) -> tuple[Doubles, Doubles] | None:
    """Places on the rims, the right eye's and the left one's, each with the bridge, ``[n, 2]`` pixels; None without.

    ``points`` are landmarks ``[68, 2 or 3]``, pixels.
    """
    grey = picture[..., :3].mean(axis=2)
    points = np.asarray(points, dtype=np.float64)[:, :2]
    unit = float(np.linalg.norm(points[45] - points[36]))
    right = (points[45] - points[36]) / unit
    down = np.array([-right[1], right[0]])
    columns = np.linspace(-0.07, 0.07, 25) * unit
    rows = np.arange(-0.22, 0.2, STEP) * unit
    middle = (points[39] + points[42]) / 2
    contrast, bridge = _line(grey, middle + columns[:, None, None] * right + rows[None, :, None] * down)
    if contrast < MIN_BRIDGE:
        return None
    found = []
    for eye in EYES:
        centre, half = points[eye].mean(axis=0), float(np.linalg.norm(points[eye][3] - points[eye][0])) / 2
        away = np.arange(0.8 * half, 0.55 * unit, STEP * unit)
        lines = []
        for first, last in (ABOVE, BELOW):
            angles = np.linspace(first, last, RAYS)[:, None]
            rays = np.cos(angles) * right + np.sin(angles) * down
            lines.append(_line(grey, centre + rays[:, None] * away[None, :, None]))
        found.append(lines)
    if max(below for _, (below, _) in found) < MIN_BELOW:
        return None
    first, second = (np.concatenate([bridge, *(places for _, places in lines)]) for lines in found)
    return first, second


def _line(grey: Doubles, places: Doubles) -> tuple[float, Doubles]:
    """The line of most contrast across rows of places ``[n, m, 2]``: its contrast, and one place of each row."""
    values = _bilinear(grey, places)
    padded = np.pad(values, ((0, 0), (HALF, HALF)), mode="edge")
    around = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * HALF + 1, axis=1), axis=2)
    contrast = (values - around) / np.maximum(around, 20.0)
    best, chosen = -1.0, np.zeros(len(values), np.int64)
    for sign in (1, -1):
        strength = np.clip(sign * contrast, 0.0, 0.6)
        line = _smooth_path(strength)
        weakest = float(np.quantile(strength[np.arange(len(line)), line], 0.2))
        if weakest > best:
            best, chosen = weakest, line
    return best, places[np.arange(len(chosen)), chosen]


def _smooth_path(strength: Doubles) -> NDArray[np.int64]:
    """One column for each row, at most one apart from row to row, of the greatest sum (dynamic programming)."""
    total, steps = strength[0], []
    for row in strength[1:]:
        sides = np.pad(total, 1, constant_values=-np.inf)
        candidates = np.stack([sides[:-2], total, sides[2:]])
        steps.append(candidates.argmax(axis=0) - 1)
        total = row + candidates.max(axis=0)
    path = [int(total.argmax())]
    for step in reversed(steps):
        path.append(path[-1] + int(step[path[-1]]))
    return np.array(path[::-1])


def _bilinear(grey: Doubles, places: Doubles) -> Doubles:
    height, width = grey.shape
    x, y = np.clip(places[..., 0], 0, width - 1.001), np.clip(places[..., 1], 0, height - 1.001)
    i, j = x.astype(np.int64), y.astype(np.int64)
    fx, fy = x - i, y - j
    top = grey[j, i] * (1 - fx) + grey[j, i + 1] * fx
    return np.asarray(top * (1 - fy) + (grey[j + 1, i] * (1 - fx) + grey[j + 1, i + 1] * fx) * fy)

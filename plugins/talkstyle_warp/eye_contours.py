"""Refines eye contours from the picture: detectors place landmarks inside large, drawn or painted eyes."""

from __future__ import annotations

from typing import Final

import numpy as np

from sdk.data import Image
from talkstyle_warp.contours import Contour
from talkstyle_warp.curves import Doubles

COLUMNS: Final = 15  # places along an eye at which its edges are searched for
STEPS: Final = 24  # steps of a search from an edge outwards
MAX_DISTANCE: Final = 0.33  # how far out an edge is searched for, in openings of the eye
MIN_DISTANCE: Final = 0.06  # edges nearer than this, in openings, count as where the landmarks are
MIN_PIXELS: Final = 1.5  # the same in pixels, the blur of an edge
# How much more share of blue the white of an eye must have than the skin for the two to be told apart.
BLUE_THRESHOLD: Final = 0.025
PERCENTILE: Final = 70.0  # percentile over the columns, so that a glint or a lash does not decide


def refine_eye_contour(pixels: Image, contour: Contour) -> Contour:
    """Widen an eye's contour, given by its landmarks, to the eye's edge in the picture; unchanged if they agree.

    The white of the eye and the iris have a larger share of blue than the skin around them in any light, and lashes,
    which move with the lid, are dark. The edge is where the share of blue falls below the middle between eye and skin.
    """
    along = np.linspace(-0.9, 0.9, COLUMNS) * contour.half
    top, bottom = contour.edge(0, along), contour.edge(1, along)
    opening = float(np.max(bottom - top))
    if opening < 4.0:
        return contour
    steps = np.linspace(0.0, 1.0, STEPS)[:, None]
    blue, light = _blue_and_light(pixels, contour, along, top + steps * (bottom - top))
    skin_blue, skin_light = (
        np.median(v) for v in _blue_and_light(pixels, contour, along, bottom + (0.6 + 0.4 * steps) * opening)
    )
    white = float(np.median(blue[light >= np.quantile(light, 0.6)]))
    if white - skin_blue < BLUE_THRESHOLD:
        return contour

    def reach(x: Doubles, y: Doubles, way: tuple[float, float]) -> float:
        """How far the eye extends in a direction from places ``x`` along and ``y`` across, pixels."""
        out = MAX_DISTANCE * opening * steps
        shares, lights = _blue_and_light(pixels, contour, x + way[0] * out, y + way[1] * out)
        eye = (shares > (white + skin_blue) / 2) & (lights > 0.3 * skin_light)
        # Up to the first break; without any break there is no edge but pale skin.
        depth = np.cumprod(eye, axis=0).sum(axis=0) / STEPS * MAX_DISTANCE
        depth[eye.all(axis=0)] = 0.0
        found = float(np.percentile(depth, PERCENTILE)) * opening
        return found if found >= max(MIN_DISTANCE * opening, MIN_PIXELS) else 0.0

    heights = np.linspace(-0.15, 0.15, 7) * opening
    ends = np.full(len(heights), contour.half)
    beyond = (
        reach(along, top, (0.0, -1.0)),
        reach(along, bottom, (0.0, 1.0)),
        reach(-ends, heights, (-1.0, 0.0)),
        reach(ends, heights, (1.0, 0.0)),
    )
    return contour.widened(*beyond) if any(beyond) else contour


def _blue_and_light(pixels: Image, contour: Contour, along: Doubles, across: Doubles) -> tuple[Doubles, Doubles]:
    """Share of blue, and brightness, at places along and across a contour."""
    colours = contour.colours(pixels, along, across)
    light = colours.sum(axis=-1)
    return colours[..., 2] / np.maximum(light, 1.0), light

"""Where the eyes really end in the picture: detectors lay landmarks inside large, drawn or painted eyes."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import Image
from talkstyle_warp.contours import Contour

COLUMNS: Final = 15
"""Places along an eye at which its edges are looked for."""

DEPTHS: Final = 24
"""Steps from an edge outwards."""

FARTHEST: Final = 0.33
"""How far out an edge is looked for, in openings of the eye."""

LEAST: Final = 0.06
"""Below this, in openings, landmarks lie on the rim as they should."""

BLUR: Final = 1.5
"""The same in pixels: what an edge's own softness makes of it."""

DISTINCT: Final = 0.025
"""Share of blue by which the white of an eye differs from the skin at least, or nothing can be told apart."""

USUAL: Final = 70.0
"""Percentile of the columns that counts: a glint or a lash decides nothing."""


def refine_eye_contour(pixels: Image, contour: Contour) -> Contour:
    """Widen an eye's contour to where the eye really ends; untouched where its landmarks lie on the rim.

    The white of the eye and the iris have more blue in them than the skin around, whatever the light; lashes, which
    go with the lid, are dark. An edge lies where the share of blue falls below the middle between the two.

    Args:
        pixels: The portrait.
        contour: The eye, as its landmarks have it.
    """
    along = np.linspace(-0.9, 0.9, COLUMNS) * contour.half
    top, bottom = contour.edge(0, along), contour.edge(1, along)
    opening = float(np.max(bottom - top))
    if opening < 4.0:
        return contour
    steps = np.linspace(0.0, 1.0, DEPTHS)[:, None]
    blue, light = _look(pixels, contour, along, top + steps * (bottom - top))
    skin_blue, skin_light = (
        np.median(v) for v in _look(pixels, contour, along, bottom + (0.6 + 0.4 * steps) * opening)
    )
    white = float(np.median(blue[light >= np.quantile(light, 0.6)]))
    if white - skin_blue < DISTINCT:
        return contour

    def reach(x: NDArray[np.float64], y: NDArray[np.float64], way: tuple[float, float]) -> float:
        """How far the eye goes on from places along ``x`` and across ``y`` in a direction, pixels."""
        out = FARTHEST * opening * steps
        shares, lights = _look(pixels, contour, x + way[0] * out, y + way[1] * out)
        eye = (shares > (white + skin_blue) / 2) & (lights > 0.3 * skin_light)
        # As far as it goes on without a break; where it goes on to the end there is no edge but pale skin.
        depth = np.cumprod(eye, axis=0).sum(axis=0) / DEPTHS * FARTHEST
        depth[eye.all(axis=0)] = 0.0
        found = float(np.percentile(depth, USUAL)) * opening
        return found if found >= max(LEAST * opening, BLUR) else 0.0

    heights = np.linspace(-0.15, 0.15, 7) * opening
    ends = np.full(len(heights), contour.half)
    beyond = (
        reach(along, top, (0.0, -1.0)),
        reach(along, bottom, (0.0, 1.0)),
        reach(-ends, heights, (-1.0, 0.0)),
        reach(ends, heights, (1.0, 0.0)),
    )
    return contour.widened(*beyond) if any(beyond) else contour


def _look(
    pixels: Image, contour: Contour, along: NDArray[np.float64], across: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of blue, and brightness, at places along and across a contour."""
    local = np.stack(np.broadcast_arrays(along, across), axis=-1)
    places = np.rint(contour.origin + local @ contour.axes).astype(int)
    x = np.clip(places[..., 0], 0, pixels.shape[1] - 1)
    y = np.clip(places[..., 1], 0, pixels.shape[0] - 1)
    colours = pixels[y, x].astype(np.float64)
    light = colours.sum(axis=-1)
    return colours[..., 2] / np.maximum(light, 1.0), light

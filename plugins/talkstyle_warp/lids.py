"""Skin that covers what closed lids leave open, and the dark line in which they meet."""

from __future__ import annotations

from typing import Final

import numpy as np

from sdk.data import Floats, Image
from talkstyle_warp.contours import Contour
from talkstyle_warp.curves import Doubles, smoothstep

COVER_CLOSURE: Final = 0.75  # closure from which skin begins to cover an eye
# Eye openings above and below the eye at which skin is free of lashes and of the lid's edge.
SKIN_DISTANCE: Final = 0.35
LINE_DARKENING: Final = 0.35  # how much darker the line is in which the lids meet
SKIN_SAMPLES: Final = 24  # places along an eye at which the skin's colour is sampled


def paint_lid(picture: Image, contour: Contour, places: Floats) -> Doubles:
    """Paint skin over an eye: a gradient from the skin above the upper lid to the skin below the lower one.

    At places ``[h, w, 2]`` (pixels) of a portrait ``[H, W, C]``. Returns colours, 0 to 255, and opacity, 0 to 1, soft
    around the eye, ``[h, w, C + 1]``.
    """
    x, y = np.moveaxis(contour.coordinates(places), -1, 0)
    top, bottom = contour.edge(0, x), contour.edge(1, x)
    opening = contour.opening
    columns = np.linspace(-contour.half, contour.half, SKIN_SAMPLES)
    above, below = (
        _skin(picture, contour, columns, contour.edge(side, columns) + way * SKIN_DISTANCE * opening)
        for side, way in ((0, -1), (1, 1))
    )
    share = np.clip((y - top) / np.maximum(bottom - top, 1e-6), 0.0, 1.0)[..., None]
    colours = (1 - share) * _along(x, columns, above) + share * _along(x, columns, below)
    # The lids meet where the lower one rests.
    soft = max(0.08 * opening, 1.0)
    line = np.exp(-(((y - bottom) / soft) ** 2)) * (1 - smoothstep(np.abs(x) / contour.half, 0.85, 1.05))
    colours[..., :3] *= 1 - LINE_DARKENING * line[..., None]
    inside = np.minimum(y - top, bottom - y) + soft
    cover = smoothstep(inside, 0.0, soft) * (1 - smoothstep(np.abs(x) / contour.half, 1.0, 1.12))
    return np.concatenate([colours, cover[..., None]], axis=-1)


def _skin(picture: Image, contour: Contour, along: Floats, across: Floats) -> Doubles:
    """Colours along a line next to the eye, ``[n, C]``, smoothed along it."""
    found = contour.colours(picture, along, across)
    ends = np.pad(found, ((2, 2), (0, 0)), mode="edge")
    return np.asarray(np.mean([ends[k : k + len(found)] for k in range(5)], axis=0))


def _along(x: Doubles, columns: Floats, colours: Doubles) -> Doubles:
    """Interpolate colours ``[n, C]`` from ``columns`` to ``x``."""
    return np.stack([np.interp(x, columns, colours[:, c]) for c in range(colours.shape[1])], axis=-1)

"""What a shut eye shows where its lids leave a gap: skin, and the shadow in which they meet."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import Floats
from talkstyle_warp.contours import Contour
from talkstyle_warp.curves import smoothstep

CLOSING: Final = 0.75
"""Closure from which an eye begins to be covered: before, what lies between the lids is the eye."""

CLEAR: Final = 0.35
"""Openings above and below the eye at which skin is free of lashes and of the lid's rim."""

DARK: Final = 0.35
"""How much darker the line is in which the lids meet."""

COLUMNS: Final = 24
"""Places along an eye at which its skin is looked at."""


def paint_lid(picture: NDArray[np.uint8], contour: Contour, places: Floats) -> NDArray[np.float64]:
    """Paint skin over an eye, from the upper lid's above to the lower lid's below.

    Args:
        picture: The portrait, ``[H, W, C]``.
        contour: The eye.
        places: Where to paint, ``[h, w, 2]``, pixels.

    Returns:
        ``[h, w, C + 1]``: colours, 0 to 255, and the cover, 0 to 1, soft around the eye.
    """
    local = contour.coordinates(places)
    x, y = local[..., 0], local[..., 1]
    top, bottom = contour.edge(0, x), contour.edge(1, x)
    opening = float(np.max(contour.edge(1, contour.knots[0]) - contour.edge(0, contour.knots[0])))
    columns = np.linspace(-contour.half, contour.half, COLUMNS)
    above, below = (
        _skin(picture, contour, columns, contour.edge(side, columns) + way * CLEAR * opening)
        for side, way in ((0, -1), (1, 1))
    )
    share = np.clip((y - top) / np.maximum(bottom - top, 1e-6), 0.0, 1.0)[..., None]
    colours = (1 - share) * _along(x, columns, above) + share * _along(x, columns, below)
    # The lids meet where the lower one rests.
    line = np.exp(-(((y - bottom) / max(0.08 * opening, 1.0)) ** 2)) * (
        1 - smoothstep(np.abs(x) / contour.half, 0.85, 1.05)
    )
    colours[..., :3] *= 1 - DARK * line[..., None]
    soft = max(0.08 * opening, 1.0)
    inside = np.minimum(y - top, bottom - y) + soft
    cover = smoothstep(inside, 0.0, soft) * (1 - smoothstep(np.abs(x) / contour.half, 1.0, 1.12))
    return np.concatenate([colours, cover[..., None]], axis=-1)


def _skin(picture: NDArray[np.uint8], contour: Contour, along: Floats, across: Floats) -> NDArray[np.float64]:
    """Colours along a line beside the eye, ``[n, C]``, smoothed along it."""
    height, width = picture.shape[:2]
    spots = np.rint(contour.origin + np.stack([along, across], axis=-1) @ contour.axes).astype(int)
    found = picture[np.clip(spots[:, 1], 0, height - 1), np.clip(spots[:, 0], 0, width - 1)].astype(np.float64)
    ends = np.pad(found, ((2, 2), (0, 0)), mode="edge")
    return np.asarray(np.mean([ends[k : k + len(found)] for k in range(5)], axis=0))


def _along(x: NDArray[np.float64], columns: Floats, colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """Colours ``[n, C]`` at ``columns``, between them at ``x``."""
    return np.stack([np.interp(x, columns, colours[:, c]) for c in range(colours.shape[1])], axis=-1)

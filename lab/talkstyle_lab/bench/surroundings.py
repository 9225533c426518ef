"""How much the surroundings of a moving head change: a background should not."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import Floats, Image

RING_RADII: Final = (1.7, 2.1)
"""In radii of the head's outline: hardly any hair lies there, and a warp still drags the background along."""


def around(size: tuple[int, int], points: Floats) -> NDArray[np.bool_]:
    """The pixels of a ring around a head, above its chin.

    The outline is an ellipse: as wide as the jaw's ends are apart, from the chin to as far above the brows as three
    fifths of what lies between the two.

    ``size`` is the picture's height and width, ``points`` are landmarks ``[68, 2 or 3]`` in pixels. The result,
    ``[H, W]``, is empty where a picture is cut that tightly.
    """
    flat = np.asarray(points, dtype=np.float64)[:, :2]
    along = (flat[16] - flat[0]) / np.linalg.norm(flat[16] - flat[0])
    axes = np.array([along, (-along[1], along[0])])
    local = flat @ axes.T
    chin, brows = local[8, 1], local[17:27, 1].min()
    top = brows - 0.6 * (chin - brows)
    middle = np.array([(local[0, 0] + local[16, 0]) / 2, (top + chin) / 2])
    radii = np.array([(local[16, 0] - local[0, 0]) / 2, (chin - top) / 2])
    y, x = np.mgrid[: size[0], : size[1]]
    place = np.stack([x, y], axis=-1) @ axes.T
    radius = np.linalg.norm((place - middle) / radii, axis=-1)
    return np.asarray((radius > RING_RADII[0]) & (radius < RING_RADII[1]) & (place[..., 1] < chin))


def change(portrait: Image, frame: Image, mask: NDArray[np.bool_]) -> float:
    """The mean change of a mask's pixels, in the channel that changes most, levels of 255; 0 where there are none."""
    if not mask.any():
        return 0.0
    return float(np.abs(frame[mask].astype(np.int16) - portrait[mask]).max(axis=-1).mean())

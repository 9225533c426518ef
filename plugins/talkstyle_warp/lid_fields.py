"""How skin follows a lid: with it at its edge, not at all at the brow, at a spectacle's rim, or past the eye's corners.

Kernels, which interpolate between points at rest, would let brows sink and thicken between those points.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sdk.data import Floats
from talkstyle_warp.contours import Contour
from talkstyle_warp.curves import Doubles, smoothstep, spline_weights

# Outer-eye distances from the brow's landmarks, which lie at its upper edge, down to its lower edge; but at most the
# share below of the way to the lid.
BROW_THICKNESS: Final = 0.075
BROW_SHARE: Final = 0.5
# Share of that way in which the skin goes with the lid, so that lashes and their shadow keep their shape.
WITH_LID: Final = 0.35
MAX_STRETCH: Final = 1.6  # the skin's mean stretch beyond which its lead becomes shorter
CHEEK: Final = 0.2  # outer-eye distances below the eye at which the skin is at rest
RIM_THICKNESS: Final = 0.02  # half of a rim's, with what it reflects, outer-eye distances
# Half widths of the eye from the last place on a lid to where the skin beside the outer corner is at rest.
CORNER: Final = 0.5
SMOOTH: Final = 3  # places to either side over which a rim is smoothed
NEAR_RIM: Final = 0.2  # eye openings: a rim that is nearer than that to a lid is not held


def lid_weights(
    contour: Contour,
    side: int,
    nodes: Floats,
    along: Floats,
    unit: float,
    brow: Floats,
    rim: Floats | None,
    *,
    outer: int,
) -> Doubles:
    """How much nodes follow each of the places on a lid (0 upper, 1 lower), ``[N, n]``; constant past its edge.

    Args:
        contour: The eye's.
        side: The lid.
        nodes: ``[N, 2]``, pixels.
        along: Where on the lid the places are, ``[n]``, pixels along the contour.
        unit: Pixels in an outer-eye distance.
        brow: The brow's landmarks, ``[5, 2]``, pixels.
        rim: Places on the spectacle's rim around the eye, ``[m, 2]``, pixels; None without.
        outer: -1 if the eye's outer corner is the first along the contour, 1 if it is the last.
    """
    x, y = contour.coordinates(nodes).T
    away = (1 - 2 * side) * (contour.edge(side, x) - y)
    reach = _reach(contour, side, x, unit, brow)
    if rim is not None:
        reach = np.minimum(reach, _before_rim(contour, side, x, unit, rim))
    # Skin past the outer corner hangs on the lid: its nearest place leads it. The inner corner is at rest.
    end = CORNER * contour.half
    out, rest = (along[0] - end, contour.half) if outer < 0 else (-contour.half, along[-1] + end)
    follows = spline_weights(np.concatenate([[out], along, [rest]]), x)[:, 1:-1]
    # Where the way is short, none of it is at the skin's disposal: what is stretched too far cannot be inverted.
    opening = np.maximum(contour.edge(1, x) - contour.edge(0, x), 0.0)
    lead = np.clip(1.0 - opening / (MAX_STRETCH * reach), 0.0, WITH_LID)
    return follows * (1.0 - smoothstep(away, lead * reach, reach))[:, None]


def _reach(contour: Contour, side: int, x: Doubles, unit: float, brow: Floats) -> Doubles:
    """How far the skin beside a lid moves at positions along it, pixels."""
    if side == 1:
        return np.full(len(x), CHEEK * unit)
    along, across = contour.coordinates(brow).T
    order = np.argsort(along)
    to_brow = contour.edge(0, x) - np.interp(x, along[order], across[order])
    return np.asarray(np.maximum(to_brow - np.minimum(BROW_THICKNESS * unit, BROW_SHARE * to_brow), 1.0))


def _before_rim(contour: Contour, side: int, x: Doubles, unit: float, rim: Floats) -> Doubles:
    """How far it is from a lid to the rim, pixels; without end where there is none beside the lid."""
    along, across = contour.coordinates(rim).T
    away = (1 - 2 * side) * (contour.edge(side, along) - across)
    clear = (away > NEAR_RIM * contour.opening) & (np.abs(along) < 1.2 * contour.half)
    if not clear.any():
        return np.full(len(x), np.inf)
    order = np.argsort(along[clear])
    ways = np.pad(away[clear][order] - RIM_THICKNESS * unit, SMOOTH, mode="edge")
    # The line that was found goes to and fro by a pixel.
    ways = np.lib.stride_tricks.sliding_window_view(ways, 2 * SMOOTH + 1).mean(axis=-1)
    return np.asarray(np.maximum(np.interp(x, along[clear][order], ways), 1.0))

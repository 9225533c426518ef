"""CPBD: how sharp a picture looks, without another to compare it with.

After Narvekar and Karam, "A No-Reference Image Blur Metric Based on the Cumulative Probability of Blur Detection"
(IEEE Transactions on Image Processing 20(9), 2011): an edge of width w is seen as blurred with the probability
1 - exp(-(w / limit)^3.6), and the figure is the share of edges with a probability of at most 63 %, that of a width just
at the limit. So each edge's width is held against the limit, whatever the exponent. Edges are found by Sobel's operator
alone; telling blocks that have edges from blocks that have none, which is Canny's part there, the same edges do.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import Image

BLOCK_PIXELS: Final = 64
"""The side of a block, about what the eye's fovea takes in at once."""
MIN_EDGE_SHARE: Final = 0.002
"""The share of a block's pixels that must be edges for the block to count."""
LOW_CONTRAST: Final = 50
"""Grey levels between a block's darkest and brightest pixel up to which its contrast is low."""
JUST_NOTICED_PIXELS: Final = (5.0, 3.0)
"""Edge widths at which blur is just noticed: in blocks of low contrast, and of high."""


def cpbd(image: Image) -> float:
    """The share of a picture's edges that look sharp, from 0 (blurred, or nothing in it) to 1.

    Args:
        image: uint8 ``[H, W, 3]`` or ``[H, W]``.
    """
    grey = _grey(image)
    across = _sobel(grey)
    down = _sobel(grey.T).T
    edges = _thinned(across, down)
    widths = _widths(grey, across)
    sharp = count = 0
    for top in range(0, grey.shape[0], BLOCK_PIXELS):
        for left in range(0, grey.shape[1], BLOCK_PIXELS):
            part = np.s_[top : top + BLOCK_PIXELS, left : left + BLOCK_PIXELS]
            found = widths[part][edges[part]]
            if len(found) <= MIN_EDGE_SHARE * grey[part].size:
                continue
            limit = JUST_NOTICED_PIXELS[0] if np.ptp(grey[part]) <= LOW_CONTRAST else JUST_NOTICED_PIXELS[1]
            sharp += int((found <= limit).sum())
            count += len(found)
    return sharp / count if count else 0.0


def _grey(image: Image) -> NDArray[np.float64]:
    """Luma (ITU-R BT.601), float64 ``[H, W]``."""
    pixels = np.asarray(image, dtype=np.float64)
    return pixels if pixels.ndim == 2 else np.asarray(pixels[..., :3] @ (0.299, 0.587, 0.114))


def _sobel(grey: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sobel's gradient across, the borders left at zero."""
    step = grey[:, 2:] - grey[:, :-2]
    gradient = np.zeros_like(grey)
    gradient[1:-1, 1:-1] = (step[:-2] + 2 * step[1:-1] + step[2:]) / 8
    return gradient


def _thinned(across: NDArray[np.float64], down: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Upright edges: strong for this picture, steeper across than down, and the steepest among their neighbours."""
    power = across**2 + down**2
    size = np.abs(across)
    edges = np.zeros(size.shape, dtype=bool)
    steepest = (size[:, 1:-1] > size[:, :-2]) & (size[:, 1:-1] >= size[:, 2:])
    edges[:, 1:-1] = steepest & (size[:, 1:-1] > np.abs(down[:, 1:-1]))
    return np.asarray(edges & (power > 4 * power.mean()))


def _widths(grey: NDArray[np.float64], across: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each pixel the distance, along its row, between the extrema on both sides (Marziliano et al., 2002)."""
    left_up, left_down = _runs(grey)
    right_up, right_down = (run[:, ::-1] for run in _runs(grey[:, ::-1]))
    # Where it brightens to the right, the dark end lies to the left and the bright one to the right.
    return np.where(across > 0, left_down + right_up, left_up + right_down)


def _runs(grey: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """For each pixel how many steps to its left only brighten, and how many only darken."""
    brighten, darken = np.zeros_like(grey), np.zeros_like(grey)
    for column in range(1, grey.shape[1]):
        step = grey[:, column - 1] - grey[:, column]
        brighten[:, column] = np.where(step > 0, brighten[:, column - 1] + 1, 0)
        darken[:, column] = np.where(step < 0, darken[:, column - 1] + 1, 0)
    return brighten, darken

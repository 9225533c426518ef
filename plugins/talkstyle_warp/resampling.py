"""The CPU's resampler: from the nodes' places straight to pixels, in whole numbers.

torch makes a map of every pixel's place, samples in floating point and rounds: three passes over large arrays. Here a
pixel's three colours lie in one 64-bit word, so that each of its four neighbours costs one load and one product, and
the place goes on from pixel to pixel by an addition. It is compiled by Numba at its first use, and agrees with torch's
within one level of 255.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["pack", "resample"]

logger = logging.getLogger(__name__)

LANE: Final = 21
"""Bits that each colour has in a word: 8 of its own and 13 for the weights, which sum to 2 ** 13."""

_SIGNATURE: Final = (
    "void(uint64[:,::1], float32[:,:,::1], int64, uint8[:,:,::1], int64, int64, int64, int64, int64, int64)"
)


def pack(picture: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Lay up to three channels of a picture ``[H, W, C]`` into words ``[H, W]``."""
    words = np.zeros(picture.shape[:2], np.uint64)
    for channel in range(picture.shape[2]):
        words |= picture[..., channel].astype(np.uint64) << np.uint64(LANE * channel)
    return words


def resample(
    words: NDArray[np.uint64],
    places: NDArray[np.float32],
    step: int,
    out: NDArray[np.uint8],
    *,
    corner: tuple[int, int],
    channel: int = 0,
) -> None:
    """Resample a window's colours bilinearly into a picture; places outside take the nearest edge.

    Where all four nodes around lie exactly where they were, the picture is left as it is.

    Args:
        words: The window's pixels, ``[h, w]``.
        places: Where nodes come from, pixels of the window (x, y), ``[2, rows, columns]``.
        step: Pixels between nodes.
        out: The picture, ``[H, W, C]``, which holds the same window unmoved.
        corner: Its row and column at which the window begins.
        channel: The first channel that the words hold; three of them, or as many as follow.
    """
    count = min(3, out.shape[2] - channel)
    _compiled()(words, places, step, out, *corner, words.shape[0], words.shape[1], channel, count)


@cache
def _compiled() -> Callable[..., None]:
    from numba import njit

    options: dict[str, Any] = {"nogil": True, "boundscheck": False}
    try:
        made = njit(_SIGNATURE, cache=True, **options)(_resample)
    except RuntimeError as error:  # nowhere to keep what was compiled
        logger.debug("the resampler is compiled anew: %s", error)
        made = njit(_SIGNATURE, **options)(_resample)
    return made


_F, _I, _U = np.float32, np.int64, np.uint64
_ONE = 1 << 20  # a pixel in fixed point
_ROUND = (1 << 12) | (1 << 33) | (1 << 54)


def _resample(
    words: Any,
    places: Any,
    step: Any,
    out: Any,
    top: Any,
    left: Any,
    height: Any,
    width: Any,
    channel: Any,
    count: Any,
) -> None:
    """``resample``, in the types of ``_SIGNATURE``."""
    flat, line = words.reshape(-1), out.reshape(-1)
    rows, columns = places.shape[1], places.shape[2]
    pitch, channels = out.shape[1], out.shape[2]
    share, limit_x, limit_y = _F(1.0) / _F(step), _F(width - 1), _F(height - 1)
    for row in range(height):
        i = row // step
        below = min(i + 1, rows - 1)
        part = _F(row - i * step) * share
        for j in range(columns - 1):
            first = j * step
            pixels = step if j < columns - 2 else width - first  # the last column of nodes is the last cell's
            x00, x01, x10, x11 = places[0, i, j], places[0, i, j + 1], places[0, below, j], places[0, below, j + 1]
            y00, y01, y10, y11 = places[1, i, j], places[1, i, j + 1], places[1, below, j], places[1, below, j + 1]
            if (
                x00 == _F(first)
                and x10 == _F(first)
                and x01 == _F(first + step)
                and x11 == _F(first + step)
                and y00 == _F(i * step)
                and y01 == _F(i * step)
                and y10 == _F(below * step)
                and y11 == _F(below * step)
            ):
                continue
            x0, x1 = x00 + part * (x10 - x00), x01 + part * (x11 - x01)
            y0, y1 = y00 + part * (y10 - y00), y01 + part * (y11 - y01)
            x, y = _I(x0 * _F(_ONE)), _I(y0 * _F(_ONE))
            dx, dy = _I((x1 - x0) * share * _F(_ONE)), _I((y1 - y0) * share * _F(_ONE))
            # Each compared by itself, so that what is no number counts as outside.
            inside = x0 >= _F(0) and x1 >= _F(0) and y0 >= _F(0) and y1 >= _F(0)
            inside = inside and x0 < limit_x and x1 < limit_x and y0 < limit_y and y1 < limit_y
            at_out = ((top + row) * pitch + left + first) * channels + channel
            for k in range(pixels):
                if inside:
                    xi, yi, wx, wy = x >> _I(20), y >> _I(20), (x >> _I(7)) & _I(8191), (y >> _I(7)) & _I(8191)
                    right, down = _I(1), width
                else:
                    cx = min(max(x, _I(0)), _I(width - 1) << _I(20))
                    cy = min(max(y, _I(0)), _I(height - 1) << _I(20))
                    xi, yi, wx, wy = cx >> _I(20), cy >> _I(20), (cx >> _I(7)) & _I(8191), (cy >> _I(7)) & _I(8191)
                    right = _I(1) if xi < width - 1 else _I(0)
                    down = width if yi < height - 1 else _I(0)
                at = yi * width + xi
                both = (wx * wy) >> _I(13)
                word = (
                    flat[_U(at)] * _U(_I(8192) - wx - wy + both)
                    + flat[_U(at + right)] * _U(wx - both)
                    + flat[_U(at + down)] * _U(wy - both)
                    + flat[_U(at + down + right)] * _U(both)
                    + _U(_ROUND)
                )
                target = _U(at_out + k * channels)
                line[target] = np.uint8(word >> _U(13))
                if count > 1:
                    line[target + _U(1)] = np.uint8(word >> _U(34))
                    line[target + _U(2)] = np.uint8(word >> _U(55))
                x += dx
                y += dy

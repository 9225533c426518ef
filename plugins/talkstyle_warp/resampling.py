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

__all__ = ["layers", "pack", "resample", "resample_over"]

logger = logging.getLogger(__name__)

LANE: Final = 21
"""Bits that each colour has in a word: 8 of its own and 13 for the weights, which sum to 2 ** 13."""

_SIGNATURE: Final = (
    "void(uint64[:,::1], float32[:,:,::1], int64, uint8[:,:,::1], int64, int64, int64, int64, int64, int64)"
)

_SIGNATURE_OVER: Final = (
    "void(uint64[:,::1], float32[:,:,::1], int64, uint8[:,:,::1], int32[:,::1], uint8[:,:,::1], int64, int64)"
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


def layers(picture: NDArray[np.uint8], matte: NDArray[np.float32], plate: NDArray[np.float32]) -> NDArray[np.uint64]:
    """Lay what is before a plate into words ``[H, W]``: its colours times the matte, and the matte, 16 bits each.

    Args:
        picture: ``[H, W, 3]``.
        matte: ``[H, W]``, 0 to 1.
        plate: What is behind, ``[H, W, 3]``, 0 to 255.
    """
    share = np.rint(255.0 * matte)
    front = np.clip(np.rint(picture - (1.0 - share[..., None] / 255.0) * np.rint(plate)), 0, 255)
    words = share.astype(np.uint64) << np.uint64(48)
    for channel in range(3):
        words |= front[..., channel].astype(np.uint64) << np.uint64(16 * channel)
    return np.asarray(words)


def resample_over(
    words: NDArray[np.uint64],
    places: NDArray[np.float32],
    step: int,
    plate: NDArray[np.uint8],
    covered: NDArray[np.int32],
    out: NDArray[np.uint8],
    *,
    corner: tuple[int, int],
) -> None:
    """``resample`` for what is before a plate that stays; cells without anything before it are left as they are.

    Args:
        words: From ``layers``, ``[h, w]``.
        places: As for ``resample``.
        step: As for ``resample``.
        plate: ``[h, w, 3]``.
        covered: How many pixels above and left of each corner have a matte over zero, ``[h + 1, w + 1]``.
        out: As for ``resample``, of three channels.
        corner: As for ``resample``.
    """
    _compiled_over()(words, places, step, plate, covered, out, *corner)


@cache
def _compiled() -> Callable[..., None]:
    return _compile(_SIGNATURE, _resample)


@cache
def _compiled_over() -> Callable[..., None]:
    return _compile(_SIGNATURE_OVER, _resample_over)


def _compile(signature: str, function: Callable[..., None]) -> Callable[..., None]:
    from numba import njit

    options: dict[str, Any] = {"nogil": True, "boundscheck": False}
    try:
        made: Callable[..., None] = njit(signature, cache=True, **options)(function)
    except RuntimeError as error:  # nowhere to keep what was compiled
        logger.debug("the resampler is compiled anew: %s", error)
        made = njit(signature, **options)(function)
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


def _resample_over(words: Any, places: Any, step: Any, plate: Any, covered: Any, out: Any, top: Any, left: Any) -> None:
    """``resample_over``, in the types of ``_SIGNATURE_OVER``."""
    height, width = words.shape
    flat, behind, line = words.reshape(-1), plate.reshape(-1), out.reshape(-1)
    rows, columns = places.shape[1], places.shape[2]
    pitch = out.shape[1]
    share, limit_x, limit_y = _F(1.0) / _F(step), _F(width - 1), _F(height - 1)
    for i in range(rows):
        below = min(i + 1, rows - 1)
        first_row, last_row = i * step, min(i * step + step, height)
        if first_row >= height:
            break
        for j in range(columns - 1):
            first = j * step
            end = first + step if j < columns - 2 else width
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
            inside = x00 >= _F(0) and x01 >= _F(0) and x10 >= _F(0) and x11 >= _F(0)
            inside = inside and y00 >= _F(0) and y01 >= _F(0) and y10 >= _F(0) and y11 >= _F(0)
            inside = inside and x00 < limit_x and x01 < limit_x and x10 < limit_x and x11 < limit_x
            inside = inside and y00 < limit_y and y01 < limit_y and y10 < limit_y and y11 < limit_y
            if inside:
                # Nothing is before the plate here, and nothing comes here.
                low_x, high_x = _I(min(min(x00, x01), min(x10, x11))), _I(max(max(x00, x01), max(x10, x11))) + _I(2)
                low_y, high_y = _I(min(min(y00, y01), min(y10, y11))), _I(max(max(y00, y01), max(y10, y11))) + _I(2)
                low_x, high_x = min(low_x, _I(first)), max(high_x, _I(end))
                low_y, high_y = min(low_y, _I(first_row)), max(high_y, _I(last_row))
                if (
                    covered[high_y, high_x] - covered[low_y, high_x] - covered[high_y, low_x] + covered[low_y, low_x]
                    == 0
                ):
                    continue
            for row in range(first_row, last_row):
                part = _F(row - first_row) * share
                x0, x1 = x00 + part * (x10 - x00), x01 + part * (x11 - x01)
                y0, y1 = y00 + part * (y10 - y00), y01 + part * (y11 - y01)
                x, y = _I(x0 * _F(_ONE)), _I(y0 * _F(_ONE))
                dx, dy = _I((x1 - x0) * share * _F(_ONE)), _I((y1 - y0) * share * _F(_ONE))
                at_out, at_plate = ((top + row) * pitch + left) * 3, row * width * 3
                for column in range(first, end):
                    if inside:
                        xi, yi, wx, wy = x >> _I(20), y >> _I(20), (x >> _I(12)) & _I(255), (y >> _I(12)) & _I(255)
                        right, down = _I(1), width
                    else:
                        cx = min(max(x, _I(0)), _I(width - 1) << _I(20))
                        cy = min(max(y, _I(0)), _I(height - 1) << _I(20))
                        xi, yi, wx, wy = cx >> _I(20), cy >> _I(20), (cx >> _I(12)) & _I(255), (cy >> _I(12)) & _I(255)
                        right = _I(1) if xi < width - 1 else _I(0)
                        down = width if yi < height - 1 else _I(0)
                    at = yi * width + xi
                    both = (wx * wy) >> _I(8)
                    word = (
                        flat[_U(at)] * _U(_I(256) - wx - wy + both)
                        + flat[_U(at + right)] * _U(wx - both)
                        + flat[_U(at + down)] * _U(wy - both)
                        + flat[_U(at + down + right)] * _U(both)
                    )
                    gap = _U(65280) - (word >> _U(48))
                    target, source = _U(at_out + column * 3), _U(at_plate + column * 3)
                    rest = (gap * _U(257)) >> _U(8)  # 65280 is 255 parts of 256, and this one of 2 ** 16
                    for channel in range(3):
                        front = (word >> _U(16 * channel)) & _U(65535)
                        shown = (front << _U(8)) + rest * _U(behind[source + _U(channel)]) + _U(1 << 15)
                        line[target + _U(channel)] = np.uint8(min(shown >> _U(16), _U(255)))
                    x += dx
                    y += dy

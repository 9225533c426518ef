"""The CPU's resampler: from node positions straight to pixels, in integer arithmetic, compiled by Numba.

torch makes a map of every pixel's source, samples in floating point and rounds: three passes over large arrays. Here a
pixel's three colours share one 64-bit word, so that each of its four neighbours costs one load and one product, and
the source position advances from pixel to pixel by an addition. The result agrees with torch's within one level of 255.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Final

import numpy as np
from numba import njit
from numba.extending import register_jitable
from numpy.typing import NDArray

from sdk.data import FloatArray, Image
from sdk.places import give_numba_a_cache

LANE: Final = 21  # bits of a word for each colour: 8 of its own and 13 for the weights, which sum to 2 ** 13

_SIGNATURE: Final = (
    "void(uint64[:,::1], float32[:,:,::1], int64, uint8[:,:,::1], uint8[:,:,::1], int32[:,::1], int64, int64, int64)"
)


def pack(channels: NDArray[Any], bits: int = LANE) -> NDArray[np.uint64]:
    """Pack channels ``[H, W, C]`` into words ``[H, W]``, so many bits each."""
    words = np.zeros(channels.shape[:2], np.uint64)
    for channel in range(channels.shape[2]):
        words |= channels[..., channel].astype(np.uint64) << np.uint64(bits * channel)
    return words


def pack_layers(picture: Image, matte: FloatArray, plate: FloatArray) -> NDArray[np.uint64]:
    """Pack what is in front of a plate into words ``[H, W]``: its colours times the matte, and the matte, 16 bits each.

    Args:
        picture: ``[H, W, 3]``.
        matte: ``[H, W]``, 0 to 1.
        plate: What is behind, ``[H, W, 3]``, 0 to 255.
    """
    share = np.rint(255.0 * matte)
    front = np.clip(np.rint(picture - (1.0 - share[..., None] / 255.0) * np.rint(plate)), 0, 255)
    return pack(np.concatenate([front, share[..., None]], axis=-1), 16)


def resample(
    words: NDArray[np.uint64],
    places: FloatArray,
    step: int,
    out: Image,
    *,
    corner: tuple[int, int],
    channel: int = 0,
    plate: Image | None = None,
    covered: NDArray[np.int32] | None = None,
) -> None:
    """Resample a window's colours bilinearly into a picture; places outside take the nearest edge.

    Cells whose four nodes have not moved are left as they are; so are cells with nothing in front of the plate.

    Args:
        words: The window's pixels, ``[h, w]``, from ``pack``; from ``pack_layers`` with a plate.
        places: Where nodes come from, pixels of the window (x, y), ``[2, rows, columns]``.
        step: Pixels between nodes.
        out: The picture, ``[H, W, C]``, which holds the same window unmoved.
        corner: Row and column of the window's first pixel in the picture.
        channel: The first channel in ``words``, which hold three of them, or what remains.
        plate: What stays behind the layers, ``[h, w, 3]``.
        covered: How many pixels above and left of each corner have a matte over zero, ``[h + 1, w + 1]``.
    """
    if plate is None or covered is None:
        plate, covered = np.zeros((0, 0, 0), np.uint8), np.zeros((0, 0), np.int32)
    _compiled()(words, places, step, out, plate, covered, *corner, channel)


@cache
def _compiled() -> Callable[..., None]:
    give_numba_a_cache("talkstyle_warp")
    made: Callable[..., None] = njit(_SIGNATURE, cache=True, nogil=True, boundscheck=False)(_resample)
    return made


_F, _I, _U = np.float32, np.int64, np.uint64
_ONE = 1 << 20  # a pixel in fixed point
_ROUND = (1 << 12) | (1 << 33) | (1 << 54)


@register_jitable
def _unmoved(places: Any, i: Any, below: Any, j: Any, step: Any) -> Any:
    """Whether a cell's four nodes come from exactly where they are."""
    left, right, top, bottom = _F(j * step), _F((j + 1) * step), _F(i * step), _F(below * step)
    return (
        (places[0, i, j] == left and places[0, below, j] == left)
        and (places[0, i, j + 1] == right and places[0, below, j + 1] == right)
        and (places[1, i, j] == top and places[1, i, j + 1] == top)
        and (places[1, below, j] == bottom and places[1, below, j + 1] == bottom)
    )


@register_jitable
def _bounds(places: Any, axis: Any, i: Any, below: Any, j: Any, limit: Any) -> Any:
    """The least and the greatest place of a cell's nodes along an axis, and whether all lie inside the picture."""
    a, b, c, d = places[axis, i, j], places[axis, i, j + 1], places[axis, below, j], places[axis, below, j + 1]
    # Each is compared by itself, so that NaN counts as outside.
    inside = a >= _F(0) and b >= _F(0) and c >= _F(0) and d >= _F(0)
    inside = inside and a < limit and b < limit and c < limit and d < limit
    return min(min(a, b), min(c, d)), max(max(a, b), max(c, d)), inside


@register_jitable
def _start(places: Any, axis: Any, i: Any, below: Any, j: Any, part: Any, share: Any) -> Any:
    """Where a row of a cell's pixels begins along an axis, and the way from pixel to pixel, in fixed point."""
    first = places[axis, i, j] + part * (places[axis, below, j] - places[axis, i, j])
    last = places[axis, i, j + 1] + part * (places[axis, below, j + 1] - places[axis, i, j + 1])
    return _I(first * _F(_ONE)), _I((last - first) * share * _F(_ONE))


@register_jitable
def _between(flat: Any, x: Any, y: Any, height: Any, width: Any, inside: Any, bits: Any) -> Any:
    """The word between four pixels, with weights that sum to ``2 ** bits``."""
    right, down = _I(1), width
    if not inside:
        x = min(max(x, _I(0)), _I(width - 1) << _I(20))
        y = min(max(y, _I(0)), _I(height - 1) << _I(20))
        right = _I(1) if x >> _I(20) < width - 1 else _I(0)
        down = width if y >> _I(20) < height - 1 else _I(0)
    one = _I(1) << bits
    wx, wy = (x >> (_I(20) - bits)) & (one - _I(1)), (y >> (_I(20) - bits)) & (one - _I(1))
    at = (y >> _I(20)) * width + (x >> _I(20))
    both = (wx * wy) >> bits
    return (
        flat[_U(at)] * _U(one - wx - wy + both)
        + flat[_U(at + right)] * _U(wx - both)
        + flat[_U(at + down)] * _U(wy - both)
        + flat[_U(at + down + right)] * _U(both)
    )


def _resample(
    words: Any, places: Any, step: Any, out: Any, plate: Any, covered: Any, top: Any, left: Any, channel: Any
) -> None:
    """``resample``, in the types of ``_SIGNATURE``; without a plate the arrays for it are empty."""
    height, width = words.shape
    over = covered.size > 0
    flat, behind, line = words.reshape(-1), plate.reshape(-1), out.reshape(-1)
    rows, columns = places.shape[1], places.shape[2]
    pitch, channels = out.shape[1], out.shape[2]
    three = channels - channel >= 3
    share = _F(1.0) / _F(step)
    for i in range((height + step - 1) // step):
        below, first_row = min(i + 1, rows - 1), i * step
        last_row = min(first_row + step, height)
        for j in range(columns - 1):
            if _unmoved(places, i, below, j, step):
                continue
            first = j * step
            end = first + step if j < columns - 2 else width  # the last column of nodes is the last cell's
            low_x, high_x, inside_x = _bounds(places, 0, i, below, j, _F(width - 1))
            low_y, high_y, inside_y = _bounds(places, 1, i, below, j, _F(height - 1))
            inside = inside_x and inside_y
            if over and inside:
                x0, x1 = min(_I(low_x), _I(first)), max(_I(high_x) + _I(2), _I(end))
                y0, y1 = min(_I(low_y), _I(first_row)), max(_I(high_y) + _I(2), _I(last_row))
                if covered[y1, x1] - covered[y0, x1] - covered[y1, x0] + covered[y0, x0] == 0:
                    continue  # nothing is in front of the plate here, and nothing comes here
            for row in range(first_row, last_row):
                part = _F(row - first_row) * share
                x, dx = _start(places, 0, i, below, j, part, share)
                y, dy = _start(places, 1, i, below, j, part, share)
                at_out, at_plate = ((top + row) * pitch + left) * channels + channel, row * width * 3
                for column in range(first, end):
                    target = _U(at_out + column * channels)
                    if over:
                        word = _between(flat, x, y, height, width, inside, _I(8))
                        source = _U(at_plate + column * 3)
                        rest = ((_U(65280) - (word >> _U(48))) * _U(257)) >> _U(8)  # from 255 * 256 to 2 ** 16
                        for c in range(3):
                            front = (word >> _U(16 * c)) & _U(65535)
                            shown = (front << _U(8)) + rest * _U(behind[source + _U(c)]) + _U(1 << 15)
                            line[target + _U(c)] = np.uint8(min(shown >> _U(16), _U(255)))
                    else:
                        word = _between(flat, x, y, height, width, inside, _I(13)) + _U(_ROUND)
                        line[target] = np.uint8(word >> _U(13))
                        if three:
                            line[target + _U(1)] = np.uint8(word >> _U(34))
                            line[target + _U(2)] = np.uint8(word >> _U(55))
                    x += dx
                    y += dy

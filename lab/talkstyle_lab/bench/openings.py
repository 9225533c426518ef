"""The shapes of mouths and the ways of brows, measured in landmarks and in pictures."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np
import PIL.Image
import PIL.ImageDraw
from numpy.typing import NDArray

from sdk.data import Floats, Image, Portrait
from sdk.geometry import BROWS, INNER_LIPS

LID_PAIRS: Final = ((37, 41), (38, 40), (43, 47), (44, 46))
# Points that neither brows nor lids move; the head is taken to be where they are.
RIGID: Final = [*range(17), *range(27, 36), *range(48, 68)]
GREEN: Final = (0, 255, 0)
GREEN_ERROR: Final = 48  # levels of 255 by which skin may differ from plain green: a matte's edge, half way
SOFT: Final = 1.5  # the deviation of a column in which an opening is counted, pixels
MIN_HEIGHT: Final = 2.0  # pixels that a mouth is open by, at least
MESH_LIPS: Final = (
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
)
PATCH: Final = 0.07  # half the side of the patch that is followed at each point of a brow, outer-eye distances
STEPS: Final = 12  # of Gauss and Newton, in which a patch is found again


class Opening(NamedTuple):
    """The shape of a mouth's opening. A wedge has a half of 0.5 and a quarter of 0.25, an ellipse 0.87 and 0.66."""

    half: float  # the opening half way from the middle to the corners, over that in the middle
    quarter: float  # the same at a quarter of that way from the corners


def lip_gap_ratio(points: Floats) -> NDArray[np.float64]:
    """The inner lips' gaps beside the middle over that in the middle, ``[...]`` from landmarks ``[..., 68, 2 or 3]``.

    The mean of those at 61-67 and 63-65, over that at 62-66; NaN where the lips are closed.
    """
    flat = np.asarray(points, dtype=np.float64)[..., :2]
    middle, *sides = (
        np.linalg.norm(flat[..., a, :] - flat[..., b, :], axis=-1) for a, b in ((62, 66), (61, 67), (63, 65))
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(middle > 0, (sides[0] + sides[1]) / 2 / middle, np.nan))


def plain(portrait: Portrait) -> Portrait:
    """The portrait with green instead of its pixels, and black between parted lips.

    What is not green in its mouth when it is rendered is the opening, to the pixel.
    """
    height, width = portrait.pixels.shape[:2]
    picture = PIL.Image.new("RGB", (width, height), GREEN)
    lips = portrait.landmarks.points[INNER_LIPS, :2]
    PIL.ImageDraw.Draw(picture).polygon([(float(x), float(y)) for x, y in lips], fill=(0, 0, 0))
    return replace(portrait, pixels=np.array(picture), alpha=None, teeth=None)


def opening(frame: Image, points: Floats) -> Opening | None:
    """Measure the mouth of a ``plain`` portrait in a frame; None if it is not open.

    ``points`` are landmarks ``[68, 2 or 3]``, pixels: where the mouth's corners are meant to be.
    """
    flat = np.asarray(points, dtype=np.float64)[:, :2]
    half = float(np.linalg.norm(flat[64] - flat[60])) / 2
    along = (flat[64] - flat[60]) / (2 * half)
    differs = np.abs(frame[..., :3].astype(np.int16) - GREEN).max(axis=-1) > GREEN_ERROR
    y, x = np.nonzero(differs)
    places = (np.stack([x, y], axis=-1) - (flat[60] + flat[64]) / 2) @ along

    def height(place: float) -> float:
        """Pixels in a column across the mouth, a soft one, so that it does not matter between which pixels it lies."""
        return float(np.exp(-(((places - place * half) / SOFT) ** 2) / 2).sum() / (SOFT * np.sqrt(2 * np.pi)))

    whole = height(0.0)
    if whole < MIN_HEIGHT:
        return None
    return Opening(*((height(-place) + height(place)) / 2 / whole for place in (0.5, 0.75)))


def mesh_opening(mesh: Floats) -> Opening | None:
    """The same of MediaPipe's mesh of a face, ``[478, 2 or 3]``, which has eleven points on each of the inner lips."""
    flat = np.asarray(mesh, dtype=np.float64)[:, :2]
    ends = flat[list(MESH_LIPS[0])][[0, -1]]
    half = float(np.linalg.norm(ends[1] - ends[0])) / 2
    along = (ends[1] - ends[0]) / (2 * half)
    axes = np.stack([along, (-along[1], along[0])], axis=-1)
    upper, lower = ((flat[list(lip)] - ends.mean(axis=0)) @ axes for lip in MESH_LIPS)

    def height(place: float) -> float:
        return float(np.interp(place * half, *lower.T) - np.interp(place * half, *upper.T))

    if height(0.0) < 0.01 * half:
        return None
    return Opening(*((height(-place) + height(place)) / 2 / height(0.0) for place in (0.5, 0.75)))


def eye_gap(points: Floats) -> float:
    """The mean distance of the lids of landmarks ``[68, 2 or 3]``, in their unit."""
    flat = np.asarray(points, dtype=np.float64)[:, :2]
    return float(np.mean([np.linalg.norm(flat[low] - flat[up]) for up, low in LID_PAIRS]))


def brows_way(before: Floats, after: Floats) -> NDArray[np.float64]:
    """How far the brows' ten points move with the head held, ``[10, 2]``, from two landmarks ``[68, 2 or 3]``.

    The head's own way, of the faces as a detector finds them, is the similarity that fits jaw, nose and mouth best.
    """
    a, b = (np.asarray(points, dtype=np.float64)[:, :2] @ np.array([1, 1j]) for points in (before, after))
    system = np.stack([a[RIGID], np.ones(len(RIGID))], axis=-1)
    turn, shift = np.linalg.lstsq(system, b[RIGID], rcond=None)[0]
    way = (b[BROWS] - shift) / turn - a[BROWS]
    return np.stack([way.real, way.imag], axis=-1)


def brows_way_in_pictures(before: Image, after: Image, points: Floats) -> NDArray[np.float64]:
    """How far the pixels at the brows' ten points move from one picture to another, ``[10, 2]``, pixels.

    By the method of Lucas and Kanade (IJCAI 1981): a patch at each point is found again by least squares. ``points``
    are landmarks ``[68, 2 or 3]`` in the first picture.
    """
    flat = np.asarray(points, dtype=np.float64)[:, :2]
    unit = float(np.linalg.norm(flat[45] - flat[36]))
    first, second = (picture[..., :3].astype(np.float64).mean(axis=-1) for picture in (before, after))
    side = np.linspace(-PATCH * unit, PATCH * unit, 15)
    weight = np.exp(-((side / (PATCH * unit)) ** 2))
    weights = (weight[:, None] * weight[None]).ravel()
    grid = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    ways = np.zeros((10, 2))
    for way, point in zip(ways, flat[BROWS], strict=True):
        patch = point + grid
        was = _bilinear(first, patch)
        slopes = np.stack([_bilinear(first, patch + s) - _bilinear(first, patch - s) for s in np.eye(2)], axis=-1) / 2
        normal = (slopes * weights[:, None]).T @ slopes + 1e-3 * len(grid) * np.eye(2)
        for _ in range(STEPS):
            rest = was - _bilinear(second, patch + way)
            way += np.clip(np.linalg.solve(normal, (slopes * weights[:, None]).T @ rest), -1.0, 1.0)
    return ways


def _bilinear(grey: NDArray[np.float64], places: NDArray[np.float64]) -> NDArray[np.float64]:
    height, width = grey.shape
    x, y = np.clip(places[..., 0], 0, width - 1.001), np.clip(places[..., 1], 0, height - 1.001)
    i, j = x.astype(np.int64), y.astype(np.int64)
    fx, fy = x - i, y - j
    top = grey[j, i] * (1 - fx) + grey[j, i + 1] * fx
    return np.asarray(top * (1 - fy) + (grey[j + 1, i] * (1 - fx) + grey[j + 1, i + 1] * fx) * fy)

"""Keeps a plain background still: a matte of what is in front of it, and the plate behind.

No network separates head from background. The background is what a smooth surface through its own colours explains; the
rest moves with the head. If the surface does not predict the background next to the head, a still background would show
a halo, and it moves with the head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from torch import Tensor

from sdk.data import FloatArray, Image
from talkstyle_warp.curves import Doubles, smoothstep
from talkstyle_warp.fitted_face import FittedFace
from talkstyle_warp.retarget import TRANSLATION_LIMIT

Mask: TypeAlias = NDArray[np.bool_]

MAX_SIDE: Final = 256  # pixels along the longer side at which the background is searched for
HEAD_RADIUS: Final = 1.15  # everything within so many radii of the face's outline is head
RING: Final = (1.3, 2.1)  # radii of the ring around the head in which the background must be visible
MIN_RING_SHARE: Final = 0.25  # share of the ring above the chin that must be background, not hair or shoulders
FAR_RADIUS: Final = 1.7  # radii beyond which, above the mouth, there is hardly any hair
MIN_FAR_SHARE: Final = 0.8  # share that must be background there, or it is not one surface
MAX_ERROR: Final = 10.0  # levels of 255 by which nine tenths of the predicted background may be wrong
INLIER_LEVELS: Final = 14.0  # levels of 255 within which the ring's colours agree on a surface
MIN_PIXELS: Final = 30  # pixels that a surface must be fitted to
# Where foreground begins and is complete, in multiples of the background's noise, and at least in levels of 255.
NOISE: Final = (1.5, 4.0)
MIN_LEVELS: Final = (2.0, 6.0)


@dataclass(frozen=True, eq=False)
class Background:
    """The background of a window of a portrait."""

    matte: FloatArray  # 0 where the picture shows background, 1 where it does not, float32 [h, w]
    plate: FloatArray  # the background, extrapolated behind the head, float32 [h, w, 3], 0 to 255
    error: float  # 90th percentile of the surface's error next to the head, levels of 255


def find_background(pixels: Image, face: FittedFace, part: tuple[slice, slice]) -> Background | None:
    """Find a plain background in a window (rows and columns) of a portrait.

    None if too little of the ring around the head is one smooth surface.
    """
    crop = pixels[part].astype(np.float32)
    size = crop.shape[:2]
    scale = min(1.0, MAX_SIDE / max(size))
    height, width = (max(16, round(side * scale)) for side in size)
    colours = _resized(crop, (height, width), mode="area").astype(np.float64)
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    places = np.stack([(columns + 0.5) * size[1] / width - 0.5, (rows + 0.5) * size[0] / height - 0.5], axis=-1)
    middle = face.to_pixels(np.array([[*face.centre, float(face.shape[:17, 2].mean())]]))[0, :2]
    # In radii of the face's outline, from its middle.
    local = face.plane(places + np.array([part[1].start, part[0].start]) - middle) / face.radii
    radius, low = np.linalg.norm(local, axis=-1), local[..., 1]
    outside = radius > HEAD_RADIUS
    ring = (radius > RING[0]) & (radius < RING[1]) & (low < 0.8)
    enough = MIN_RING_SHARE * ring.sum()
    agreed = ring & (_difference(colours, _quadratic(colours, _commonest(colours, ring), 2)) < INLIER_LEVELS)
    if agreed.sum() <= max(enough, MIN_PIXELS):
        return None
    surface = _quadratic(colours, agreed, 2)
    known = agreed
    for _ in range(2):
        off = _difference(colours, surface)
        grain = max(1.0, 1.48 * float(np.median(off[known])))
        known = _connected(_smoothed(off) < max(MIN_LEVELS[1], NOISE[1] * grain), ring & outside) & outside
        seen = _pool(known, 2, grow=False)
        if (known & ring).sum() <= max(enough, MIN_PIXELS) or not seen.any():
            return None
        surface = _extrapolated(colours, seen)
    beyond = ring & (radius > FAR_RADIUS) & (low < 0.3)
    if known[beyond].sum() < max(MIN_FAR_SHARE * beyond.sum(), MIN_PIXELS):
        return None
    # How well does the surface predict the background as far as the head may travel?
    far = _pool(known, max(2, round(TRANSLATION_LIMIT * face.width * width / size[1])), grow=False)
    beside = seen & ~far & (low < 1.2) & (radius < RING[1])
    if far.sum() <= MIN_PIXELS or not beside.any():
        return None
    error = float(np.percentile(_difference(colours, _extrapolated(colours, far))[beside], 90))
    return _fine(crop, surface, known, radius < HEAD_RADIUS, grain, error)


def _fine(crop: FloatArray, surface: Doubles, known: Mask, head: Mask, grain: float, error: float) -> Background:
    """Matte and plate at the window's full size."""
    size = crop.shape[:2]
    smooth = _resized(surface, size)
    low, high = (max(least, part * grain) for least, part in zip(MIN_LEVELS, NOISE, strict=True))
    matte = smoothstep(_smoothed(np.abs(crop - smooth).max(axis=-1)), low, high)
    away = _resized(_pool(known, 2, grow=True), size)[..., 0]
    matte = np.asarray(np.maximum(matte, 1.0 - away))
    # What is not connected to the head is part of the background.
    coarse = _resized(matte, known.shape, mode="area")[..., 0] > 0.1
    matte *= _resized(_pool(_connected(coarse, head), 1, grow=True), size)[..., 0]
    plate = np.clip(crop - matte[..., None] * (crop - smooth), 0.0, 255.0)
    return Background(matte.astype(np.float32), plate.astype(np.float32), error)


def _difference(colours: Doubles, surface: Doubles) -> Doubles:
    """The largest difference over the channels of colours ``[H, W, 3]``."""
    return np.asarray(np.abs(colours - surface).max(axis=-1))


def _commonest(colours: Doubles, ring: Mask) -> Mask:
    """The ring's pixels near its most frequent colour."""
    bins = np.zeros((13, 13, 13))
    np.add.at(bins, tuple((colours[ring] // 24).astype(int).T + 1), 1)
    wide = np.sum([np.roll(bins, shift, axis) for axis in range(3) for shift in (-1, 0, 1)], axis=0)
    middle = (np.array(np.unravel_index(int(np.argmax(wide)), bins.shape)) - 0.5) * 24
    return np.asarray(ring & (np.abs(colours - middle).max(axis=-1) < 48))


def _quadratic(colours: Doubles, known: Mask, rounds: int = 0) -> Doubles:
    """A quadratic surface through the known colours, by least squares; ``rounds`` times without the outliers."""
    height, width = colours.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1)
    for turn in range(rounds + 1):
        a, b = terms[known], colours[known]
        ridge = 1e-3 * len(a) * np.diag([0.0, 1, 1, 1, 1, 1])
        surface: Doubles = terms @ np.linalg.solve(a.T @ a + ridge, a.T @ b)
        if turn < rounds:
            closer = known & (_difference(colours, surface) < INLIER_LEVELS)
            known = closer if closer.sum() > MIN_PIXELS else known
    return surface


def _pool(mask: Mask, size: int, *, grow: bool) -> Mask:
    """A mask grown or shrunk by so many pixels."""
    pooled = F.max_pool2d(_image(mask if grow else ~mask), 2 * size + 1, 1, size)[0, 0].numpy() > 0.5
    return np.asarray(pooled if grow else ~pooled)


def _smoothed(off: NDArray[Any]) -> Doubles:
    """The average over 3 x 3 pixels: single grains are no edges."""
    return np.asarray(F.avg_pool2d(F.pad(_image(off), (1, 1, 1, 1), mode="replicate"), 3, 1)[0, 0].numpy())


def _connected(mask: Mask, seeds: Mask) -> Mask:
    """The parts of a mask that are connected to its seeds."""
    allowed = _image(mask)
    reached = allowed * _image(seeds)
    while True:
        grown = F.max_pool2d(reached, 3, 1, 1) * allowed
        if torch.equal(grown, reached):
            return np.asarray(reached[0, 0].numpy() > 0.5)
        reached = grown


def _extrapolated(colours: Doubles, known: Mask) -> Doubles:
    """A smooth surface through known colours ``[H, W, 3]``, extrapolated over the rest.

    A quadratic one, and its residual by pyramids (push-pull; Gortler et al., SIGGRAPH 1996).
    """
    base = _quadratic(colours, known)
    weight = _image(known)
    colour = _image(colours - base) * weight
    levels = []
    while min(weight.shape[-2:]) > 1:
        levels.append((colour, weight))
        colour, weight = (F.avg_pool2d(part, 2, ceil_mode=True) for part in (colour, weight))
    filled = torch.zeros_like(colour)
    for number, (colour, weight) in reversed(list(enumerate(levels))):
        filled = F.interpolate(filled, weight.shape[-2:], mode="bilinear", align_corners=False)
        if number >= 2:  # finer levels would reproduce the picture
            filled = torch.where(weight > 0, weight * (colour / weight.clamp_min(1e-6) - filled) + filled, filled)
    return np.asarray(base + filled[0].permute(1, 2, 0).numpy())


def _resized(array: NDArray[Any], size: tuple[int, ...], mode: str = "bilinear") -> Doubles:
    tensor = _image(array)
    if tensor.shape[-2:] != tuple(size):
        tensor = F.interpolate(tensor, tuple(size), mode=mode)
    return np.asarray(tensor[0].permute(1, 2, 0).numpy())


def _image(array: NDArray[Any]) -> Tensor:
    """``[H, W]`` or ``[H, W, C]`` as a float64 tensor ``[1, C, H, W]``."""
    return torch.from_numpy(np.atleast_3d(array).astype(np.float64)).permute(2, 0, 1)[None]

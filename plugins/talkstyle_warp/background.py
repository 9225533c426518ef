"""A background that stays where it is, wherever it is plain enough: a matte of what is before it, and the plate behind.

No network tells head from background here. A plain background tells itself: it is what a smooth surface through its own
colours explains. What that surface cannot explain moves with the head, the rest stays. Where the surface does not
foretell the background beside the head, a still one would show a halo, and the background moves with the head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray

from sdk.data import Image
from talkstyle_warp.curves import smoothstep
from talkstyle_warp.fitted_face import FittedFace

SIDE: Final = 256  # pixels along the longer side at which the background is looked for
HEAD: Final = 1.15  # within so many radii of the face's outline there is head, whatever its colour
RING: Final = (1.3, 2.1)  # radii of the ring around the head in which the background must be seen
SEEN: Final = 0.25  # share of the ring above the chin that the background must fill: hair and shoulders have the rest
FAR: Final = 1.7  # radii beyond which, above the mouth, next to nothing is hair
PLAIN: Final = 0.8  # share that the background must fill there, or it is not of one surface
TRAVEL: Final = 0.12  # face widths that a head moves at most: how far the surface must foretell the background
ERROR: Final = 10.0  # levels of 255 by which nine tenths of the foretold background may be wrong
AGREES: Final = 14.0  # levels of 255 within which the ring's colours agree on a surface
TERMS: Final = 30  # pixels that a surface must rest on at least
# Grains of the background's own noise at which something begins to count as foreground, and wholly does.
NOISE: Final = (1.5, 4.0)
LEAST: Final = (2.0, 6.0)  # the same in levels of 255, where there is next to no noise


@dataclass(frozen=True, eq=False)
class Background:
    """What is before the background and what is behind it, over a window.

    Attributes:
        matte: 0 where the picture is background, 1 where it is not, float32 ``[h, w]``.
        plate: The background, carried on behind the head, float32 ``[h, w, 3]``, 0 to 255.
        error: 90th percentile of how wrong the surface is beside the head, levels of 255.
    """

    matte: NDArray[np.float32]
    plate: NDArray[np.float32]
    error: float


def find_background(pixels: Image, face: FittedFace, part: tuple[slice, slice]) -> Background | None:
    """Look for a plain background in a window of a portrait.

    Args:
        pixels: The portrait.
        face: Its face.
        part: The window's rows and columns.

    Returns:
        None where too little of the ring around the head is of one smooth surface.
    """
    crop = pixels[part].astype(np.float32)
    size = crop.shape[:2]
    scale = min(1.0, SIDE / max(size))
    height, width = (max(16, round(side * scale)) for side in size)
    colours = _resized(crop, (height, width), mode="area").astype(np.float64)
    rows, columns = np.mgrid[:height, :width].astype(np.float64)
    places = np.stack([(columns + 0.5) * size[1] / width - 0.5, (rows + 0.5) * size[0] / height - 0.5], axis=-1)
    local = _around(face, places + np.array([part[1].start, part[0].start]))
    radius, low = np.linalg.norm(local, axis=-1), local[..., 1]
    outside = radius > HEAD
    ring = (radius > RING[0]) & (radius < RING[1]) & (low < 0.8)
    enough = SEEN * ring.sum()
    agreed = ring & (_off(colours, _curved(colours, _commonest(colours, ring), 2)) < AGREES)
    if agreed.sum() <= max(enough, TERMS):
        return None
    surface = _curved(colours, agreed, 2)
    known = agreed
    for _ in range(2):
        off = _off(colours, surface)
        grain = max(1.0, 1.48 * float(np.median(off[known])))
        known = _joined(_calm(off) < max(LEAST[1], NOISE[1] * grain), ring & outside) & outside
        seen = _pool(known, 2, grow=False)
        if (known & ring).sum() <= max(enough, TERMS) or not seen.any():
            return None
        surface = _carried_on(colours, seen)
    beyond = ring & (radius > FAR) & (low < 0.3)
    if known[beyond].sum() < max(PLAIN * beyond.sum(), TERMS):
        return None
    # As if the head had stood a little larger: how well is what it would have hidden foretold?
    far = _pool(known, max(2, round(TRAVEL * face.width * width / size[1])), grow=False)
    beside = seen & ~far & (low < 1.2) & (radius < RING[1])
    if far.sum() <= TERMS or not beside.any():
        return None
    error = float(np.percentile(_off(colours, _carried_on(colours, far))[beside], 90))
    return _fine(crop, surface, known, radius < HEAD, grain, error)


def _fine(
    crop: NDArray[np.float32],
    surface: NDArray[np.float64],
    known: NDArray[np.bool_],
    head: NDArray[np.bool_],
    grain: float,
    error: float,
) -> Background:
    """Matte and plate of the window's own size."""
    size = crop.shape[:2]
    smooth = _resized(surface, size)
    low, high = (max(least, part * grain) for least, part in zip(LEAST, NOISE, strict=True))
    matte = smoothstep(_calm(np.abs(crop - smooth).max(axis=-1)), low, high)
    away = _resized(_pool(known, 2, grow=True)[..., None].astype(np.float64), size)[..., 0]
    matte = np.asarray(np.maximum(matte, 1.0 - away))
    # What does not hang together with the head is part of the background.
    coarse = _resized(matte[..., None], known.shape, mode="area")[..., 0] > 0.1
    matte *= _resized(_pool(_joined(coarse, head), 1, grow=True)[..., None].astype(np.float64), size)[..., 0]
    plate = np.clip(crop - matte[..., None] * (crop - smooth), 0.0, 255.0)
    return Background(matte.astype(np.float32), plate.astype(np.float32), error)


def _around(face: FittedFace, places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places ``[H, W, 2]`` (pixels) in radii of the face's outline."""
    middle = face.to_pixels(np.array([[*face.centre, float(face.shape[:17, 2].mean())]]))[0, :2]
    return np.asarray((places - middle) @ np.linalg.inv(face.camera[:2, :2]).T / face.radii)


def _off(colours: NDArray[np.float64], surface: NDArray[np.float64]) -> NDArray[np.float64]:
    """By how much colours ``[H, W, 3]`` differ, in the channel that differs most."""
    return np.asarray(np.abs(colours - surface).max(axis=-1))


def _commonest(colours: NDArray[np.float64], ring: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The ring's pixels of about the colour that is commonest in it."""
    bins = np.zeros((13, 13, 13))
    np.add.at(bins, tuple((colours[ring] // 24).astype(int).T + 1), 1)
    wide = np.sum([np.roll(bins, shift, axis) for axis in range(3) for shift in (-1, 0, 1)], axis=0)
    middle = (np.array(np.unravel_index(int(np.argmax(wide)), bins.shape)) - 0.5) * 24
    return np.asarray(ring & (np.abs(colours - middle).max(axis=-1) < 48))


def _curved(colours: NDArray[np.float64], known: NDArray[np.bool_], rounds: int = 0) -> NDArray[np.float64]:
    """A surface of second degree through the known colours, by least squares; of those that agree, after ``rounds``."""
    height, width = colours.shape[:2]
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y], axis=-1)
    for turn in range(rounds + 1):
        a, b = terms[known], colours[known]
        ridge = 1e-3 * len(a) * np.diag([0.0, 1, 1, 1, 1, 1])
        surface: NDArray[np.float64] = terms @ np.linalg.solve(a.T @ a + ridge, a.T @ b)
        if turn < rounds:
            closer = known & (_off(colours, surface) < AGREES)
            known = closer if closer.sum() > TERMS else known
    return surface


def _pool(mask: NDArray[np.bool_], size: int, *, grow: bool) -> NDArray[np.bool_]:
    """A mask grown or shrunk by so many pixels."""
    tensor = torch.from_numpy((mask if grow else ~mask).astype(np.float32))[None, None]
    pooled = F.max_pool2d(tensor, 2 * size + 1, 1, size)[0, 0].numpy() > 0.5
    return np.asarray(pooled if grow else ~pooled)


def _calm(off: NDArray[np.float64] | NDArray[np.float32]) -> NDArray[np.float64]:
    """Averaged over 3 x 3 pixels: single grains are no edges."""
    tensor = torch.from_numpy(off.astype(np.float64))[None, None]
    return np.asarray(F.avg_pool2d(F.pad(tensor, (1, 1, 1, 1), mode="replicate"), 3, 1)[0, 0].numpy())


def _joined(mask: NDArray[np.bool_], seeds: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The parts of a mask that hang together with its seeds."""
    allowed = torch.from_numpy(mask.astype(np.float32))[None, None]
    reached = allowed * torch.from_numpy(seeds.astype(np.float32))[None, None]
    while True:
        grown = F.max_pool2d(reached, 3, 1, 1) * allowed
        if torch.equal(grown, reached):
            return np.asarray(reached[0, 0].numpy() > 0.5)
        reached = grown


def _carried_on(colours: NDArray[np.float64], known: NDArray[np.bool_]) -> NDArray[np.float64]:
    """A smooth surface through known colours ``[H, W, 3]``, carried on over the rest.

    One of second degree, and what it leaves over by pyramids (push-pull; Gortler et al., SIGGRAPH 1996).
    """
    base = _curved(colours, known)
    weight = torch.from_numpy(known.astype(np.float64))[None, None]
    colour = torch.from_numpy(colours - base).permute(2, 0, 1)[None] * weight
    levels = []
    while min(weight.shape[-2:]) > 1:
        levels.append((colour, weight))
        colour, weight = (F.avg_pool2d(part, 2, ceil_mode=True) for part in (colour, weight))
    filled = torch.zeros_like(colour)
    for number, (colour, weight) in reversed(list(enumerate(levels))):
        filled = F.interpolate(filled, weight.shape[-2:], mode="bilinear", align_corners=False)
        if number >= 2:  # finer, it would be no surface but the picture
            filled = torch.where(weight > 0, weight * (colour / weight.clamp_min(1e-6) - filled) + filled, filled)
    return np.asarray(base + filled[0].permute(1, 2, 0).numpy())


def _resized(
    array: NDArray[np.float64] | NDArray[np.float32], size: tuple[int, ...], mode: str = "bilinear"
) -> NDArray[np.float64]:
    tensor = torch.from_numpy(array.astype(np.float64)).permute(2, 0, 1)[None]
    if tensor.shape[-2:] != tuple(size):
        tensor = F.interpolate(tensor, tuple(size), mode=mode)
    return np.asarray(tensor[0].permute(1, 2, 0).numpy())

"""How well forehead and cheeks, which should move rigidly, keep their texture, and how still the surroundings keep."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import PIL.Image
import PIL.ImageDraw
import torch
import torch.nn.functional as F  # noqa: N812
from numpy.typing import NDArray
from torch import Tensor

from sdk.data import Floats, Image

NEWTON_STEPS: Final = 8  # from the landmarks' map to the best one: they end within hundredths of a pixel
LUMA: Final = (0.299, 0.587, 0.114)
ROUNDING_MSE: Final = 1.0 / 12.0  # the mean square error of rounding to whole levels: PSNR ends there
RING_RADII: Final = (1.7, 2.1)
"""In radii of the head's outline: hardly any hair lies there, and a warp still drags the background along."""


@dataclass(frozen=True)
class Likeness:
    """How alike a region and its model are."""

    ssim: float  # structural similarity of the luma, mean over the region (Wang et al., IEEE TIP 13(4), 2004)
    mse: float  # mean square error of the luma, in levels of 255


def psnr(mse: float) -> float:
    """Peak signal to noise in decibels; at most 58.9, what rounding leaves."""
    return float(10 * np.log10(255.0**2 / max(mse, ROUNDING_MSE)))


def _regions(points: NDArray[np.float64]) -> list[tuple[NDArray[np.float64], list[int]]]:
    """Polygons (pixels) of forehead, right and left cheek, with the landmarks whose way tells the region's own."""
    lift, rise = (share * (points[27] - points[33]) for share in (0.12, 0.55))
    forehead = np.stack([points[18] + lift, points[18] + rise, points[25] + rise, points[25] + lift])
    right, left = (
        np.stack([points[a] + share * (points[b] - points[a]) for a, b, share in sides])
        for sides in (
            ((36, 48, 0.25), (39, 31, 0.45), (31, 48, 0.35), (2, 48, 0.4)),
            ((45, 54, 0.25), (42, 35, 0.45), (35, 54, 0.35), (14, 54, 0.4)),
        )
    )
    return [
        (forehead, [*range(17, 28), 36, 39, 42, 45]),
        (right, [1, 2, 3, 31, 36, 39, 40, 41, 48]),
        (left, [13, 14, 15, 35, 42, 45, 46, 47, 54]),
    ]


class Rigidity:
    """Compares frames with a portrait, region by region, after the best affine map.

    Each region of the portrait is moved by the affine map that fits the frame best, found by least squares from where
    the landmarks say, and resampled once, as the renderer does: so place and blur count for nothing, and what remains
    is texture that swims, folds or smears.

    ``picture`` is the portrait, ``points`` are its landmarks ``[68, 2 or 3]`` in pixels.
    """

    def __init__(self, picture: Image, points: Floats) -> None:
        self._points = np.asarray(points, dtype=np.float64)[:, :2]
        self._regions = _regions(self._points)
        luma = _luma(picture)
        table = torch.zeros((1, 3, *luma.shape), dtype=torch.float64)
        table[0, 0] = luma
        table[0, 1, :, 1:-1] = (luma[:, 2:] - luma[:, :-2]) / 2
        table[0, 2, 1:-1] = (luma[2:] - luma[:-2]) / 2
        self._table = table

    def __call__(self, frame: Image, points: Floats) -> Likeness:
        """Compare a frame, of the portrait's size, in which the landmarks lie at ``points`` ``[68, 2 or 3]``."""
        luma, moved = _luma(frame), np.asarray(points, dtype=np.float64)[:, :2]
        likenesses = []
        for polygon, anchors in self._regions:
            source = np.column_stack([self._points[anchors], np.ones(len(anchors))])
            forward = np.linalg.lstsq(source, moved[anchors], rcond=None)[0]
            target = np.column_stack([polygon, np.ones(4)]) @ forward
            inverse = np.linalg.inv(np.column_stack([forward, [0.0, 0.0, 1.0]]))[:, :2]
            found = self._compare(luma, target, inverse)
            if found is not None:
                likenesses.append((found.ssim, found.mse))
        return Likeness(*np.mean(likenesses, axis=0).tolist()) if likenesses else Likeness(1.0, 0.0)

    def _compare(self, luma: Tensor, polygon: Floats, inverse: Floats) -> Likeness | None:
        """One region at ``polygon`` of the frame, whose pixels come from ``[x, y, 1] @ inverse``; None off it."""
        height, width = luma.shape
        pad = 6
        x0, y0 = np.maximum(np.floor(polygon.min(0)).astype(int) - pad, 0)
        x1, y1 = np.minimum(np.ceil(polygon.max(0)).astype(int) + pad, (width, height))
        if x1 - x0 < 16 or y1 - y0 < 16:
            return None
        drawing = PIL.Image.new("1", (int(x1 - x0), int(y1 - y0)))
        PIL.ImageDraw.Draw(drawing).polygon([(float(x - x0), float(y - y0)) for x, y in polygon], fill=1)
        mask = torch.from_numpy(np.array(drawing, dtype=bool))
        if int(mask.sum()) < 64:
            return None
        region = luma[y0:y1, x0:x1]
        ys, xs = torch.meshgrid(torch.arange(int(y0), int(y1)), torch.arange(int(x0), int(x1)), indexing="ij")
        places = torch.stack([xs, ys, torch.ones_like(xs)], dim=-1).double()
        way = torch.from_numpy(np.asarray(inverse, dtype=np.float64))
        best, model = math.inf, region
        for _ in range(NEWTON_STEPS):
            value, right, down = self._look(places @ way)
            residual = (region - value)[mask]
            error = float((residual**2).mean())
            if error > best:
                break
            if error < best:
                best, model = error, value
            # Centred, so that the six unknowns are of like size.
            local = places[mask]
            middle, spread = local[:, :2].mean(0), local[:, :2].std()
            unit = torch.cat([(local[:, :2] - middle) / spread, local[:, 2:]], dim=1)
            slope = torch.cat([right[mask][:, None] * unit, down[mask][:, None] * unit], dim=1)
            ridge = 1e-3 * slope.T @ slope
            normal = slope.T @ slope + torch.diag(torch.diag(ridge)) + 1e-9 * torch.eye(6, dtype=torch.float64)
            step = torch.linalg.solve(normal, slope.T @ residual).view(2, 3).T
            change = torch.cat([step[:2] / spread, step[2:] - (middle / spread) @ step[:2]])
            way = way + change
        return Likeness(float(_ssim(region, model)[mask].mean()), best)

    def _look(self, places: Tensor) -> Tensor:
        """The portrait's luma and its two slopes at places ``[h, w, 2]``, pixels."""
        height, width = self._table.shape[-2:]
        scale = torch.tensor([2.0 / (width - 1), 2.0 / (height - 1)], dtype=torch.float64)
        grid = (places * scale - 1)[None]
        return F.grid_sample(self._table, grid, mode="bilinear", padding_mode="border", align_corners=True)[0]


def _luma(picture: Image) -> Tensor:
    return torch.from_numpy(np.asarray(picture[..., :3] @ np.array(LUMA), dtype=np.float64))


def _ssim(a: Tensor, b: Tensor) -> Tensor:
    """SSIM ``[H, W]`` of two pictures in levels of 255, with the paper's Gaussian of 11 pixels and 1.5 deviation."""
    x = torch.arange(-5, 6, dtype=torch.float64)
    line = torch.exp(-(x**2) / (2 * 1.5**2))
    line /= line.sum()
    stack = torch.stack([a, b, a * a, b * b, a * b])[:, None]
    stack = F.pad(stack, (5, 5, 5, 5), mode="reflect")
    stack = F.conv2d(F.conv2d(stack, line.view(1, 1, 1, -1)), line.view(1, 1, -1, 1))[:, 0]
    mean_a, mean_b, aa, bb, ab = stack
    first, second = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    above = (2 * mean_a * mean_b + first) * (2 * (ab - mean_a * mean_b) + second)
    below = (mean_a**2 + mean_b**2 + first) * (aa - mean_a**2 + bb - mean_b**2 + second)
    return torch.div(above, below)


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

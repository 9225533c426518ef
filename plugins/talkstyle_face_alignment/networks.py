"""The three networks of face-alignment, and the way from a picture through them, in batches.

The networks, the cropping of a face and the drawing of its points are the package's own. Its reading of points off heat
maps is not used: it rounds them to whole pixels of the picture, which shows as jitter.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from face_alignment.detection.sfd.sfd_detector import SFDDetector
from face_alignment.models import FAN, ResNetDepth
from face_alignment.utils import crop, draw_gaussian, flip, transform
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import interpolate, pad

from sdk.data import FloatArray, Image
from sdk.geometry import POINTS
from talkstyle_face_alignment.weights import DEPTH, FAN_3D, S3FD, WeightFile, read_state

CROP_PIXELS: Final = 256
HEATMAP_CELLS: Final = 64
PEAK_RADIUS: Final = 2
"""Cells around the hottest one that a point's place is read from."""
GAUSSIAN_SIGMA: Final = 2
"""Of drawn points, as the package names it."""


class Networks:
    """Face detector, landmarks and depth on one device, from checked files of weights; see the detector's options."""

    def __init__(
        self,
        files: dict[WeightFile, Path],
        *,
        device: torch.device,
        min_confidence: float,
        flip_input: bool,
        batch: int,
    ) -> None:
        self._device = device
        self._flip_input = flip_input
        self._batch = batch
        self._finder = SFDDetector(
            device=str(device), path_to_detector=str(files[S3FD]), filter_threshold=min_confidence
        )
        self._points: Any = FAN(4)
        self._depth: Any = ResNetDepth()
        for net, file in ((self._points, FAN_3D), (self._depth, DEPTH)):
            net.load_state_dict(read_state(files[file]))
            net.to(device).eval()

    @torch.no_grad()
    def boxes(self, images: Sequence[Image], side: int) -> list[NDArray[np.float64]]:
        """Find faces in pictures of one size, uint8 ``[H, W, 3]`` each, shrunk to a longer side of ``side`` pixels.

        Each picture gives ``[N, 5]``: left, top, right, bottom in its pixels, and the score.
        """
        found: list[NDArray[np.float64]] = []
        extent = images[0].shape[1::-1]
        for start in range(0, len(images), self._batch):
            stack = torch.from_numpy(np.stack(images[start : start + self._batch]))
            pixels = stack.to(self._device).permute(0, 3, 1, 2).float()
            shrink = max(1.0, max(pixels.shape[2:]) / side)
            if shrink > 1:
                size = [max(1, round(length / shrink)) for length in pixels.shape[2:]]
                pixels = interpolate(pixels, size=size, mode="area")
            # The detector halves its input five times, and fails on less than it needs for that.
            lacking = [max(0, 64 - length) for length in pixels.shape[2:]]
            pixels = pad(pixels, (0, lacking[1], 0, lacking[0]), value=128.0)
            for rows in self._finder.detect_from_batch(pixels):
                boxes = np.array(rows, dtype=np.float64).reshape(-1, 5)
                boxes[:, :4] *= shrink
                # What is found in the padding is no face.
                middle = (boxes[:, :2] + boxes[:, 2:4]) / 2
                found.append(boxes[((middle >= 0) & (middle < extent)).all(axis=1)])
        return found

    @torch.no_grad()
    def landmarks(self, faces: Sequence[tuple[Image, NDArray[np.float64]]]) -> list[FloatArray]:
        """Find the points of faces in any pictures: for each, from its box, ``[68, 3]`` as in ``sdk.Landmarks``."""
        starts = range(0, len(faces), self._batch)
        return [points for start in starts for points in self._landmarks(faces[start : start + self._batch])]

    def _landmarks(self, faces: Sequence[tuple[Image, NDArray[np.float64]]]) -> list[FloatArray]:
        crops, corners, sides, scales = [], [], [], []
        for image, (left, top, right, bottom, _) in faces:
            # The middle and the scale of a face as the networks were trained to see it.
            centre = np.array([(left + right) / 2, (top + bottom) / 2 - 0.12 * (bottom - top)])
            scale = float(right - left + bottom - top) / self._finder.reference_scale
            crops.append(crop(image, centre, scale))
            corner, end = (transform([at, at], centre, scale, CROP_PIXELS, True).numpy() for at in (1, CROP_PIXELS))
            corners.append(corner)
            sides.append(end - corner)
            scales.append(scale)
        pixels = torch.from_numpy(np.stack(crops)).to(self._device).permute(0, 3, 1, 2).float() / 255
        heat = self._points(pixels)[-1]
        if self._flip_input:
            heat = heat + flip(self._points(flip(pixels))[-1], is_label=True)
        places = peaks(heat)
        depth = self._depth(torch.cat([pixels, self._drawn(places)], dim=1)).cpu().numpy()
        flat = np.stack(corners)[:, None] + np.stack(sides)[:, None] * (places.cpu().numpy() / HEATMAP_CELLS)
        # The network's z is in pixels of the crop, and grows towards the camera.
        z = -depth * (200 * np.array(scales) / CROP_PIXELS)[:, None]
        return list(np.concatenate([flat, z[..., None]], axis=2).astype(np.float32))

    def _drawn(self, places: Tensor) -> Tensor:
        """The depth network's second input: a blob for each point, ``[B, 68, 256, 256]``."""
        drawn = np.zeros((len(places), POINTS, CROP_PIXELS, CROP_PIXELS), dtype=np.float32)
        for face, points in zip(drawn, places.cpu().numpy() * (CROP_PIXELS / HEATMAP_CELLS), strict=True):
            for plane, point in zip(face, points, strict=True):
                if (point > 0).all():
                    draw_gaussian(plane, point, GAUSSIAN_SIGMA)
        return torch.from_numpy(drawn).to(self._device)


def peaks(heat: Tensor) -> Tensor:
    """Read points off heat maps ``[B, N, S, S]``: the centre of heat around the hottest cell.

    They are ``[B, N, 2]``, x and y in cells: 0.5 is the middle of the first one.
    """
    side = heat.shape[-1]
    hottest = heat.flatten(2).argmax(dim=2)
    steps = torch.arange(-PEAK_RADIUS, PEAK_RADIUS + 1, device=heat.device)
    # Windows that reach over the edge are cut there, by leaving what they repeat out of the sum.
    rows = (hottest // side)[..., None] + steps
    columns = (hottest % side)[..., None] + steps
    inside = ((rows >= 0) & (rows < side))[..., :, None] & ((columns >= 0) & (columns < side))[..., None, :]
    index = rows.clamp(0, side - 1)[..., :, None] * side + columns.clamp(0, side - 1)[..., None, :]
    near = heat.flatten(2).gather(2, index.flatten(2)).view(index.shape).clamp(min=0) * inside
    total = near.sum(dim=(2, 3)).clamp(min=1e-12)
    x = (near.sum(dim=2) * columns).sum(dim=2) / total
    y = (near.sum(dim=3) * rows).sum(dim=2) / total
    cold = near.sum(dim=(2, 3)) <= 0  # no heat anywhere: the hottest cell itself
    x, y = torch.where(cold, hottest % side, x), torch.where(cold, hottest // side, y)
    return torch.stack([x, y], dim=2) + 0.5

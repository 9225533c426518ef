"""Windows of the picture, sampling, and blending."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

from sdk.data import Floats
from talkstyle_warp.curves import Doubles


@dataclass(frozen=True)
class Window:
    """A rectangle of the picture with nodes on whole pixels, ``step`` apart, the first on the first pixel."""

    left: int  # the first column
    top: int  # the first row
    columns: int  # nodes in a row
    rows: int  # nodes in a column
    step: int  # pixels between nodes

    @classmethod
    def around(cls, low: Floats, high: Floats, *, step: int, size: tuple[int, ...]) -> Window:
        """The smallest window from ``low`` to ``high`` (x, y) within a picture of ``size`` (height, width, ...).

        The last nodes may lie up to a step outside the picture.
        """
        left, top = (int(np.clip(np.floor(v), 0, n - 2)) for v, n in zip(low, size[1::-1], strict=True))
        right, bottom = (int(np.clip(np.ceil(v), 1, n - 1)) for v, n in zip(high, size[1::-1], strict=True))
        columns, rows = (max(2, -(-(b - a) // step) + 1) for a, b in ((left, right), (top, bottom)))
        return cls(left, top, columns, rows, step)

    @property
    def width(self) -> int:
        """Pixel columns from the first node to the last."""
        return (self.columns - 1) * self.step + 1

    @property
    def height(self) -> int:
        """Pixel rows from the first node to the last."""
        return (self.rows - 1) * self.step + 1

    def within(self, size: tuple[int, ...]) -> tuple[slice, slice]:
        """The rows and columns of a picture of ``size`` (height, width, ...) that the window covers."""
        return (
            slice(self.top, min(self.top + self.height, size[0])),
            slice(self.left, min(self.left + self.width, size[1])),
        )

    def nodes(self) -> Doubles:
        """The nodes' places in the picture, ``[rows * columns, 2]``, pixels."""
        ys, xs = np.mgrid[: self.rows, : self.columns]
        nodes = np.stack([xs.ravel(), ys.ravel()], axis=-1) * float(self.step)
        return np.asarray(nodes + np.array([self.left, self.top]), dtype=np.float64)

    def lattice(self, most: int) -> Doubles:
        """Places from the first pixel to the last, ``[h, w, 2]``: all pixels, or ``most`` along a longer side."""
        ys = np.linspace(0, self.height - 1, min(self.height, most)) + self.top
        xs = np.linspace(0, self.width - 1, min(self.width, most)) + self.left
        return np.stack(np.meshgrid(xs, ys), axis=-1)

    def inner(self, margin: int) -> Window:
        """The window without ``margin`` nodes on each side."""
        left, top = self.left + margin * self.step, self.top + margin * self.step
        return Window(left, top, self.columns - 2 * margin, self.rows - 2 * margin, self.step)


def to_tensor(array: Floats, device: torch.device) -> Tensor:
    """The array in float32 on a device."""
    return torch.from_numpy(array.astype(np.float32)).to(device)


def magnify(places: Tensor, step: int) -> Tensor:
    """Interpolate places on nodes ``[B, 2, h, w]`` bilinearly to pixels: ``[B, 2, (h-1) step + 1, ...]``."""
    if step == 1:
        return places
    height, width = places.shape[-2:]
    size = ((height - 1) * step + 1, (width - 1) * step + 1)
    return F.interpolate(places, size, mode="bilinear", align_corners=True)


def sample(texture: Tensor, places: Tensor, *, cubic: bool = False) -> Tensor:
    """Sample a texture ``[C, H, W]`` bilinearly or bicubically: ``[B, C, h, w]``; outside it has its nearest edge.

    ``places`` are x and y, ``[B, 2, h, w]``, in [-1, 1] from the first pixel's centre to the last's.
    """
    batch, grid = texture[None].expand(len(places), -1, -1, -1), places.permute(0, 2, 3, 1)
    mode = "bicubic" if cubic else "bilinear"
    return F.grid_sample(batch, grid, mode=mode, padding_mode="border", align_corners=True)


def to_bytes(picture: Tensor) -> Tensor:
    """Round a picture from 0 to 255 to uint8; its own values are overwritten."""
    return picture.add_(0.5).clamp_(0.0, 255.0).to(torch.uint8)


def mix(below: Tensor, above: Tensor, cover: Tensor) -> Tensor:
    """Blend one picture over another: exactly ``below`` where the opacity ``cover`` is zero."""
    return below + cover * (above - below)

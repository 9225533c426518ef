"""Resamplers: they turn source positions of nodes into the moved part of a portrait."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sdk.data import Image
from talkstyle_warp.background import Background
from talkstyle_warp.compositing import Window, magnify, sample, to_bytes, to_tensor
from talkstyle_warp.resampling import pack, pack_layers, resample

BAND: Final = 1 << 17  # pixels mapped at once, which bounds the memory of a large portrait


class Resampler(ABC):
    """Warps a window of a portrait ``[H, W, C]``."""

    def __init__(self, picture: Image, window: Window) -> None:
        self.window = window
        self.part = window.within(picture.shape)

    @abstractmethod
    def warped(self, sources: Tensor, out: Image) -> AbstractContextManager[Tensor]:
        """Warp the window in ``out``, which holds the unmoved portrait.

        ``sources`` are where nodes come from, ``[2, rows, columns]``, in nodes. The ``with`` block gets the warped
        window, ``[h, w, C]``, uint8, on the device; what it changes there is in ``out`` afterwards.
        """


class NumbaResampler(Resampler):
    """On the CPU, bilinearly."""

    def __init__(self, picture: Image, window: Window, *, background: Background | None = None) -> None:
        super().__init__(picture, window)
        crop = picture[self.part]
        self.plate: Image | None = None
        self.covered: NDArray[np.int32] | None = None
        if background is None:
            self.words = [pack(crop[..., first : first + 3]) for first in range(0, crop.shape[2], 3)]
            return
        self.words = [pack_layers(crop, background.matte, background.plate)]
        self.plate = np.rint(background.plate).astype(np.uint8)
        front = (self.words[0] >> np.uint64(48) > 0).astype(np.int32)
        self.covered = np.pad(front.cumsum(0, dtype=np.int32).cumsum(1, dtype=np.int32), ((1, 0), (1, 0)))

    @contextmanager
    def warped(self, sources: Tensor, out: Image) -> Iterator[Tensor]:
        """See ``Resampler``."""
        places = np.ascontiguousarray((sources * self.window.step).numpy())
        step, corner = self.window.step, (self.window.top, self.window.left)
        plate, covered = self.plate, self.covered
        for number, words in enumerate(self.words):
            resample(words, places, step, out, corner=corner, channel=3 * number, plate=plate, covered=covered)
        yield torch.from_numpy(out[self.part])


class TorchResampler(Resampler):
    """On any device, by torch; bilinearly or bicubically."""

    def __init__(
        self, picture: Image, window: Window, device: torch.device, *, cubic: bool, background: Background | None = None
    ) -> None:
        super().__init__(picture, window)
        texture = picture[self.part].astype(np.float32)
        self.plate: Tensor | None = None
        if background is not None:
            matte = background.matte[..., None]
            texture = np.concatenate([texture - (1.0 - matte) * background.plate, matte], axis=-1)
            self.plate = to_tensor(background.plate, device).permute(2, 0, 1)
        self.texture = to_tensor(texture, device)
        self.cubic = cubic

    @contextmanager
    def warped(self, sources: Tensor, out: Image) -> Iterator[Tensor]:
        """See ``Resampler``."""
        height, width, _ = self.texture.shape
        limit = torch.tensor([max(width - 1, 1), max(height - 1, 1)], device=sources.device).view(2, 1, 1)
        places = (sources * (2.0 * self.window.step / limit) - 1.0)[None]
        picture = torch.empty((height, width, out.shape[2]), dtype=torch.uint8, device=self.texture.device)
        for rows, part in _bands(places, self.window, height):
            band = sample(self.texture.permute(2, 0, 1), part[..., :width], cubic=self.cubic)[0]
            if self.plate is not None:
                band = band[:-1] + (1.0 - band[-1:]) * self.plate[:, rows]
            picture[rows] = to_bytes(band).permute(1, 2, 0)
        yield picture
        out[self.part] = picture.cpu().numpy()


def _bands(places: Tensor, window: Window, height: int) -> Iterator[tuple[slice, Tensor]]:
    """Magnify places ``[1, 2, h, w]`` a band of rows at a time."""
    cells = max(1, BAND // (window.width * window.step))
    for first in range(0, window.rows - 1, cells):
        last = min(first + cells, window.rows - 1)
        start, stop = first * window.step, min(last * window.step + 1, height)
        if start >= height:
            return
        yield slice(start, stop), magnify(places[:, :, first : last + 1], window.step)[:, :, : stop - start]


def resampler_for(
    picture: Image, window: Window, device: torch.device, *, cubic: bool, background: Background | None
) -> Resampler:
    """The fastest resampler for a device."""
    if device.type != "cpu" or cubic:
        return TorchResampler(picture, window, device, cubic=cubic, background=background)
    return NumbaResampler(picture, window, background=background)

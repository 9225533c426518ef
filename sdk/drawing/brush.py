"""Curves and soft colour on a canvas larger than the picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import numpy as np
import PIL.Image
import PIL.ImageChops
import PIL.ImageDraw
import PIL.ImageFilter
from numpy.typing import ArrayLike, NDArray

from sdk.drawing.look import Colour

Curve: TypeAlias = NDArray[np.float64]
"""Points ``[N, 2]`` on the canvas."""

_SOFT = 4
"""How much smaller soft shapes are drawn: they have no detail to lose."""


def curve(points: ArrayLike, *, per: int = 6) -> Curve:
    """A Catmull-Rom spline through points ``[N, D]``, ``per`` steps from each to the next."""
    p = np.asarray(points, dtype=np.float64)
    padded = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
    a, b, c, d = padded[:-3, None], padded[1:-2, None], padded[2:-1, None], padded[3:, None]
    t = (np.arange(per) / per)[None, :, None]
    parts = b + 0.5 * t * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return np.concatenate([parts.reshape(-1, p.shape[1]), p[-1:]])


def ribbon(line: Curve, width: ArrayLike) -> Curve:
    """The outline of a line with a width (one for all, or one for each point)."""
    along = np.gradient(line, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1) / np.maximum(np.linalg.norm(along, axis=1), 1e-9)[:, None]
    half = np.broadcast_to(np.asarray(width, dtype=np.float64), (len(line),))[:, None] / 2
    return np.concatenate([line + across * half, (line - across * half)[::-1]])


def blend(a: Colour, b: Colour, share: float) -> Colour:
    """From one colour to another."""
    r, g, b_ = (round(x + (y - x) * share) for x, y in zip(a, b, strict=True))
    return r, g, b_


class Canvas:
    """A picture in the making, and the mask of its silhouette; ``corner`` is its place on the canvas it is part of."""

    def __init__(self, picture: PIL.Image.Image, corner: tuple[int, int] = (0, 0)) -> None:
        self.picture = picture
        self.mask = PIL.Image.new("L", picture.size)
        self.corner = corner
        self._draw = PIL.ImageDraw.Draw(picture)
        self._mask_draw = PIL.ImageDraw.Draw(self.mask)

    def fill(self, outline: Curve, colour: Colour, *, solid: bool = False) -> None:
        """Fill an outline; a ``solid`` one is part of the silhouette."""
        corners = self._here(outline)
        self._draw.polygon(corners, fill=colour)
        if solid:
            self._mask_draw.polygon(corners, fill=255)

    def line(self, points: Curve, colours: Sequence[Colour], width: float) -> None:
        """Draw a line whose colour changes from point to point."""
        corners = self._here(points)
        first = 0
        for k in range(1, len(colours) + 1):
            if k == len(colours) or colours[k] != colours[first]:
                self._draw.line(corners[first : k + 1], fill=colours[first], width=max(1, round(width)))
                first = k

    def disc(self, centre: Curve, radius: float, colour: Colour) -> None:
        """Fill a circle."""
        ((x, y),) = self._here(centre[None])
        self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def soft(self, outline: Curve, colour: Colour, *, share: float, blur: float, within: Curve | None = None) -> None:
        """Lay a blurred shape over the picture, only ``within`` an outline if given."""
        box = self._box(outline, 3 * blur)
        if box is None:
            return
        left, top, right, bottom = box
        size = (right - left, bottom - top)
        small = PIL.Image.new("L", (-(-size[0] // _SOFT), -(-size[1] // _SOFT)))
        corners = [((x - left) / _SOFT, (y - top) / _SOFT) for x, y in self._here(outline)]
        PIL.ImageDraw.Draw(small).polygon(corners, fill=round(255 * share))
        mask = small.filter(PIL.ImageFilter.GaussianBlur(blur / _SOFT)).resize(size, PIL.Image.Resampling.BILINEAR)
        if within is not None:
            mask = PIL.ImageChops.multiply(mask, self._stencil(within, box))
        self.picture.paste(colour, box, mask)

    def paste(self, picture: PIL.Image.Image, within: Curve) -> None:
        """Copy a picture of the canvas's own size, within an outline."""
        box = self._box(within, 2)
        if box is not None:
            self.picture.paste(picture.crop(box), box, self._stencil(within, box))

    @contextmanager
    def inside(self, outline: Curve) -> Iterator[Canvas]:
        """Draw on a part that is cut off at an outline."""
        box = self._box(outline, 2)
        if box is None:
            yield Canvas(PIL.Image.new("RGB", (1, 1)))
            return
        part = Canvas(self.picture.crop(box), (self.corner[0] + box[0], self.corner[1] + box[1]))
        yield part
        self.picture.paste(part.picture, box, self._stencil(outline, box))

    def _here(self, points: Curve) -> list[tuple[float, float]]:
        return [(x - self.corner[0], y - self.corner[1]) for x, y in points.tolist()]

    def _stencil(self, outline: Curve, box: tuple[int, int, int, int]) -> PIL.Image.Image:
        mask = PIL.Image.new("L", (box[2] - box[0], box[3] - box[1]))
        PIL.ImageDraw.Draw(mask).polygon([(x - box[0], y - box[1]) for x, y in self._here(outline)], fill=255)
        return mask

    def _box(self, outline: Curve, margin: float) -> tuple[int, int, int, int] | None:
        """The bounds of an outline on this canvas, or None if they are outside."""
        low = np.floor(outline.min(axis=0) - margin - self.corner).astype(int)
        high = np.ceil(outline.max(axis=0) + margin - self.corner).astype(int)
        left, top = max(0, int(low[0])), max(0, int(low[1]))
        right, bottom = min(self.picture.width, int(high[0])), min(self.picture.height, int(high[1]))
        return (left, top, right, bottom) if left < right and top < bottom else None

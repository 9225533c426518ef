"""Contact sheets: frames side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from PIL import Image as Pillow

from sdk.data import Image
from sdk.errors import InputError

GAP_PIXELS: Final = 4


def contact_sheet(rows: Sequence[Sequence[Image]], *, height: int = 200) -> Image:
    """Lay frames, uint8 ``[H, W, 3]``, out in rows on white, each scaled to ``height`` pixels.

    Raises:
        InputError: There are no frames.
    """
    strips = [[_scaled(frame, height) for frame in row] for row in rows if len(row)]
    if not strips:
        raise InputError("there are no frames to lay out", where="contact_sheet")
    width = max(sum(frame.shape[1] for frame in strip) + GAP_PIXELS * (len(strip) - 1) for strip in strips)
    sheet = np.full((len(strips) * (height + GAP_PIXELS) - GAP_PIXELS, width, 3), 255, dtype=np.uint8)
    for number, strip in enumerate(strips):
        top, left = number * (height + GAP_PIXELS), 0
        for frame in strip:
            sheet[top : top + height, left : left + frame.shape[1]] = frame
            left += frame.shape[1] + GAP_PIXELS
    return sheet


def _scaled(frame: Image, height: int) -> Image:
    width = max(1, round(frame.shape[1] * height / frame.shape[0]))
    return np.asarray(Pillow.fromarray(frame).resize((width, height), Pillow.Resampling.LANCZOS))

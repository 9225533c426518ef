"""What a live session gives: frames with their sound, and the notice that they are generated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from sdk.data import Motion
from sdk.media.marking import COMMENT, tags


@dataclass(frozen=True)
class Notice:
    """The statement that pictures are generated, for people and for programs.

    Attributes:
        text: For people, in English.
        tags: For programs: the same key-value pairs that saved videos carry, with IPTC's digital source type.
    """

    text: str = COMMENT
    tags: Mapping[str, str] = field(default_factory=tags)


@dataclass(frozen=True, eq=False, kw_only=True)
class LiveFrame:
    """A frame of a live session.

    Attributes:
        image: uint8 ``[H, W, 3]``, or ``[H, W, 4]`` if the portrait has alpha: the picture, or of ``region="face"``
            what may differ from the portrait at rest.
        box: Where the image belongs in the portrait, ``(left, top, right, bottom)`` in pixels.
        sound: What is heard while it is shown, int16 ``[N]`` at the session's rate: pushed samples, and zeros where
            there are none. With frames left out, their sound comes first; all sounds joined have no gap.
        spoken: How many samples of ``sound`` were pushed; over all frames, all of them, unless they were interrupted.
        index: Of the frame, from 0, in the session; those left out count.
        time: ``index / fps`` in seconds, exact.
        skipped: Frames left out before it, because the consumer was late.
        end_of_utterance: The last sample before a ``flush`` is in ``sound``, or was in a frame before.
        motion: What the renderer got, one frame at the session's ``fps``: expression and pose, not yet retargeted.
        notice: That it is generated; on the first frame of each iteration, and None on the others.
    """

    image: NDArray[np.uint8] = field(repr=False)
    box: tuple[int, int, int, int]
    sound: NDArray[np.int16] = field(repr=False)
    spoken: int
    index: int
    time: Fraction
    skipped: int
    end_of_utterance: bool
    motion: Motion = field(repr=False)
    notice: Notice | None = None


def cover(picture: NDArray[np.uint8], notice: Notice) -> NDArray[np.uint8]:
    """A copy of a picture with the notice's text along its lower edge."""
    height, width = picture.shape[:2]
    image = Pillow.fromarray(picture)
    font = ImageFont.load_default(size=max(9.0, width / 28))
    draw = ImageDraw.Draw(image)
    left, top, right, bottom = draw.textbbox((0, 0), notice.text, font=font)
    band = bottom - top + max(4, height // 40)
    opaque = (255,) * (picture.shape[2] - 3)
    draw.rectangle((0, height - band, width, height), fill=(0, 0, 0, *opaque))
    place = ((width - right + left) / 2 - left, height - band / 2 - (top + bottom) / 2)
    draw.text(place, notice.text, font=font, fill=(255, 255, 255, *opaque))
    return np.asarray(image)

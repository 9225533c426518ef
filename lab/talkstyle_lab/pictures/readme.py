"""Write the README's picture: a drawn face that says a sentence without and with a style.

    python -m talkstyle_lab.pictures.readme

The demonstration is run on the drawn face; the sentence is cut into as many parts as the picture has columns, and each
shows the frame in which the style opens the mouth widest. The upper row is the base, the lower one the style.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from sdk import demo
from sdk.data import Image
from sdk.drawing import drawn_face
from sdk.geometry import canonical_face, mouth_opening
from sdk.media import VideoReader
from sdk.plots import contact_sheet
from talkstyle_lab.pictures import write

COLUMNS, HEIGHT, COLOURS = 6, 180, 255
PERSON = 2  # the seed of the drawn face


def main() -> None:
    """Run the demonstration on the drawn face, and lay moments of it side by side."""
    with tempfile.TemporaryDirectory() as folder:
        made = demo.run(folder, portrait=drawn_face(512, seed=PERSON).pixels)
        opening = mouth_opening(canonical_face() + made.animations[1].motion.expression)
        parts = np.array_split(np.arange(len(opening)), COLUMNS)
        moments = [int(part[np.argmax(opening[part])]) for part in parts]
        rows = [_frames(video, moments) for video in (made.plain, made.styled)]
    # A palette: a drawn face has few colours, and the picture stays small.
    picture = Pillow.fromarray(contact_sheet(rows, height=HEIGHT)).quantize(COLOURS)
    write("talking.png", picture, optimize=True)


def _frames(video: Path, moments: Collection[int]) -> list[Image]:
    return [frame.image for number, frame in enumerate(VideoReader(video)) if number in moments]


if __name__ == "__main__":
    main()

"""Contact sheets and videos of driven portraits, to be looked at."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Final

import numpy as np
import PIL.Image

from sdk.data import Floats, Image, Portrait
from sdk.files import make_folder
from sdk.geometry import canonical_face, eye_opening, mouth_opening
from sdk.media import write_image, write_video
from talkstyle_lab.bench.driving import Driver

TILE_PIXELS: Final = 288
TILE_FACES: Final = 2.0  # a tile's side, in sizes of the face


def _tile(picture: Image, points: Floats) -> Image:
    """The square around a face, black beyond the picture."""
    flat = np.asarray(points, dtype=np.float64)[:, :2]
    low, high = flat.min(0), flat.max(0)
    half = TILE_FACES * float((high - low).max()) / 2
    x, y = (low + high) / 2 - (0.0, 0.25 * (high - low)[1])
    left, top, side = round(float(x - half)), round(float(y - half)), max(1, round(2 * half))
    return _cut(picture, left, top, side)


def _cut(picture: Image, left: int, top: int, side: int) -> Image:
    """A square of a picture, at a tile's size."""
    image = PIL.Image.fromarray(picture).crop((left, top, left + side, top + side))
    return np.asarray(image.resize((TILE_PIXELS, TILE_PIXELS), PIL.Image.Resampling.LANCZOS))


def telling_frames(driver: Driver) -> list[int]:
    """Frames worth looking at: the mouth shut to widest, the eyes shut, the head turned and nodded most."""
    moved = canonical_face() + driver.motion.expression
    order = np.argsort(mouth_opening(moved), kind="stable")
    steps = [int(order[round(share * (len(order) - 1))]) for share in (0.0, 0.5, 0.8, 0.93, 1.0)]
    turn, nod = np.abs(driver.motion.pose[:, 1]), np.abs(driver.motion.pose[:, 0])
    return [*steps, int(np.argmin(eye_opening(moved))), int(np.argmax(turn)), int(np.argmax(nod))]


class ContactSheets:
    """Collects pictures while they are measured.

    ``<portrait>.png`` has a row for each motion; ``<motion>.mp4`` has the driving clip, if any, beside all portraits.
    The folder is made if missing.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        make_folder(folder)
        self._sheets: dict[str, list[Image]] = defaultdict(list)
        self._films: dict[str, list[Image]] = defaultdict(list)

    def film(self, name: str, portrait: Portrait, picture: Image) -> None:
        """Add a frame of a driven portrait."""
        self._films[name].append(_tile(picture, portrait.landmarks.points))

    def save_clip(self, driver: Driver) -> None:
        """Write what was filmed since the last call, which the driver drove, side by side."""
        clip = [[_square(picture) for picture in driver.pictures]] if driver.pictures else []
        columns = [*clip, *self._films.values()]
        frames = [np.concatenate(tiles, axis=1) for tiles in zip(*columns, strict=True)]
        write_video(self._folder / f"{driver.name}.mp4", frames, rate=driver.motion.rate)
        telling = telling_frames(driver)
        for name, tiles in self._films.items():
            self._sheets[name].append(np.concatenate([tiles[number] for number in telling], axis=1))
        self._films.clear()

    def save_sheets(self) -> None:
        """Write a contact sheet for each portrait."""
        for name, rows in self._sheets.items():
            write_image(self._folder / f"{name}.png", np.concatenate(rows))


def _square(picture: Image) -> Image:
    """A driver's picture, its middle square."""
    height, width = picture.shape[:2]
    side = min(height, width)
    return _cut(picture, (width - side) // 2, (height - side) // 2, side)


class ShapeSheets:
    """Enlarged mouths and eyes: ``mouths.png`` and ``eyes.png`` have a row for each portrait."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        make_folder(folder)
        self._rows: dict[str, dict[str, list[Image]]] = {"mouths": defaultdict(list), "eyes": defaultdict(list)}

    def mouth(self, name: str, picture: Image, points: Floats) -> None:
        """Add a mouth; ``points`` are landmarks ``[68, 2 or 3]`` in the picture."""
        self._rows["mouths"][name].append(_square_around(picture, points, slice(48, 68), (0.0, 0.15)))

    def eyes(self, name: str, picture: Image, points: Floats) -> None:
        """Add a pair of eyes with their brows."""
        self._rows["eyes"][name].append(_square_around(picture, points, slice(36, 48), (0.0, -0.05), size=0.85))

    def save(self) -> None:
        """Write both."""
        for what, rows in self._rows.items():
            if rows:
                sheet = np.concatenate([np.concatenate(tiles, axis=1) for tiles in rows.values()])
                write_image(self._folder / f"{what}.png", sheet)


def _square_around(
    picture: Image, points: Floats, part: slice, shift: tuple[float, float], *, size: float = 0.65
) -> Image:
    """The square around a part of the face, its half side and shift in outer-eye distances, as a tile."""
    flat = np.asarray(points, dtype=np.float64)[:, :2]
    unit = float(np.linalg.norm(flat[45] - flat[36]))
    x, y = flat[part].mean(axis=0) + unit * np.array(shift)
    return _cut(picture, round(float(x - size * unit)), round(float(y - size * unit)), max(1, round(2 * size * unit)))

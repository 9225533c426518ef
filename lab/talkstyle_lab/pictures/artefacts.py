"""Write the pictures of the renderer's limits in ``docs/renderer.md``, with drawn faces.

    python -m talkstyle_lab.pictures.artefacts

Each picture has the portrait on the left, then what the present renderer makes of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from sdk.data import Floats, Image, Landmarks, Motion, Portrait
from sdk.drawing import drawn_face
from sdk.plots import contact_sheet
from sdk.registry import load
from talkstyle_lab.pictures import write

SIZE, HEIGHT, QUALITY = 512, 200, 82

LIP_SHARES = {55: 0.55, 56: 0.93, 57: 0.97, 58: 0.93, 59: 0.55, 65: 0.97, 66: 1.0, 67: 0.97}
"""How far points of the lower lip go down when the mouth opens by one: as in people's clips."""

Box = tuple[float, float, float, float]
MOUTH: Box = (-0.75, 0.35, 0.75, 1.45)
EYES: Box = (-0.8, -0.45, 0.8, 0.35)
HEAD: Box = (-1.35, -1.35, 1.35, 1.65)


def moved(*, opening: float = 0.0, blink: float = 0.0, pose: tuple[float, ...] = (0.0,) * 6) -> Motion:
    """One frame: the jaw's drop in outer-eye distances, the lids' closure, axis-angle and translation of the head."""
    expression = np.zeros((1, 68, 3), np.float32)
    for point, share in {5: 0.4, 6: 0.7, 7: 0.9, 8: 1, 9: 0.9, 10: 0.7, 11: 0.4}.items():
        expression[:, point, 1] = 0.8 * share * opening
    for point, share in LIP_SHARES.items():
        expression[:, point, 1] = share * opening
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        expression[:, upper, 1], expression[:, lower, 1] = 0.09 * blink, -0.01 * blink
    return Motion(expression, np.array([pose], np.float32), Fraction(25))


def frame(portrait: Portrait, motion: Motion, **options: str) -> Image:
    """The portrait, moved."""
    renderer = load("renderer", "warp", device="cpu", **options)
    (picture,) = renderer.render(renderer.prepare(portrait), [motion])
    return np.asarray(picture[..., :3])


def cut(picture: Image, points: Floats, box: Box) -> Image:
    """A part of a picture: left, top, right and bottom in outer-eye distances from the middle between the eyes."""
    flat = np.asarray(points, dtype=np.float64)[:, :2]
    middle, unit = (flat[36] + flat[45]) / 2, float(np.linalg.norm(flat[45] - flat[36]))
    left, top, right, bottom = (
        int(np.clip(middle[k % 2] + unit * edge, 0, picture.shape[1 - k % 2])) for k, edge in enumerate(box)
    )
    return picture[top:bottom, left:right]


def teeth() -> list[Image]:
    """Wide vowels: painted teeth, and those of a second picture."""
    portrait, wide = drawn_face(SIZE, seed=1), moved(opening=0.3)
    smile = drawn_face(SIZE, seed=1, expression=wide.expression[0])
    pictures = [portrait.pixels, frame(portrait, wide), frame(replace(portrait, teeth=smile), wide)]
    return [cut(picture, portrait.landmarks.points, MOUTH) for picture in pictures]


def smile() -> list[Image]:
    """An open mouth, brought together."""
    portrait = drawn_face(SIZE, seed=2, expression=moved(opening=0.16).expression[0])
    pictures = [portrait.pixels, frame(portrait, moved()), frame(portrait, moved(opening=0.15))]
    return [cut(picture, portrait.landmarks.points, MOUTH) for picture in pictures]


def turned() -> list[Image]:
    """Twenty degrees to either side."""
    portrait = drawn_face(SIZE, seed=1)
    sides = (moved(pose=(0, angle, 0, 0, 0, 0)) for angle in (-0.5, 0.5))  # limited to what the renderer allows
    pictures = [portrait.pixels, *(frame(portrait, side) for side in sides)]
    return [cut(picture, portrait.landmarks.points, HEAD) for picture in pictures]


def tight() -> list[Image]:
    """A picture cut tightly: hair that would have to leave it."""
    whole = drawn_face(SIZE, seed=2)
    left, top, side = 105, 60, 300
    points = whole.landmarks.points - np.array([left, top, 0], np.float32)
    portrait = Portrait(whole.pixels[top : top + side, left : left + side].copy(), Landmarks(points))
    return [portrait.pixels, frame(portrait, moved(pose=(0, 0, 0.2, 0.12, 0, 0)))]


def patterned() -> list[Image]:
    """A wall with a pattern, which follows the head, and a plain one, which does not."""
    person = drawn_face(SIZE, seed=1, alpha=True)
    assert person.alpha is not None
    share = person.alpha[..., None] / 255
    y, x = np.mgrid[:SIZE, :SIZE]
    tiles: NDArray[np.float64] = np.where(((x // 32) + (y // 32)) % 2, 205.0, 165.0)[..., None] * np.ones(3)
    lit: NDArray[np.float64] = (215.0 - 0.12 * x)[..., None] * np.array([0.9, 0.97, 1.0])
    pictures: list[Image] = []
    for wall in (tiles, lit):
        pixels = np.rint(share * person.pixels + (1 - share) * wall).astype(np.uint8)
        pictures += [pixels, frame(replace(person, pixels=pixels, alpha=None), moved(pose=(0, 0, 0.25, 0.1, 0, 0)))]
    return [cut(picture, person.landmarks.points, HEAD) for picture in pictures]


def blink() -> list[Image]:
    """Lids shut over an eye whose landmarks lie inside it, as detectors lay them in large eyes of dark faces."""
    portrait = drawn_face(SIZE, seed=3)
    points = portrait.landmarks.points.copy()
    for eye in (slice(36, 42), slice(42, 48)):
        middle = points[eye].mean(axis=0)
        points[eye, 1] = middle[1] + 0.55 * (points[eye, 1] - middle[1])
    portrait = replace(portrait, landmarks=Landmarks(points))
    pictures = [portrait.pixels, frame(portrait, moved(blink=1.0))]
    return [cut(picture, points, EYES) for picture in pictures]


PICTURES: tuple[Callable[[], list[Image]], ...] = (teeth, smile, turned, tight, patterned, blink)


def main() -> None:
    """Write them all."""
    for make in PICTURES:
        sheet = Pillow.fromarray(contact_sheet([make()], height=HEIGHT))
        write(f"artefact-{make.__name__}.jpg", sheet, format="JPEG", quality=QUALITY, optimize=True)


if __name__ == "__main__":
    main()

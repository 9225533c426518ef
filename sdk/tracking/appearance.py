"""What pictures and faces look like, small: enough to see a cut, and to tell one person from another in one clip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sdk.data import Box, Image

Thumbnail: TypeAlias = NDArray[np.uint8]
"""A small picture, uint8 ``[S, S, 3]``."""

PICTURE_PIXELS: Final = 16
FACE_PIXELS: Final = 12

MAX_COLOUR_DIFFERENCE: Final = 23.0
"""Mean difference of two faces' pixels, in levels, from which they are not of one person in one light."""
MAX_PATTERN_DIFFERENCE: Final = 16.4
"""The same once brightness and contrast are made equal: the pattern of eyes, brows, hair and beard."""
MAX_SAMPLES: Final = 60
"""Looks at a face that are compared: more say the same."""

_CONTRAST, _MIN_CONTRAST = 40.0, 20.0


def thumbnail(image: Image) -> Thumbnail:
    """A whole picture, small."""
    return _shrunk(image, (0, 0, image.shape[1], image.shape[0]), PICTURE_PIXELS)


def face_thumbnail(image: Image, box: Box) -> Thumbnail:
    """The face in a box, small; black where the box is outside the picture."""
    height, width = image.shape[:2]
    left, top, right, bottom = max(0.0, box[0]), max(0.0, box[1]), min(box[2], width), min(box[3], height)
    if right - left < 1 or bottom - top < 1:
        return np.zeros((FACE_PIXELS, FACE_PIXELS, 3), dtype=np.uint8)
    return _shrunk(image, (left, top, right, bottom), FACE_PIXELS)


def difference(a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.float64]:
    """The mean difference of thumbnails, or of each of many ``[..., S, S, 3]``, in levels."""
    return np.asarray(np.abs(a.astype(np.int16) - b.astype(np.int16)).mean(axis=(-3, -2, -1)))


def is_same_person(one: Sequence[Thumbnail], other: Sequence[Thumbnail]) -> bool:
    """Whether two groups of faces, one at least in each, can be of one person in the same light.

    Every look in the smaller group is compared with the most similar one in the other, so that poses need not match.
    """
    few, many = sorted((_samples(one), _samples(other)), key=len)
    return bool(
        _distance(few, many) < MAX_COLOUR_DIFFERENCE and _distance(_even(few), _even(many)) < MAX_PATTERN_DIFFERENCE
    )


def pattern_difference(one: Thumbnail, other: Thumbnail) -> float:
    """How far two looks at a face differ once brightness and contrast are made equal, in levels."""
    a, b = _even(_samples([one])), _even(_samples([other]))
    return float(np.abs(a - b).mean())


def _samples(faces: Sequence[Thumbnail]) -> NDArray[np.float32]:
    chosen = np.linspace(0, len(faces) - 1, min(len(faces), MAX_SAMPLES)).astype(int)
    return np.asarray([faces[k] for k in chosen], dtype=np.float32).reshape(len(chosen), -1)


def _even(faces: NDArray[np.float32]) -> NDArray[np.float32]:
    spread = np.maximum(faces.std(axis=1, keepdims=True), _MIN_CONTRAST)
    return np.asarray((faces - faces.mean(axis=1, keepdims=True)) / spread * _CONTRAST)


def _distance(few: NDArray[np.float32], many: NDArray[np.float32]) -> float:
    nearest: Iterable[float] = (float(np.abs(many - one).mean(axis=1).min()) for one in few)
    return float(np.median([*nearest]))


def _shrunk(image: Image, box: Box, side: int) -> Thumbnail:
    picture = PIL.Image.fromarray(image)
    return np.asarray(picture.resize((side, side), PIL.Image.Resampling.BOX, box=box))

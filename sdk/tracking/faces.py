"""Finding faces with any detector, holding it to its contract, and choosing among several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, TypeAlias, TypeVar

import numpy as np

from sdk.data import Box, FloatArray, Image, Landmarks
from sdk.errors import Cancelled, ComponentBroken, ConfigError, FaceAmbiguous, FaceNotFound, SdkError
from sdk.face import lift
from sdk.interfaces import LandmarkDetector
from sdk.tracking.quality import sharpness

FaceSelector: TypeAlias = str | int | Box | None
"""Which of several faces: ``"largest"``, an index (0 is the largest), a box near it, or None where one is expected."""

RIVAL: Final = 1 / 3
"""The share of the largest face's width from which another face counts."""

T = TypeVar("T")


class Sighting(NamedTuple):
    """One face in one picture.

    Attributes:
        points: float32 ``[68, 3]``, pixels, with depth: where the detector knows none, the canonical face's.
        box: Pixels.
        width: Pixels across the jaw.
        sharp: Its sharpness.
        landmarks: What the detector said.
    """

    points: FloatArray
    box: Box
    width: float
    sharp: float
    landmarks: Landmarks


def find(detector: LandmarkDetector, images: Sequence[Image], places: Sequence[str]) -> list[list[Sighting]]:
    """Find the faces in pictures.

    Args:
        detector: Any landmark detector.
        images: uint8 ``[H, W, 3]`` each.
        places: What errors call each picture.

    Returns:
        For each picture its faces, largest first.

    Raises:
        ComponentBroken: The detector raised, or returned something other than its interface says.
    """
    try:
        found = detector.detect(images)
    except Exception as error:
        if isinstance(error, (SdkError, Cancelled)) and error.code != "not-finite":
            raise
        if len(images) > 1:  # one by one, to name the picture
            for image, place in zip(images, places, strict=True):
                find(detector, [image], [place])
        raise _broken(detector, f"raised {type(error).__name__}: {error}", places) from error
    if len(found) != len(images):
        raise _broken(detector, f"answered {len(images)} pictures with {len(found)} lists", places)
    return [
        sorted(
            (_sighting(detector, *pair, place) for pair in ((image, face) for face in faces)), key=lambda s: -s.width
        )
        for image, faces, place in zip(images, found, places, strict=True)
    ]


def _sighting(detector: LandmarkDetector, image: Image, face: Landmarks, place: str) -> Sighting:
    if not isinstance(face, Landmarks):
        raise _broken(detector, f"returned {type(face).__name__} where Landmarks are due", [place])
    if not np.isfinite(face.points).all() or not np.isfinite(face.box).all():
        raise _broken(detector, "returned numbers that are not finite", [place])
    points = face.points if face.depth else lift(face.points[None])[0]
    return Sighting(points, face.box, face.width, sharpness(image, face.box), face)


def _broken(detector: LandmarkDetector, what: str, places: Sequence[str]) -> ComponentBroken:
    where = places[0] if len(places) == 1 else f"{places[0]} to {places[-1]}"
    name = getattr(detector, "name", type(detector).__name__)
    return ComponentBroken(f"the landmark detector {name!r} {what}", where=where, hint="Try another detector.")


def choose(
    options: Sequence[T],
    face: FaceSelector,
    *,
    where: str,
    box: Callable[[T], Box],
    width: Callable[[T], float],
    counts: Callable[[T], bool] = lambda _: True,
) -> T:
    """Choose one face.

    Args:
        options: The faces, or the people over a clip; at least one, the one to prefer first.
        face: Which one.
        where: The file, for errors.
        box: Where an option is, in pixels.
        width: Its width in pixels.
        counts: Whether it is seen often enough to be taken for the one meant.

    Raises:
        FaceAmbiguous: Several count, and ``face`` is None.
        FaceNotFound: Nothing is at that index or box.
        ConfigError: ``face`` makes no sense.
    """
    boxes = tuple(tuple(round(edge, 1) for edge in box(option)) for option in options)
    listing = "; ".join(f"{index}: ({', '.join(f'{edge:.0f}' for edge in each)})" for index, each in enumerate(boxes))
    if face is None:
        rivals = [o for o in options[1:] if counts(o) and width(o) >= RIVAL * width(options[0])]
        if rivals:
            raise FaceAmbiguous(
                f"there are {len(rivals) + 1} faces: {listing}",
                boxes=tuple(box(option) for option in (options[0], *rivals)),
                where=where,
                hint='Choose one with face="largest", face=<its index>, or face=(left, top, right, bottom).',
            )
        return options[0]
    if face == "largest":
        return options[0]
    if isinstance(face, int) and not isinstance(face, bool):
        if not 0 <= face < len(options):
            raise FaceNotFound(f"there is no face {face}; the faces are {listing}", where=where)
        return options[face]
    if isinstance(face, tuple | list) and len(face) == 4 and face[2] > face[0] and face[3] > face[1]:
        best = max(options, key=lambda option: _overlap(box(option), face))
        if _overlap(box(best), face) == 0.0:
            raise FaceNotFound(f"there is no face at {tuple(face)}; the faces are {listing}", where=where)
        return best
    raise ConfigError(
        f"face={face!r} makes no sense", where="face", hint='Give "largest", an index, or (left, top, right, bottom).'
    )


def _overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    across = min(a[2], b[2]) - max(a[0], b[0])
    down = min(a[3], b[3]) - max(a[1], b[1])
    if across <= 0 or down <= 0:
        return 0.0
    both = across * down
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)

"""Faces in pictures: detected with any detector, held to its contract, and one of them selected."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeAlias, TypeVar

import numpy as np

from sdk.arguments import is_array, shown, whole
from sdk.data import Box, FloatArray, Image, Landmarks, read_box
from sdk.errors import Cancelled, ComponentBroken, ConfigError, FaceAmbiguous, FaceNotFound, SdkError
from sdk.face import lift
from sdk.interfaces import LandmarkDetector
from sdk.tracking.appearance import Thumbnail, face_thumbnail
from sdk.tracking.quality import sharpness

FaceSelector: TypeAlias = str | int | Box | None
"""Which of several faces: ``"largest"``, an index (0 is the largest), a box near it, or None where one is expected."""

RIVAL_WIDTH_SHARE: Final = 1 / 3
"""The share of the largest face's width from which another face makes the choice ambiguous."""


class Detection(NamedTuple):
    """One face in one picture, in pixels; ``landmarks`` are as the detector returned them."""

    points: FloatArray
    """float32 ``[68, 3]``; the depth is the canonical face's where the detector knows none."""
    box: Box
    width: float
    sharpness: float
    landmarks: Landmarks
    look: Thumbnail


class _Face(Protocol):
    @property
    def box(self) -> Box: ...
    @property
    def width(self) -> float: ...


F = TypeVar("F", bound=_Face)


def detect(detector: LandmarkDetector, images: Sequence[Image], places: Sequence[str]) -> list[list[Detection]]:
    """Detect the faces in pictures, uint8 ``[H, W, 3]`` each, largest first; errors call them by their ``places``.

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
                detect(detector, [image], [place])
        raise _broken(detector, f"raised {type(error).__name__}: {error}", places) from error
    if len(found) != len(images):
        raise _broken(detector, f"answered {len(images)} pictures with {len(found)} lists", places)
    return [
        sorted((_detection(detector, image, face, place) for face in faces), key=lambda one: -one.width)
        for image, faces, place in zip(images, found, places, strict=True)
    ]


def _detection(detector: LandmarkDetector, image: Image, face: Landmarks, place: str) -> Detection:
    if not isinstance(face, Landmarks):
        raise _broken(detector, f"returned {type(face).__name__} where Landmarks are due", [place])
    if not np.isfinite(face.points).all() or not np.isfinite(face.box).all():
        raise _broken(detector, "returned numbers that are not finite", [place])
    points = face.points if face.depth else lift(face.points[None])[0]
    return Detection(points, face.box, face.width, sharpness(image, face.box), face, face_thumbnail(image, face.box))


def _broken(detector: LandmarkDetector, what: str, places: Sequence[str]) -> ComponentBroken:
    where = places[0] if len(places) == 1 else f"{places[0]} to {places[-1]}"
    name = getattr(detector, "name", type(detector).__name__)
    return ComponentBroken(f"the landmark detector {name!r} {what}", where=where, hint="Try another detector.")


def select(faces: Sequence[F], face: FaceSelector, *, where: str, counts: Callable[[F], bool] = lambda _: True) -> F:
    """Select one of several faces or tracks, at least one, given in the order of preference.

    ``counts`` says whether a face is seen often enough to make a choice by None ambiguous. Raises ``FaceAmbiguous``,
    ``FaceNotFound`` or ``ConfigError``.
    """
    listing = "; ".join(
        f"{index}: ({', '.join(f'{round(edge, 1):.0f}' for edge in one.box)})" for index, one in enumerate(faces)
    )
    face = read_selector(face)
    if face is None:
        rivals = [one for one in faces[1:] if counts(one) and one.width >= RIVAL_WIDTH_SHARE * faces[0].width]
        if rivals:
            raise FaceAmbiguous(
                f"there are {len(rivals) + 1} faces: {listing}",
                boxes=tuple(one.box for one in (faces[0], *rivals)),
                where=where,
                hint='Choose one with face="largest", face=<its index>, or face=(left, top, right, bottom).',
            )
        return faces[0]
    if isinstance(face, str):
        return faces[0]
    if isinstance(face, int):
        if not 0 <= face < len(faces):
            raise FaceNotFound(f"there is no face {face}; the faces are {listing}", where=where)
        return faces[face]
    box = face
    best = max(faces, key=lambda one: _overlap(one.box, box))
    if _overlap(best.box, box) == 0.0:
        raise FaceNotFound(f"there is no face at {box}; the faces are {listing}", where=where)
    return best


def read_selector(face: Any) -> FaceSelector:
    """Take what says which face is meant, also as NumPy's numbers or a list.

    Raises:
        ConfigError: It is neither "largest", nor a whole number, nor a box.
    """
    if face is None or (isinstance(face, str) and face == "largest"):
        return face
    hint = 'Give "largest", an index, or (left, top, right, bottom).'
    try:
        if isinstance(face, tuple | list) or (is_array(face) and getattr(face, "ndim", 0) > 0):
            left, top, right, bottom = read_box(face, "face")
            if left < right and top < bottom:
                return left, top, right, bottom
        else:
            return whole(face, "face", low=-(1 << 31))
    except ConfigError as error:
        raise ConfigError(f"face={shown(face)} makes no sense", where="face", hint=hint) from error
    raise ConfigError(f"face={shown(face)} makes no sense", where="face", hint=hint)


def _overlap(a: Box, b: Box) -> float:
    """Intersection over union."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)

"""Stills of a person: several in no order, the portrait that is to speak, or a picture of their teeth."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from sdk.data import FloatArray, Portrait
from sdk.errors import ConfigError, FaceNotFound, FaceTooSmall, FaceUnreliable
from sdk.interfaces import LandmarkDetector
from sdk.media import ImageInput, Picture, read_image
from sdk.progress import Reporter
from sdk.tracking.detection import Detection, FaceSelector, detect, read_selector, select
from sdk.tracking.quality import quality_warnings, require_teeth, yaw_degrees
from sdk.tracking.turning import find_turns, given_box, is_upright, turned, turning_text

BACKGROUND_GREY: Final = 128
"""What a transparent picture is laid over while faces are detected."""


@dataclass(frozen=True, eq=False)
class FaceStills:
    """One face in several pictures.

    Attributes:
        points: float32 ``[N, 68, 3]``, each in its own picture's pixels, turned upright.
        used: Which of the pictures given they are from, N indices.
        width: The face's median width in pixels.
        warnings: What the caller should know.
        sha256: Of all pictures' pixels, hex.
    """

    points: FloatArray
    used: tuple[int, ...]
    width: float
    warnings: tuple[str, ...]
    sha256: str


def load_stills(
    images: Sequence[ImageInput],
    *,
    detector: LandmarkDetector,
    face: FaceSelector = None,
    report: Reporter | None = None,
) -> FaceStills:
    """Detect one person's face in each of several pictures.

    Pictures that cannot serve are left out with a warning; where none can, the first one's error is raised.

    Args:
        images: Paths, files' bytes, arrays or Pillow images; at least one.
        detector: Any landmark detector.
        face: Which one in each picture, where there are several.
        report: Progress, stage ``detect``.

    Raises:
        ConfigError: No pictures are given.
        FaceAmbiguous: A picture shows another face at least a third as wide; lists the boxes.
        FaceNotFound, FaceTooSmall, FaceUnreliable: As ``load_portrait``, in every picture.
        MediaError: A picture cannot be read.
        ComponentBroken: The detector failed; names the picture.
        Cancelled: The caller's token was cancelled.
    """
    report, face = report or Reporter(), read_selector(face)
    if not images:
        raise ConfigError("there are no pictures", hint="Give at least one picture of the person.")
    digest = hashlib.sha256()
    detections: dict[int, Detection] = {}
    warnings: list[str] = []
    errors: list[FaceNotFound | FaceTooSmall | FaceUnreliable] = []
    hint = "Give pictures in which one face is seen from the front."
    for index, image in enumerate(images):
        report("detect", index / len(images))
        place = f"image {index}" + (f", {os.fspath(image)}" if isinstance(image, str | os.PathLike) else "")
        picture = read_image(image)
        digest.update(repr(picture.pixels.shape).encode())
        digest.update(np.ascontiguousarray(picture.pixels).tobytes())
        try:
            _, one, poor = _detect_face(picture, detector=detector, face=face, where=place, hint=hint)
        except (FaceNotFound, FaceTooSmall, FaceUnreliable) as error:
            errors.append(error)
            warnings.append(f"image {index} is left out: {error.what}")
            continue
        warnings += [f"image {index}: {what}" for what in poor]
        detections[index] = one
    report("detect", 1.0)
    if not detections:
        raise errors[0]
    return FaceStills(
        points=np.stack([one.points for one in detections.values()]),
        used=tuple(detections),
        width=float(np.median([one.width for one in detections.values()])),
        warnings=tuple(warnings),
        sha256=digest.hexdigest(),
    )


def load_portrait(
    source: ImageInput, *, detector: LandmarkDetector, face: FaceSelector = None
) -> tuple[Portrait, tuple[str, ...]]:
    """Read a portrait and detect its face, or the one selected of several.

    A picture whose face lies on its side or is upside down is turned by quarters until it is upright. Boxes, given and
    in errors, are in the picture as it is given.

    Returns:
        The portrait, upright, its alpha kept, and warnings; one says that it was turned.

    Raises:
        MediaError: The picture cannot be read.
        FaceNotFound: There is no face, or none at that index or box.
        FaceAmbiguous: Another face is at least a third as wide; lists the boxes.
        FaceTooSmall: The face is under 48 pixels wide.
        FaceUnreliable: It is turned beyond 60 degrees.
        ComponentBroken: The detector failed.
    """
    face = read_selector(face)
    picture, one, warnings = _detect_face(
        read_image(source),
        detector=detector,
        face=face,
        where=os.fspath(source) if isinstance(source, str | os.PathLike) else "the portrait",
        hint="Give a portrait that looks towards the camera.",
    )
    return Portrait(picture.pixels, one.landmarks, picture.alpha), tuple(warnings)


def load_teeth(source: ImageInput, *, detector: LandmarkDetector) -> tuple[Portrait, tuple[str, ...]]:
    """Read a second picture of a person, which shows their teeth; of several faces the largest.

    Returns:
        The picture with its face, and warnings.

    Raises:
        FaceError: As ``load_portrait``; ``FaceUnreliable`` also where the mouth is closed.
        MediaError: The picture cannot be read.
    """
    name = os.fspath(source) if isinstance(source, str | os.PathLike) else "the picture of teeth"
    picture, warnings = load_portrait(source, detector=detector, face="largest")
    require_teeth(picture.landmarks.points, where=name)
    return picture, tuple(f"{name}: {warning}" for warning in warnings)


def _detect_face(
    picture: Picture, *, detector: LandmarkDetector, face: FaceSelector, where: str, hint: str
) -> tuple[Picture, Detection, list[str]]:
    """Detect the face meant in a still, and return it with the still, turned upright, and warnings.

    Raises what ``detect``, ``select`` and ``quality_warnings`` raise, and ``FaceNotFound`` with ``hint``.
    """
    shown = picture.over(BACKGROUND_GREY)
    faces: Sequence[Detection]
    (faces,) = detect(detector, [shown], [where])
    turns = 0
    if not is_upright(faces):
        turns, faces = find_turns(shown, faces, detector, where)
    if not faces:
        raise FaceNotFound("no face", where=where, hint=hint)
    height, width = shown.shape[:2]
    as_given = [one._replace(box=given_box(one.box, (width, height), turns)) for one in faces]
    chosen = select(as_given, face, where=where)
    one = next(one for one, given in zip(faces, as_given, strict=True) if given is chosen)
    warnings: list[str] = []
    if turns:
        alpha = None if picture.alpha is None else turned(picture.alpha, turns)
        picture, warnings = Picture(turned(picture.pixels, turns), alpha), [turning_text(turns)]
    yaw = float(yaw_degrees(one.points[None])[0])
    return picture, one, warnings + quality_warnings(width=one.width, yaw=yaw, sharpness=one.sharpness, where=where)

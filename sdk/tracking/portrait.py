"""The picture that is to speak."""

from __future__ import annotations

import os
from typing import TypeAlias

from sdk.data import Portrait
from sdk.interfaces import LandmarkDetector
from sdk.media import ImageInput, read_image
from sdk.tracking.detection import FaceSelector, detect_face
from sdk.tracking.quality import require_teeth

PortraitInput: TypeAlias = ImageInput
"""A path, a file's bytes, a binary file object, an array, or a Pillow image."""


def load_portrait(
    source: PortraitInput, *, detector: LandmarkDetector, face: FaceSelector = None
) -> tuple[Portrait, tuple[str, ...]]:
    """Read a portrait and detect its face, or the one selected of several.

    Returns:
        The portrait, its alpha kept, and warnings.

    Raises:
        MediaError: The picture cannot be read.
        FaceNotFound: There is no face, or none at that index or box.
        FaceAmbiguous: Another face is at least a third as wide; lists the boxes.
        FaceTooSmall: The face is under 48 pixels wide.
        FaceUnreliable: It is turned beyond 60 degrees.
        ComponentBroken: The detector failed.
    """
    picture = read_image(source)
    one, warnings = detect_face(
        picture,
        detector=detector,
        face=face,
        where=os.fspath(source) if isinstance(source, str | os.PathLike) else "the portrait",
        hint="Give a portrait that looks towards the camera.",
    )
    return Portrait(picture.pixels, one.landmarks, picture.alpha), tuple(warnings)


def load_teeth(source: PortraitInput, *, detector: LandmarkDetector) -> tuple[Portrait, tuple[str, ...]]:
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

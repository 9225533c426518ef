"""The picture that is to speak."""

from __future__ import annotations

import os
from typing import Final, TypeAlias

import numpy as np

from sdk.data import Image, Portrait
from sdk.errors import FaceNotFound
from sdk.interfaces import LandmarkDetector
from sdk.media import ImageInput, Picture, read_image
from sdk.tracking.faces import FaceSelector, choose, find
from sdk.tracking.quality import judge, require_teeth, turn

PortraitInput: TypeAlias = ImageInput
"""A path, a file's bytes, a binary file object, an array, or a Pillow image."""

GREY: Final = 128
"""What stands behind a transparent picture while faces are looked for."""


def load_portrait(
    source: PortraitInput, *, detector: LandmarkDetector, face: FaceSelector = None
) -> tuple[Portrait, tuple[str, ...]]:
    """Read a portrait and find its face.

    Args:
        source: The picture.
        detector: Finds the face.
        face: Which one, where there are several; None expects one.

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
    name = os.fspath(source) if isinstance(source, str | os.PathLike) else "the portrait"
    picture = read_image(source)
    (faces,) = find(detector, [composite(picture)], [name])
    if not faces:
        raise FaceNotFound("no face", where=name, hint="Give a portrait that looks towards the camera.")
    one = choose(faces, face, where=name, box=lambda one: one.box, width=lambda one: one.width)
    yaw = float(turn(one.points[None])[0])
    warnings = judge(width=one.width, yaw=yaw, sharp=one.sharp, where=name)
    return Portrait(picture.pixels, one.landmarks, picture.alpha), tuple(warnings)


def load_teeth(source: PortraitInput, *, detector: LandmarkDetector) -> tuple[Portrait, tuple[str, ...]]:
    """Read a second picture of somebody, which shows what is behind their lips; of several faces the largest.

    Args:
        source: The picture.
        detector: Finds the face.

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


def composite(picture: Picture) -> Image:
    """The picture as it looks on grey; untouched where it is opaque."""
    if picture.alpha is None:
        return picture.pixels
    share = picture.alpha[:, :, None].astype(np.uint16)
    mixed = picture.pixels * share + GREY * (255 - share)
    return np.asarray((mixed + 127) // 255, dtype=np.uint8)

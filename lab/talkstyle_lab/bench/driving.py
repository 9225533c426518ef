"""What drives the portraits of ``talkstyle bench render``: a synthetic cycle, and faces in clips."""

from __future__ import annotations

from fractions import Fraction
from itertools import islice
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdk.data import Image, Landmarks, Motion
from sdk.errors import FaceNotFound
from sdk.face import normalise
from sdk.geometry import BROWS, MOUTH, canonical_face
from sdk.interfaces import LandmarkDetector
from sdk.media import MediaInput, VideoReader
from sdk.progress import Reporter

CYCLE: Final = "cycle"  # the name of the motion that is not taken from a clip
FPS: Final = Fraction(25)
FRAME_STRIDE: Final = 2  # through clips: twice the variety for the same work

_FALL: Final = (
    {3: 0.02, 4: 0.09, 5: 0.2, 6: 0.31, 7: 0.37, 8: 0.4, 9: 0.37, 10: 0.31, 11: 0.2, 12: 0.09, 13: 0.02}
    | {65: 0.85, 66: 0.9, 67: 0.85, 55: 0.55, 56: 0.87, 57: 0.87, 58: 0.87, 59: 0.55}
    | {61: -0.08, 62: -0.08, 63: -0.08, 50: -0.08, 51: -0.08, 52: -0.08, 48: 0.25, 54: 0.25, 60: 0.25, 64: 0.25}
)
"""How far points go down when the mouth opens by one: the jaw, the lower lip, the upper lip, the corners.

The chin's 0.4 is the most that the landmarks of talk in clips show: detectors see jaws move less than jaws do."""


class Driver(NamedTuple):
    """Motion, and the pictures that it was taken from, if any."""

    name: str
    motion: Motion
    pictures: list[Image]


def cycle(frames: int) -> Motion:
    """A face that opens its mouth six times, wide and rounded by turns, blinks every 40 frames, nods and turns.

    The mouth opens by up to 0.28 outer-eye distances, the head turns by up to 9 degrees.
    """
    time = np.arange(frames) / frames
    face = canonical_face().astype(np.float64)
    move = np.zeros((frames, 68, 3))
    opening = 0.14 * (1 - np.cos(2 * np.pi * 6 * time))
    for point, share in _FALL.items():
        move[:, point, 1] += share * opening
    turns = np.sin(2 * np.pi * 2 * time)
    wide, rounded = 0.6 * turns.clip(0), 0.5 * (-turns).clip(0)
    move[:, MOUTH, 0] += (0.2 * wide - 0.3 * rounded)[:, None] * face[MOUTH, 0]
    move[:, MOUTH, 2] -= 0.05 * rounded[:, None]
    shut = np.maximum(0.0, 1 - np.abs(np.arange(frames) % 40 - 20) / 4)
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        gap = 0.85 * shut[:, None] * (face[lower] - face[upper])
        move[:, upper] += 0.88 * gap
        move[:, lower] -= 0.12 * gap
    move[:, BROWS, 1] -= 0.05 * np.sin(2 * np.pi * time)[:, None] ** 2
    pose = np.zeros((frames, 6))
    pose[:, 0] = 0.12 * np.sin(2 * np.pi * time)
    pose[:, 1] = 0.15 * np.sin(2 * np.pi * 2 * time)
    pose[:, 2] = 0.08 * np.cos(2 * np.pi * time) - 0.08
    return Motion(move.astype(np.float32), pose.astype(np.float32), FPS)


def largest(detector: LandmarkDetector, image: Image) -> Landmarks | None:
    """The largest face in a picture, or None."""
    (faces,) = detector.detect([image])
    return faces[0] if faces else None


def follow(clip: MediaInput, name: str, frames: int, *, detector: LandmarkDetector, report: Reporter) -> Driver:
    """Follow a face through every other frame of a clip's beginning; frames without a face are left out.

    Raises:
        MediaError: The clip cannot be read.
        FaceNotFound: In fewer than half of the frames is a face.
    """
    points: list[NDArray[np.float32]] = []
    pictures: list[Image] = []
    number = 0
    for number, frame in enumerate(islice(VideoReader(clip), 0, FRAME_STRIDE * frames, FRAME_STRIDE), 1):
        report("look", number / frames, name)
        face = largest(detector, frame.image)
        if face is not None:
            points.append(face.points)
            pictures.append(frame.image)
    if 2 * len(points) < number or not points:
        hint = "Give a clip in which one face is seen from the front."
        raise FaceNotFound(f"a face in {len(points)} of {number} frames only", where=name, hint=hint)
    return Driver(name, normalise(np.stack(points), rate=FPS), pictures)

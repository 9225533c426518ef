"""Which way is up: pictures and clips that were saved lying on their side or upside down.

A detector finds a face that is upside down too, but lays an upright one over it, its mouth on the forehead. The
landmarks alone do not show that: a picture is looked at in all four orientations, and they vote.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from sdk.data import Box, Floats, Image
from sdk.interfaces import LandmarkDetector
from sdk.tracking.detection import Detection, detect

SURE_SCORE: Final = 0.85
"""From this score on, a face that looks upright is: those found in faces that are upside down have under 0.8."""
MAX_ROLL_DEGREES: Final = 70
"""How far a head may be tilted in a picture that is not turned by a quarter."""
AGREEMENT_DEGREES: Final = 45
"""How far two orientations may differ on a head's tilt and still mean the same."""
CLIP_PROBES: Final = 5
"""Frames of a doubtful clip that are looked at in all orientations."""


def is_upright(faces: Sequence[Detection]) -> bool:
    """Whether the largest face, if any, is upright for sure, so that no other orientation need be looked at.

    A score of exactly 1 is that of a detector without scores, and says nothing.
    """
    if not faces:
        return False
    score, roll = faces[0].landmarks.score, roll_degrees(faces[0].points)
    return SURE_SCORE <= score < 1.0 and abs(roll) <= MAX_ROLL_DEGREES


def roll_degrees(points: Floats) -> float:
    """How far a face ``[68, 3]`` is tilted in the picture, clockwise."""
    across = points[45, :2] - points[36, :2]
    return float(np.degrees(np.arctan2(across[1], across[0])))


def find_turns(
    image: Image, faces: Sequence[Detection], detector: LandmarkDetector, place: str
) -> tuple[int, Sequence[Detection]]:
    """Find how a picture must be turned for its largest face to be upright.

    In each orientation, the face found there says how far it is tilted in the picture given. The picture is turned to
    where the face is upright and most others agree, if one at least does, the face is no less sure there, and it is not
    seen as well without turning.

    Args:
        image: uint8 ``[H, W, 3]``.
        faces: What was detected in it as it is, largest first.
        detector: The detector.
        place: What errors call the picture.

    Returns:
        Quarter turns counterclockwise, 0 to 3, and the faces in the picture turned so; those given for 0.
    """
    views = {0: faces}
    for turns in (1, 2, 3):
        (views[turns],) = detect(detector, [turned(image, turns)], [place])
    largest = {turns: found[0] for turns, found in views.items() if found}
    tilts = {turns: roll_degrees(face.points) + 90 * turns for turns, face in largest.items()}

    def agreeing(turns: int) -> list[float]:
        near = [other for other, tilt in tilts.items() if abs(_within_180(tilt - tilts[turns])) <= AGREEMENT_DEGREES]
        return [largest[other].landmarks.score for other in near]

    def rank(turns: int) -> tuple[float, float]:
        return sum(agreeing(turns)), largest[turns].landmarks.score

    upright = [turns for turns, face in largest.items() if abs(roll_degrees(face.points)) <= MAX_ROLL_DEGREES]
    best = max(upright, key=rank, default=0)
    if best:
        least = largest[0].landmarks.score if 0 in largest else 0.0
        seen_as_given = 0 in upright and abs(_within_180(tilts[0] - tilts[best])) <= AGREEMENT_DEGREES
        if seen_as_given or len(agreeing(best)) < 2 or largest[best].landmarks.score < least:
            best = 0
    return best, views[best]


def clip_turns(
    faces: Sequence[Sequence[Detection]],
    frames: Callable[[Sequence[int]], Sequence[Image]],
    detector: LandmarkDetector,
    name: str,
) -> int:
    """Find how a clip must be turned: as a few of its frames say, of which most must agree.

    Args:
        faces: What was detected in each frame as it is.
        frames: Reads frames by their numbers.
        detector: The detector.
        name: What errors call the clip.
    """
    seen = [frame for frame, found in enumerate(faces) if found]
    sure = sum(is_upright(found) for found in faces)
    if 2 * sure > len(seen) and 5 * len(seen) >= len(faces):
        return 0
    among = seen if 5 * len(seen) >= len(faces) else range(len(faces))
    asked = sorted({among[k] for k in np.linspace(0, len(among) - 1, CLIP_PROBES).astype(int)})
    found = [
        find_turns(image, faces[frame], detector, f"{name}, frame {frame}")[0]
        for frame, image in zip(asked, frames(asked), strict=True)
    ]
    best = max(set(found), key=found.count)
    return best if 2 * found.count(best) > len(found) else 0


def turned(image: Image, turns: int) -> Image:
    """Turn an array ``[H, W, ...]`` by quarters counterclockwise; the same one for 0."""
    return np.ascontiguousarray(np.rot90(image, turns)) if turns % 4 else image


def given_box(box: Box, size: tuple[int, int], turns: int) -> Box:
    """A box in a picture that was turned, as it is in the picture given, which is ``(width, height)`` large."""
    width, height = size
    left, top, right, bottom = box
    return {
        0: box,
        1: (width - bottom, left, width - top, right),
        2: (width - right, height - bottom, width - left, height - top),
        3: (top, height - right, bottom, height - left),
    }[turns % 4]


def turning_text(turns: int) -> str:
    """Say how a face lay in the picture given, and what was done about it."""
    where = {1: "lies on its side", 2: "is upside down", 3: "lies on its side"}[turns]
    how = {1: "90 degrees counterclockwise", 2: "180 degrees", 3: "90 degrees clockwise"}[turns]
    return f"the face {where}, so the picture was turned by {how}"


def _within_180(degrees: float) -> float:
    return (degrees + 180) % 360 - 180

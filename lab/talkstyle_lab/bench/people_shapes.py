"""The mouths and blinks of people in clips, beside which those of portraits are looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdk.data import Image, Motion
from sdk.geometry import canonical_face, mouth_opening
from talkstyle_lab.bench.openings import Opening, brows_way, eye_gap, mesh_opening

PERSON: Final = "(the person)"
WIDEST: Final = 0.15  # share of the frames in which a mouth's shape is measured: those in which it is widest
SHUT: Final = 0.45  # of the open eye: below it a frame belongs to a blink
OPEN: Final = 0.8  # above it the eye is open
NEAR: Final = range(3, 10)  # frames before and after a blink's middle among which open eyes are looked for


class PersonBlink(NamedTuple):
    """What moves in a person's blinks, as it is detected."""

    brows: float  # the mean way of the brows' points in a blink, % of the opening of the eyes; the median blink
    left_open: float  # the opening of the shut eyes over that of the open ones


def widest_frames(motion: Motion) -> NDArray[np.intp]:
    """The frames in which the mouth is widest, the widest last."""
    order = np.argsort(mouth_opening(canonical_face() + motion.expression), kind="stable")
    return order[-max(1, round(WIDEST * len(motion))) :]


def mesh_openings(pictures: Sequence[Image]) -> list[Opening]:
    """The shapes of open mouths in pictures of faces, by MediaPipe's mesh; none without MediaPipe."""
    if find_spec("mediapipe") is None:
        return []
    from talkstyle_mediapipe.mesh import Mesh, model_bundle

    mesh = Mesh(max_faces=1, min_confidence=0.5, bundle=model_bundle(None))
    shapes = []
    for picture in pictures:
        side = max(picture.shape[:2])
        square = np.zeros((side, side, 3), np.uint8)
        square[: picture.shape[0], : picture.shape[1]] = picture
        shapes += [mesh_opening(face.points) for face in mesh.faces(square)]
    return [shape for shape in shapes if shape is not None]


def person_blink(motion: Motion) -> PersonBlink | None:
    """What a detector sees a person's brows do in blinks, against the nearest frames with open eyes; None without."""
    points = canonical_face() + motion.expression
    gaps = np.array([eye_gap(face) for face in points])
    open_gap = float(np.percentile(gaps, 90))
    ways, left = [], []
    for shut in _blinks(gaps, SHUT * open_gap):
        opened = [k for way in (-1, 1) for k in _first_open(gaps, shut, way, OPEN * open_gap)]
        if opened:
            way = np.mean([brows_way(points[k], points[shut]) for k in opened], axis=0)
            ways.append(float(100 * np.linalg.norm(way, axis=-1).mean() / open_gap))
            left.append(float(gaps[shut] / open_gap))
    return PersonBlink(float(np.median(ways)), float(np.median(left))) if ways else None


def _blinks(gaps: NDArray[np.float64], below: float) -> Iterator[int]:
    """The frame of each blink in which the eyes are most shut."""
    shut = np.flatnonzero(gaps < below)
    for run in np.split(shut, np.flatnonzero(np.diff(shut) > 1) + 1):
        if len(run):
            yield int(run[np.argmin(gaps[run])])


def _first_open(gaps: NDArray[np.float64], shut: int, way: int, above: float) -> list[int]:
    near = [k for k in (shut + way * step for step in NEAR) if 0 <= k < len(gaps) and gaps[k] > above]
    return near[:1]

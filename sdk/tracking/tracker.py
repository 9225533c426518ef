"""Following faces through a clip: which face in one frame is the same as in the frames before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from sdk.data import Box
from sdk.tracking.detection import Detection, FaceSelector, select

MAX_STEP_WIDTHS: Final = 0.75
"""How far a face may go from one detection to the next, in widths."""
MIN_WIDTH_RATIO: Final = 0.5
"""The ratio of two widths under which they are not of the same face."""
MIN_FRAMES_SHARE: Final = 0.2
"""The share of a clip's frames from which a face counts."""


class Track:
    """One face over a clip: its ``detections``, by frame."""

    def __init__(self, frame: int, detection: Detection) -> None:
        self.detections = {frame: detection}

    @property
    def width(self) -> float:
        """The median width in pixels."""
        return float(np.median([one.width for one in self.detections.values()]))

    @property
    def box(self) -> Box:
        """The median box in pixels."""
        left, top, right, bottom = np.median([one.box for one in self.detections.values()], axis=0)
        return float(left), float(top), float(right), float(bottom)

    def distance(self, face: Detection) -> float:
        """From the last detection to another, in widths; infinite where one is much smaller."""
        last = next(reversed(self.detections.values()))
        if min(last.width, face.width) < MIN_WIDTH_RATIO * max(last.width, face.width):
            return float("inf")
        across = (last.box[0] + last.box[2] - face.box[0] - face.box[2]) / 2
        down = (last.box[1] + last.box[3] - face.box[1] - face.box[3]) / 2
        return float(np.hypot(across, down)) / max(last.width, face.width)


def follow(frames: Sequence[Sequence[Detection]], face: FaceSelector, *, where: str) -> Track | None:
    """Follow the selected face through a clip's frames; None where none was detected.

    Errors are those of ``sdk.tracking.detection.select``.
    """
    tracks: list[Track] = []
    for frame, faces in enumerate(frames):
        # Nearest pairs first, each track at most once.
        new = dict(enumerate(faces))
        pairs = sorted((track.distance(one), t, f) for t, track in enumerate(tracks) for f, one in new.items())
        matched: set[int] = set()
        for distance, t, f in pairs:
            if distance < MAX_STEP_WIDTHS and t not in matched and f in new:
                matched.add(t)
                tracks[t].detections[frame] = new.pop(f)
        tracks += [Track(frame, one) for one in new.values()]
    min_frames = MIN_FRAMES_SHARE * len(frames)
    joined = sorted(_joined(tracks), key=lambda one: (len(one.detections) < min_frames, -one.width))
    if not joined:
        return None
    return select(joined, face, where=where, counts=lambda one: len(one.detections) >= min_frames)


def _joined(tracks: Iterable[Track]) -> list[Track]:
    """Join tracks that never share a frame: somebody who left and came back, or a cut."""
    joined: list[Track] = []
    for track in sorted(tracks, key=lambda one: -one.width * len(one.detections)):
        for other in joined:
            apart = other.detections.keys().isdisjoint(track.detections)
            if apart and MIN_WIDTH_RATIO <= track.width / other.width <= 1 / MIN_WIDTH_RATIO:
                other.detections = dict(sorted((other.detections | track.detections).items()))
                break
        else:
            joined.append(track)
    return joined

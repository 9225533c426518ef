"""Following faces through a clip: which face in one frame is the same as in others, within a shot and across cuts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np

from sdk.data import Box
from sdk.tracking.appearance import is_same_person
from sdk.tracking.detection import RIVAL_WIDTH_SHARE, Detection, FaceSelector, select
from sdk.tracking.shots import Shots

MAX_STEP_WIDTHS: Final = 0.75
"""How far a face may go from one detection to the next, in widths."""
MIN_WIDTH_RATIO: Final = 0.5
"""The ratio of two widths within a shot under which they are not of the same face."""
MIN_FRAMES_SHARE: Final = 0.2
"""The share of a clip's frames from which a face counts."""


class Track:
    """One face over a clip: its ``detections``, by frame, and the ``shots`` that it is in."""

    def __init__(self, frame: int, detection: Detection, shot: int) -> None:
        self.detections = {frame: detection}
        self.shots = {shot}

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

    def can_be(self, other: Track) -> bool:
        """Whether another track, of other frames, can be of the same person.

        Within a shot the face must be about as large; across a cut it may be closer or further away.
        """
        ratio = min(self.width, other.width) / max(self.width, other.width)
        if not self.detections.keys().isdisjoint(other.detections):
            return False
        if not self.shots.isdisjoint(other.shots) and ratio < MIN_WIDTH_RATIO:
            return False
        mine, theirs = ([face.look for face in one.detections.values()] for one in (self, other))
        return is_same_person(mine, theirs)

    def join(self, other: Track) -> None:
        """Take another's detections in."""
        self.detections = dict(sorted((self.detections | other.detections).items()))
        self.shots |= other.shots


class Followed(NamedTuple):
    """The face that was selected, and the others by their index in the order of selection."""

    track: Track
    number: int
    others: dict[int, Track]


def follow(
    frames: Sequence[Sequence[Detection]], face: FaceSelector, *, shots: Shots | None = None, where: str
) -> Followed | None:
    """Follow the selected face through a clip's frames, or the one seen longest; None where none was detected.

    The order of selection is by size, with those first that are seen together with the face seen longest; a choice by
    None is ambiguous between these alone. Errors are those of ``sdk.tracking.detection.select``.
    """
    shots = shots or Shots(((0, len(frames)),))
    tracks = [track for number in range(len(shots.spans)) for track in _within(frames, shots, number)]
    min_frames = MIN_FRAMES_SHARE * len(frames)

    def counts(one: Track) -> bool:
        return len(one.detections) >= min_frames

    joined = sorted(_joined(tracks), key=lambda one: (not counts(one), -one.width))
    if not joined:
        return None
    large = [one for one in joined if counts(one) and one.width >= RIVAL_WIDTH_SHARE * joined[0].width]
    longest = max(large or joined[:1], key=lambda one: len(one.detections))
    together = [one for one in large if len(one.detections.keys() & longest.detections.keys()) >= min_frames]
    joined.sort(key=lambda one: one not in (together or [longest]))  # stable: those seen together first, by size
    chosen = select(joined, face, where=where, counts=lambda one: one in together)
    return Followed(chosen, joined.index(chosen), {k: one for k, one in enumerate(joined) if one is not chosen})


def _within(frames: Sequence[Sequence[Detection]], shots: Shots, number: int) -> list[Track]:
    """Follow all faces through one shot."""
    tracks: list[Track] = []
    for frame in range(*shots.spans[number]):
        if frame in shots.flashes:
            continue
        # Nearest pairs first, each track at most once.
        new = dict(enumerate(frames[frame]))
        pairs = sorted((track.distance(one), t, f) for t, track in enumerate(tracks) for f, one in new.items())
        matched: set[int] = set()
        for distance, t, f in pairs:
            if distance < MAX_STEP_WIDTHS and t not in matched and f in new:
                matched.add(t)
                tracks[t].detections[frame] = new.pop(f)
        tracks += [Track(frame, one, number) for one in new.values()]
    return tracks


def _joined(tracks: Iterable[Track]) -> list[Track]:
    """Join tracks of one person: somebody who left and came back, or is seen again after a cut."""
    joined: list[Track] = []
    for track in sorted(tracks, key=lambda one: -one.width * len(one.detections)):
        for other in joined:
            if other.can_be(track):
                other.join(track)
                break
        else:
            joined.append(track)
    return joined

"""A face over time: from the frames in which it was detected to the exact 60 Hz of motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from sdk.data import MOTION_RATE, FloatArray, Floats, Motion
from sdk.face import normalise
from sdk.geometry import POINTS

MAX_GAP_SECONDS: Final = 0.25
"""Seconds between two detections up to which the face is interpolated."""

BLOCK_FRAMES: Final = 3600
"""Frames that are interpolated at once: the double precision of a whole long clip would be large."""


@dataclass(frozen=True, kw_only=True)
class Shot:
    """A stretch of a clip without a cut.

    Attributes:
        start: Seconds.
        end: Seconds.
        shows: "face": the face that is followed; "other": another person, or the same in another light or from another
            side, which is left out; "nobody".
    """

    start: float
    end: float
    shows: Literal["face", "other", "nobody"]


@dataclass(frozen=True, eq=False)
class FaceTrack:
    """One face through a clip; frame ``k`` is at ``k / 60`` seconds from the clip's beginning.

    Attributes:
        points: float32 ``[T, 68, 3]``, pixels; finite in frames that are not valid too.
        valid: bool ``[T]``: where the face was detected, or lies in a gap of at most 0.25 s.
        size: ``(width, height)`` of the video in pixels.
        width: The face's median width in pixels.
        yaw: Its median turn in degrees; positive towards the picture's right.
        sharpness: Its median sharpness; see ``sdk.tracking.quality``.
        frame_sharpness: That of the detection nearest to each frame, float32 ``[T]``.
        rate: How often its picture changes, times a second: not how many frames the file holds.
        turns: By how many quarters counterclockwise the clip was turned for the face to be upright; ``size`` and
            ``points`` are of the turned one.
        shots: The clip's shots, in seconds; one where it is not cut.
        spans: The frames of each shot that shows the face; together they are all frames.
        warnings: What the caller should know.
        sha256: Of the file, hex.
    """

    points: FloatArray
    valid: NDArray[np.bool_]
    size: tuple[int, int]
    width: float
    yaw: float
    sharpness: float
    frame_sharpness: FloatArray
    rate: float
    turns: int
    shots: tuple[Shot, ...]
    spans: tuple[slice, ...]
    warnings: tuple[str, ...]
    sha256: str

    @property
    def duration(self) -> Fraction:
        """Seconds, exact."""
        return len(self.points) / MOTION_RATE

    def motion(self, frames: slice = slice(None)) -> Motion:
        """The face's motion, T frames; its neutral face and rest come from the valid ones among ``frames`` alone."""
        valid = np.zeros(len(self.points), dtype=np.bool_)
        valid[frames] = self.valid[frames]
        return normalise(self.points, valid=valid, spans=self.spans)


def frame_interval(times: Sequence[Fraction]) -> Fraction:
    """The median time from one frame to the next, in seconds."""
    steps = sorted(b - a for a, b in pairwise(times))
    return steps[len(steps) // 2] if steps else Fraction(1, 25)


def max_gap_seconds(interval: Fraction) -> float:
    """Seconds between two detections up to which a face is interpolated, in a clip with that time between frames."""
    return max(MAX_GAP_SECONDS, 2 * float(interval))


def resample(
    times: Sequence[Fraction], detected: Sequence[int], points: Floats, *, cuts: Sequence[int] = ()
) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Put the ``points`` ``[N, 68, 3]`` of the ``detected`` frames, one at least, on the motion's clock.

    They are interpolated linearly by the clip's frame ``times`` in seconds, and held to the end of the last frame. From
    each frame in ``cuts``, which are detected, back to the detection before, nothing is valid, so that no motion leads
    across. Returns ``points`` ``[T, 68, 3]`` and ``valid`` ``[T]``.
    """
    interval = frame_interval(times)
    count = max(1, ceil((times[-1] + interval) * MOTION_RATE))
    clock = np.arange(count) / float(MOTION_RATE)
    given = np.array([float(times[frame]) for frame in detected])
    last = len(given) - 1
    after = np.searchsorted(given, clock, side="right").clip(min(1, last), last)
    before = np.maximum(after - 1, 0)
    span = given[after] - given[before]
    # Clipped: the ends are held.
    share = np.clip((clock - given[before]) / np.where(span > 0, span, 1.0), 0.0, 1.0)[:, None, None]
    mixed = np.empty((count, POINTS, 3), dtype=np.float32)
    for start in range(0, count, BLOCK_FRAMES):
        part = slice(start, start + BLOCK_FRAMES)
        mixed[part] = points[before[part]] * (1 - share[part]) + points[after[part]] * share[part]
    inside = (clock >= given[0]) & (clock <= given[-1])
    nearest = np.minimum(np.abs(clock - given[before]), np.abs(clock - given[after]))
    bridged = inside & (span > 0) & (span <= max_gap_seconds(interval) + 1e-9)
    valid = bridged | (nearest <= float(interval) * 1.001)
    for cut in cuts:
        at = detected.index(cut)
        valid[(clock > given[at - 1]) & (clock <= given[at])] = False
    return mixed, valid


def nearest_values(
    times: Sequence[Fraction], detected: Sequence[int], values: Sequence[float], count: int
) -> FloatArray:
    """What was measured at the detection nearest to each of ``count`` frames of motion, float32 ``[count]``."""
    given = np.array([float(times[frame]) for frame in detected])
    at = np.searchsorted((given[1:] + given[:-1]) / 2, np.arange(count) / float(MOTION_RATE))
    return np.asarray(values, dtype=np.float32)[at]

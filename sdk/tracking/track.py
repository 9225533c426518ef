"""A face over time: from the frames it was seen in to the exact 60 Hz of motion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil

import numpy as np
from numpy.typing import NDArray

from sdk.data import MOTION_RATE, FloatArray, Floats, Motion
from sdk.face import normalise
from sdk.geometry import POINTS

GAP = 0.25
"""Seconds between two sightings up to which the face is interpolated."""

BLOCK = 3600
"""Frames that are interpolated at once: the double precision of a whole long clip would be large."""


@dataclass(frozen=True, eq=False)
class FaceTrack:
    """One face through a clip; frame ``k`` stands at ``k / 60`` seconds from the clip's beginning.

    Attributes:
        points: float32 ``[T, 68, 3]``, pixels. Finite everywhere: frames that are not valid are carried over.
        valid: bool ``[T]``: where the face was seen, or lies in a gap of at most 0.25 s.
        size: ``(width, height)`` of the video in pixels.
        width: The face's median width in pixels.
        yaw: Its median turn in degrees; positive towards the picture's right.
        sharpness: Its median sharpness; see ``sdk.tracking.quality``.
        sharp: Its sharpness at each frame, that of the nearest sighting, float32 ``[T]``.
        warnings: What the caller should know.
        sha256: Of the file, hex.
    """

    points: FloatArray
    valid: NDArray[np.bool_]
    size: tuple[int, int]
    width: float
    yaw: float
    sharpness: float
    sharp: FloatArray
    warnings: tuple[str, ...]
    sha256: str

    @property
    def duration(self) -> Fraction:
        """Seconds, exact."""
        return len(self.points) / MOTION_RATE

    def motion(self, frames: slice = slice(None)) -> Motion:
        """The face's motion, T frames; its neutral face and rest come from the valid ones among ``frames`` alone."""
        known = np.zeros(len(self.points), dtype=np.bool_)
        known[frames] = self.valid[frames]
        return normalise(self.points, known=known)


def frame_interval(times: Sequence[Fraction]) -> Fraction:
    """The usual time from one frame to the next, in seconds: the median."""
    steps = sorted(b - a for a, b in pairwise(times))
    return steps[len(steps) // 2] if steps else Fraction(1, 25)


def longest_gap(step: Fraction) -> float:
    """Seconds between two sightings up to which a face is interpolated, in a clip with that time between frames."""
    return max(GAP, 2 * float(step))


def resample(times: Sequence[Fraction], seen: Sequence[int], points: Floats) -> tuple[FloatArray, NDArray[np.bool_]]:
    """Put sightings on the motion's clock, linearly by their timestamps.

    Args:
        times: When each frame of the clip is shown, seconds, increasing.
        seen: The frames with a face, increasing; at least one.
        points: Its landmarks there, ``[len(seen), 68, 3]``.

    Returns:
        ``points`` ``[T, 68, 3]`` and ``valid`` ``[T]``, to the end of the last frame.
    """
    step = frame_interval(times)
    count = max(1, ceil((times[-1] + step) * MOTION_RATE))
    clock = np.arange(count) / float(MOTION_RATE)
    known = np.array([float(times[frame]) for frame in seen])
    after = np.searchsorted(known, clock, side="right").clip(1, max(1, len(known) - 1))
    if len(known) == 1:
        after = np.zeros(count, dtype=np.intp)
    before = np.maximum(after - 1, 0)
    span = known[after] - known[before]
    # Clipped: the ends are held.
    share = np.clip((clock - known[before]) / np.where(span > 0, span, 1.0), 0.0, 1.0)[:, None, None]
    mixed = np.empty((count, POINTS, 3), dtype=np.float32)
    for start in range(0, count, BLOCK):
        part = slice(start, start + BLOCK)
        mixed[part] = points[before[part]] * (1 - share[part]) + points[after[part]] * share[part]
    inside = (clock >= known[0]) & (clock <= known[-1])
    nearest = np.minimum(np.abs(clock - known[before]), np.abs(clock - known[after]))
    valid = np.where(inside & (span > 0), span <= longest_gap(step) + 1e-9, False) | (nearest <= float(step) * 1.001)
    return mixed, valid


def nearest(times: Sequence[Fraction], seen: Sequence[int], values: Sequence[float], count: int) -> FloatArray:
    """What was measured at the sighting nearest to each of ``count`` frames of motion, float32 ``[count]``."""
    known = np.array([float(times[frame]) for frame in seen])
    between = (known[1:] + known[:-1]) / 2
    at = np.searchsorted(between, np.arange(count) / float(MOTION_RATE))
    return np.asarray(values, dtype=np.float32)[at]


def gaps(times: Sequence[Fraction], seen: Sequence[int]) -> list[tuple[int, int, bool]]:
    """The stretches of frames without a face: first, last, and whether they are interpolated."""
    known = set(seen)
    limit = longest_gap(frame_interval(times))
    found: list[tuple[int, int, bool]] = []
    start: int | None = None
    for frame in range(len(times) + 1):
        missing = frame < len(times) and frame not in known
        if missing and start is None:
            start = frame
        elif not missing and start is not None:
            bounded = start > 0 and frame < len(times)
            found.append((start, frame - 1, bounded and float(times[frame] - times[start - 1]) <= limit))
            start = None
    return found

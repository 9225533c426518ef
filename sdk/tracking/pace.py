"""How often a clip's picture changes: not how many frames its file holds, which can repeat one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final, NamedTuple

import numpy as np

from sdk.errors import FrameRateTooLow
from sdk.tracking.appearance import Thumbnail, difference
from sdk.tracking.detection import Detection
from sdk.tracking.shots import REPEAT_CHANGE, movement
from sdk.tracking.track import frame_interval

MIN_RATE: Final = 10
"""Different pictures a second under which a reference is refused: a syllable has five or six."""
RECOMMENDED_RATE: Final = 20
"""Different pictures a second under which there is a warning."""
REPEAT_STEP: Final = 0.001
"""Movement of a face, in widths, up to which a frame repeats the one before."""
PAUSE_RATIO: Final = 3
"""A picture that stands so many times as long as usual is a pause, and says nothing about the rate."""
MAX_STILL_SECONDS: Final = 1.0
"""Seconds for which a living face can stand still to the pixel."""


class Pace(NamedTuple):
    """Different pictures a second, and the frames in which the picture stands still for over a second."""

    rate: float
    still: frozenset[int]


def measure_pace(times: Sequence[Fraction], pictures: Sequence[Thumbnail], detections: Mapping[int, Detection]) -> Pace:
    """Measure how often the picture changes while a face is seen.

    Args:
        times: Of all frames, in seconds.
        pictures: All frames, small.
        detections: The face, by frame, in their order; one at least.
    """
    interval = frame_interval(times)
    runs: list[list[int]] = []
    for frame, face in detections.items():
        before = detections.get(frame - 1)
        if before is not None and _repeats(pictures[frame - 1], pictures[frame], before, face):
            runs[-1].append(frame)
        else:
            runs.append([frame])
    ends = [times[run[-1] + 1] if run[-1] + 1 < len(times) else times[-1] + interval for run in runs]
    holds = np.array([float(end - times[run[0]]) for run, end in zip(runs, ends, strict=True)])
    # The usual hold is that of the median moment; pauses apart, the mean then tells 20 in 30 from 15 in 30.
    # What stands still for longer than a face can is a pause however much of the clip it fills.
    order = np.sort(holds[holds <= MAX_STILL_SECONDS] if (holds <= MAX_STILL_SECONDS).any() else holds)
    usual = float(order[np.searchsorted(np.cumsum(order), order.sum() / 2)])
    lively = holds <= PAUSE_RATIO * usual
    still = [runs[k] for k in np.flatnonzero(~lively & (holds > MAX_STILL_SECONDS))]
    return Pace(float(lively.sum() / holds[lively].sum()), frozenset(frame for run in still for frame in run))


def pace_warnings(rate: float, *, where: str) -> list[str]:
    """Warn of a clip whose picture changes rarely.

    Raises:
        FrameRateTooLow: Under 10 times a second.
    """
    hint = f"{RECOMMENDED_RATE} and more are needed to see how lips move, 25 or 30 are good"
    if rate < MIN_RATE:
        raise FrameRateTooLow(
            f"the picture changes only {rate:.1f} times a second, and {MIN_RATE} are needed at least",
            where=where,
            hint=f"Give a clip as the camera recorded it: {hint}. Single frames can be given as images=.",
        )
    if rate < RECOMMENDED_RATE - 0.5:
        return [f"the picture changes only {rate:.0f} times a second; {hint}"]
    return []


def _repeats(before: Thumbnail, after: Thumbnail, one: Detection, other: Detection) -> bool:
    return bool(difference(before, after) <= REPEAT_CHANGE) and movement([one], [other]) <= REPEAT_STEP

"""What is said of a clip's shots, of other people in it, and of frames without the face."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from itertools import pairwise
from typing import Final, Literal

import numpy as np

from sdk.tracking.shots import Shots
from sdk.tracking.track import Shot, frame_interval, max_gap_seconds
from sdk.tracking.tracker import Followed

MAX_LISTED: Final = 8
"""Stretches that a warning names one by one."""
MIN_OTHER_SECONDS: Final = 0.4
"""Seconds for which somebody else must be seen to be worth a word."""


def describe_shots(times: Sequence[Fraction], shots: Shots, followed: Followed) -> tuple[Shot, ...]:
    """Say of each shot whom it shows, if anybody in more than a few of its frames."""
    end = times[-1] + frame_interval(times)
    named = []
    for first, after in shots.spans:
        here = range(first, after)
        face = sum(frame in followed.track.detections for frame in here)
        other = sum(any(frame in one.detections for one in followed.others.values()) for frame in here)
        shows: Literal["face", "other", "nobody"] = "nobody"
        if 10 * max(face, other) > len(here):
            shows = "face" if 10 * face > len(here) else "other"
        stop = times[after] if after < len(times) else end
        named.append(Shot(start=float(times[first]), end=float(stop), shows=shows))
    return tuple(named)


def other_people(times: Sequence[Fraction], followed: Followed) -> dict[int, list[int]]:
    """The frames of those who are never seen together with the face that is followed, by their index."""
    interval, mine = float(frame_interval(times)), followed.track.detections
    return {
        index: list(one.detections)
        for index, one in followed.others.items()
        if len(one.detections) * interval >= MIN_OTHER_SECONDS and mine.keys().isdisjoint(one.detections)
    }


def shot_warnings(times: Sequence[Fraction], shots: Shots, followed: Followed) -> list[str]:
    """Warn of cuts, and of people who are never seen with the one who is followed."""
    found = []
    if len(shots.spans) > 1:
        cuts = [start for start, _ in shots.spans[1:]]
        listed = ", ".join(f"{float(times[cut]):.2f}" for cut in cuts[:MAX_LISTED])
        more = f" s, and {len(cuts) - MAX_LISTED} times more" if len(cuts) > MAX_LISTED else " s"
        found.append(f"the clip is cut at {listed}{more}; no motion is learned across a cut")
    others = other_people(times, followed)
    if others:
        texts = [f"face {index} in {stretches(times, frames)}" for index, frames in list(others.items())[:MAX_LISTED]]
        found.append(
            f"{1 + len(others)} people, or one in different views or lights, are never seen together: face "
            f"{followed.number} is followed, in {stretches(times, list(followed.track.detections))}; left out is "
            f"{', '.join(texts)}; another can be chosen with face=<its number>"
        )
    return found


def missing_warnings(
    times: Sequence[Fraction], detected: Sequence[int], known: Collection[int], spans: Sequence[tuple[int, int]]
) -> list[str]:
    """Warn of frames without the face, by number and second, but not of those ``known`` to be left out."""
    limit = max_gap_seconds(frame_interval(times))
    interpolated: list[int] = []
    left_out: list[int] = []
    for first, after in spans:
        here = [frame for frame in detected if first <= frame < after]
        for a, b in pairwise([first - 1, *here, after]):
            is_short = a >= first and b < after and float(times[b] - times[a]) <= limit
            missing = (frame for frame in range(a + 1, b) if frame not in known)
            (interpolated if is_short else left_out).extend(missing)
    return [
        f"no face in {len(frames)} of {len(times)} frames, {what}: {stretches(times, frames)}"
        for what, frames in (("interpolated", interpolated), ("left out", left_out))
        if frames
    ]


def stretches(times: Sequence[Fraction], frames: Sequence[int]) -> str:
    """Name frames as stretches: ``"12-20 (0.40-0.67 s), 31 (1.03 s)"``."""
    runs = [(run[0], run[-1]) for run in np.split(frames, np.flatnonzero(np.diff(frames) != 1) + 1)]
    texts = [
        f"{a} ({float(times[a]):.2f} s)" if a == b else f"{a}-{b} ({float(times[a]):.2f}-{float(times[b]):.2f} s)"
        for a, b in runs[:MAX_LISTED]
    ]
    more = len(runs) - MAX_LISTED
    return ", ".join(texts) + (f", and {more} stretches more" if more > 0 else "")

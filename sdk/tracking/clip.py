"""A clip of a person, as the path of one face."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from itertools import islice, pairwise
from typing import Final

import numpy as np

from sdk.data import MOTION_RATE
from sdk.errors import FaceNotFound, ReferenceTooShort
from sdk.interfaces import LandmarkDetector
from sdk.media import MediaInput, VideoReader
from sdk.media.source import as_source
from sdk.progress import Reporter
from sdk.tracking.detection import Detection, FaceSelector, detect
from sdk.tracking.quality import MAX_YAW_DEGREES, quality_warnings, yaw_degrees
from sdk.tracking.smoothing import smooth
from sdk.tracking.track import FaceTrack, frame_interval, max_gap_seconds, nearest_values, resample
from sdk.tracking.tracker import follow

BATCH_FRAMES: Final = 8
"""Frames that are held in memory, and given to the detector, at once."""
MIN_SECONDS: Final = 2
"""Seconds of usable reference under which it is refused."""
RECOMMENDED_SECONDS: Final = 5
"""Seconds of usable reference under which there is a warning."""
MAX_LISTED_GAPS: Final = 8
"""Stretches of missing frames that a warning names one by one."""


def load_clip(
    source: MediaInput,
    *,
    detector: LandmarkDetector,
    face: FaceSelector = None,
    smoothing: int = 0,
    report: Reporter | None = None,
) -> FaceTrack:
    """Follow one face through a clip, in memory for its landmarks only.

    Args:
        source: A path, a file's bytes, or a binary file object.
        detector: Any landmark detector.
        face: Which one, where there are several; it is followed by its place in the picture.
        smoothing: Frames on either side over which landmarks are smoothed (see ``sdk.tracking.smoothing``); 0 leaves
            them as they were detected.
        report: Progress, stage ``detect``.

    Raises:
        MediaError: The clip cannot be read.
        FaceNotFound: There is no face, or none at that index or box.
        FaceAmbiguous: Another face is at least a third as wide and in at least 20 % of the frames; lists the boxes.
        FaceTooSmall: The face is under 48 pixels wide.
        FaceUnreliable: In most frames it is turned beyond 60 degrees.
        ReferenceTooShort: It is seen for less than 2 s.
        ComponentBroken: The detector failed; names the frame.
        Cancelled: The caller's token was cancelled.
    """
    origin = as_source(source)
    with origin.open() as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type] # every source has readinto
        reader = VideoReader(file)
        faces, times = _detect(reader, detector, origin.name, report or Reporter())
    track = follow(faces, face, where=origin.name)
    if track is None:
        raise FaceNotFound(
            f"no face in any of {len(times)} frames ({float(times[-1]):.1f} s)",
            where=origin.name,
            hint="Give a clip in which one face is seen from the front.",
        )
    detections = track.detections
    yaw = yaw_degrees(np.stack([one.points for one in detections.values()]))
    turned = {frame for frame, angle in zip(detections, yaw, strict=True) if abs(angle) > MAX_YAW_DEGREES}
    median_yaw = float(np.median(np.abs(yaw) if 2 * len(turned) > len(yaw) else yaw))
    width, sharpness = track.width, float(np.median([one.sharpness for one in detections.values()]))
    warnings = reader.warnings + quality_warnings(width=width, yaw=median_yaw, sharpness=sharpness, where=origin.name)
    if turned:
        warnings.append(
            f"the head is turned beyond {MAX_YAW_DEGREES} degrees in {len(turned)} of {len(yaw)} frames, "
            f"which are left out: {_stretches(times, sorted(turned))}"
        )
    frames = [frame for frame in detections if frame not in turned]
    smoothed = smooth(np.stack([detections[frame].points for frame in frames]), frames, half=smoothing)
    points, valid = resample(times, frames, smoothed)
    warnings += _missing_warnings(times, frames, turned)
    usable = float(valid.sum() / MOTION_RATE)
    if usable < MIN_SECONDS:
        raise ReferenceTooShort(
            f"the face is seen for {usable:.1f} s, and {MIN_SECONDS} s are needed at least",
            where=origin.name,
            hint=f"Give a longer clip; {RECOMMENDED_SECONDS} s and more are good.",
        )
    if usable < RECOMMENDED_SECONDS:
        warnings.append(f"only {usable:.1f} s to learn from; {RECOMMENDED_SECONDS} s and more are good")
    return FaceTrack(
        points=points,
        valid=valid,
        size=reader.size,
        width=width,
        yaw=median_yaw,
        sharpness=sharpness,
        frame_sharpness=nearest_values(times, frames, [detections[frame].sharpness for frame in frames], len(points)),
        warnings=tuple(warnings),
        sha256=sha256,
    )


def _detect(
    reader: VideoReader, detector: LandmarkDetector, name: str, report: Reporter
) -> tuple[list[list[Detection]], list[Fraction]]:
    faces: list[list[Detection]] = []
    times: list[Fraction] = []
    frames = iter(reader)
    report("detect", 0.0)
    while batch := list(islice(frames, BATCH_FRAMES)):
        places = [f"{name}, frame {len(times) + k} at {float(frame.time):.2f} s" for k, frame in enumerate(batch)]
        faces += detect(detector, [frame.image for frame in batch], places)
        times += [frame.time for frame in batch]
        report("detect", min(1.0, float(times[-1] / reader.duration)) if reader.duration else None)
    report("detect", 1.0)
    return faces, times


def _missing_warnings(times: Sequence[Fraction], detected: Sequence[int], turned: set[int]) -> list[str]:
    """Warn of frames without the face, by number and second."""
    limit = max_gap_seconds(frame_interval(times))
    interpolated: list[int] = []
    left_out: list[int] = []
    for a, b in pairwise([-1, *detected, len(times)]):
        is_short = a >= 0 and b < len(times) and float(times[b] - times[a]) <= limit
        missing = (frame for frame in range(a + 1, b) if frame not in turned)
        (interpolated if is_short else left_out).extend(missing)
    return [
        f"no face in {len(frames)} of {len(times)} frames, {what}: {_stretches(times, frames)}"
        for what, frames in (("interpolated", interpolated), ("left out", left_out))
        if frames
    ]


def _stretches(times: Sequence[Fraction], frames: Sequence[int]) -> str:
    """Name frames as stretches: ``"12-20 (0.40-0.67 s), 31 (1.03 s)"``."""
    runs = [(run[0], run[-1]) for run in np.split(frames, np.flatnonzero(np.diff(frames) != 1) + 1)]
    texts = [
        f"{a} ({float(times[a]):.2f} s)" if a == b else f"{a}-{b} ({float(times[a]):.2f}-{float(times[b]):.2f} s)"
        for a, b in runs[:MAX_LISTED_GAPS]
    ]
    more = len(runs) - MAX_LISTED_GAPS
    return ", ".join(texts) + (f", and {more} stretches more" if more > 0 else "")

"""A clip of a person, as the path of one face."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import islice, pairwise
from math import ceil
from typing import Final, NamedTuple

import numpy as np

from sdk.data import MOTION_RATE, Image
from sdk.errors import FaceNotFound, ReferenceTooShort
from sdk.interfaces import LandmarkDetector
from sdk.media import MediaInput, VideoReader
from sdk.media.source import as_source
from sdk.progress import Reporter
from sdk.tracking.appearance import Thumbnail, thumbnail
from sdk.tracking.detection import Detection, FaceSelector, detect, read_selector
from sdk.tracking.pace import MAX_STILL_SECONDS, measure_pace, pace_warnings
from sdk.tracking.quality import MAX_YAW_DEGREES, MIN_WIDTH_PIXELS, quality_warnings, yaw_degrees
from sdk.tracking.report import describe_shots, missing_warnings, other_people, shot_warnings, stretches
from sdk.tracking.shots import Shots, find_shots
from sdk.tracking.smoothing import smooth
from sdk.tracking.track import FaceTrack, nearest_values, resample
from sdk.tracking.tracker import follow
from sdk.tracking.turning import clip_turns, given_box, turned, turning_text

BATCH_FRAMES: Final = 8
"""Frames that are held in memory, and given to the detector, at once."""
MIN_SECONDS: Final = 2
"""Seconds of usable reference under which it is refused."""
RECOMMENDED_SECONDS: Final = 5
"""Seconds of usable reference under which there is a warning."""


def load_clip(
    source: MediaInput,
    *,
    detector: LandmarkDetector,
    face: FaceSelector = None,
    smoothing: int = 0,
    report: Reporter | None = None,
) -> FaceTrack:
    """Follow one face through a clip, in memory for its landmarks and thumbnails only.

    A clip that lies on its side or is upside down is turned. Of people who are never seen together, the one seen
    longest is followed, and the others' shots are left out. A person is followed across cuts, but no motion is.

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
        FaceAmbiguous: Another face is at least a third as wide and seen together with the one seen longest in at least
            20 % of the frames; lists the boxes.
        FaceTooSmall: The face is under 48 pixels wide.
        FaceUnreliable: In most frames it is turned beyond 60 degrees.
        FrameRateTooLow: Its picture changes under ten times a second.
        ReferenceTooShort: It is seen for less than 2 s.
        ComponentBroken: The detector failed; names the frame.
        Cancelled: The caller's token was cancelled.
    """
    face = read_selector(face)
    origin = as_source(source)
    with origin.open() as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type] # every source has readinto
        reader = VideoReader(file)
        seen = _look(reader, detector, origin.name, report or Reporter())
    times, turns = seen.times, seen.turns
    shots = find_shots(seen.pictures, seen.faces)
    followed = follow(seen.faces, face, shots=shots, where=origin.name)
    if followed is None:
        raise FaceNotFound(
            f"no face in any of {len(times)} frames ({float(times[-1]):.1f} s)",
            where=origin.name,
            hint="Give a clip in which one face is seen from the front.",
        )
    detections = followed.track.detections
    yaw = yaw_degrees(np.stack([one.points for one in detections.values()]))
    turned_away = {frame for frame, angle in zip(detections, yaw, strict=True) if abs(angle) > MAX_YAW_DEGREES}
    median_yaw = float(np.median(np.abs(yaw) if 2 * len(turned_away) > len(yaw) else yaw))
    width, sharpness = followed.track.width, float(np.median([one.sharpness for one in detections.values()]))
    pace = measure_pace(times, seen.pictures, detections)
    warnings = [*reader.warnings, *([turning_text(turns)] if turns else [])]
    warnings += quality_warnings(width=width, yaw=median_yaw, sharpness=sharpness, where=origin.name)
    warnings += pace_warnings(pace.rate, where=origin.name)
    warnings += shot_warnings(times, shots, followed)
    tiny = _too_small(detections, shots)
    for which, what in (
        (turned_away, f"the head is turned beyond {MAX_YAW_DEGREES} degrees"),
        (pace.still, f"the picture stands still for over {MAX_STILL_SECONDS:.0f} s"),
        (tiny, f"the face is under {MIN_WIDTH_PIXELS} pixels wide"),
    ):
        if which:
            listed = stretches(times, sorted(which))
            warnings.append(f"{what} in {len(which)} of {len(yaw)} frames, which are left out: {listed}")
    left_out = turned_away | pace.still | tiny
    frames = [frame for frame in detections if frame not in left_out]
    others = {frame for alone in other_people(times, followed).values() for frame in alone}
    warnings += missing_warnings(times, frames, left_out | others | shots.flashes, shots.spans)
    if not frames:
        raise _too_short(0.0, origin.name)
    starts = _starts(frames, shots)
    numbers = (np.array(frames) + np.searchsorted(starts, frames, side="right")).tolist()  # a step of two at each cut
    smoothed = smooth(np.stack([detections[frame].points for frame in frames]), numbers, half=smoothing)
    points, valid = resample(times, frames, smoothed, cuts=starts[1:])
    usable = float(valid.sum() / MOTION_RATE)
    if usable < MIN_SECONDS:
        raise _too_short(usable, origin.name)
    if usable < RECOMMENDED_SECONDS:
        warnings.append(f"only {usable:.1f} s to learn from; {RECOMMENDED_SECONDS} s and more are good")
    cuts = [0, *(ceil(times[start] * MOTION_RATE) for start in starts[1:]), len(points)]
    return FaceTrack(
        points=points,
        valid=valid,
        size=reader.size[::-1] if turns % 2 else reader.size,
        width=width,
        yaw=median_yaw,
        sharpness=sharpness,
        frame_sharpness=nearest_values(times, frames, [detections[frame].sharpness for frame in frames], len(points)),
        rate=pace.rate,
        turns=turns,
        shots=describe_shots(times, shots, followed),
        spans=tuple(slice(a, b) for a, b in pairwise(cuts)),
        warnings=tuple(warnings),
        sha256=sha256,
    )


class _Seen(NamedTuple):
    """What was seen in each frame of a clip, turned upright; boxes are in the clip as it was given."""

    times: list[Fraction]
    pictures: list[Thumbnail]
    faces: list[list[Detection]]
    turns: int


def _look(reader: VideoReader, detector: LandmarkDetector, name: str, report: Reporter) -> _Seen:
    """Detect the faces in all frames; again in the turned frames where that shows that the clip lies on its side."""
    seen = _detect(reader, 0, detector, name, report)

    def read(numbers: Sequence[int]) -> list[Image]:
        return [frame.image for number, frame in enumerate(islice(reader, numbers[-1] + 1)) if number in numbers]

    turns = clip_turns(seen.faces, read, detector, name)
    return _detect(reader, turns, detector, name, report) if turns else seen


def _detect(reader: VideoReader, turns: int, detector: LandmarkDetector, name: str, report: Reporter) -> _Seen:
    seen = _Seen([], [], [], turns)
    frames = iter(reader)
    report("detect", 0.0)
    while batch := list(islice(frames, BATCH_FRAMES)):
        done = len(seen.times)
        places = [f"{name}, frame {done + k} at {float(frame.time):.2f} s" for k, frame in enumerate(batch)]
        images = [turned(frame.image, turns) for frame in batch]
        for faces in detect(detector, images, places):
            seen.faces.append([one._replace(box=given_box(one.box, reader.size, turns)) for one in faces])
        seen.pictures.extend(thumbnail(image) for image in images)
        seen.times.extend(frame.time for frame in batch)
        report("detect", min(1.0, float(seen.times[-1] / reader.duration)) if reader.duration else None)
    report("detect", 1.0)
    return seen


def _too_small(detections: Mapping[int, Detection], shots: Shots) -> set[int]:
    """The frames of shots in which a face that is large enough elsewhere is too small."""
    found: set[int] = set()
    for first, after in shots.spans:
        here = {frame: one.width for frame, one in detections.items() if first <= frame < after}
        if here and np.median([*here.values()]) < MIN_WIDTH_PIXELS:
            found.update(here)
    return found


def _starts(frames: Sequence[int], shots: Shots) -> list[int]:
    """The first of the frames in each shot that has any."""
    firsts = [next((frame for frame in frames if a <= frame < b), None) for a, b in shots.spans]
    return [first for first in firsts if first is not None]


def _too_short(usable: float, name: str) -> ReferenceTooShort:
    return ReferenceTooShort(
        f"the face is seen for {usable:.1f} s, and {MIN_SECONDS} s are needed at least",
        where=name,
        hint=f"Give a longer clip; {RECOMMENDED_SECONDS} s and more are good.",
    )

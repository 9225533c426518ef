"""A clip of a person, as the path of one face."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from fractions import Fraction
from itertools import chain, islice

import numpy as np

from sdk.data import MOTION_RATE
from sdk.errors import FaceNotFound, ReferenceTooShort
from sdk.interfaces import LandmarkDetector
from sdk.media import MediaInput, VideoReader
from sdk.media.source import as_source
from sdk.progress import Reporter
from sdk.tracking.faces import FaceSelector, find
from sdk.tracking.people import People
from sdk.tracking.quality import TURNED_AWAY, judge, turn
from sdk.tracking.smoothing import smooth
from sdk.tracking.track import FaceTrack, gaps, nearest, resample

BATCH = 8
"""Frames that are held and looked at at once."""
SHORTEST = 2
"""Seconds of usable reference under which it is refused."""
SHORT = 5
"""Seconds of usable reference under which there is a warning."""
NAMED = 8
"""Stretches of missing frames that a warning names one by one."""


def load_clip(
    source: MediaInput,
    *,
    detector: LandmarkDetector,
    face: FaceSelector = None,
    smoothing: int = 0,
    report: Reporter | None = None,
) -> FaceTrack:
    """Follow one face through a clip.

    Frames are decoded and looked at a few at a time, so memory holds landmarks only.

    Args:
        source: A path, a file's bytes, or a binary file object.
        detector: Finds the faces.
        face: Which one, where there are several; None expects one. It is followed by its place in the picture.
        smoothing: Frames on either side over which landmarks are smoothed (see ``sdk.tracking.smoothing``); 0 leaves
            them as the detector found them.
        report: Progress, stage ``detect``.

    Raises:
        MediaError: The clip cannot be read.
        FaceNotFound: Nobody is seen, or nobody at that index or box.
        FaceAmbiguous: Another face is at least a third as wide and in at least 20 % of the frames; lists the boxes.
        FaceTooSmall: The face is under 48 pixels wide.
        FaceUnreliable: In most frames it is turned beyond 60 degrees.
        ReferenceTooShort: It is seen for less than 2 s.
        ComponentBroken: The detector failed; names the frame.
        Cancelled: The caller's token was cancelled.
    """
    report = report or Reporter()
    origin = as_source(source)
    with origin.open() as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
        reader = VideoReader(file)
        people, times = _look(reader, detector, origin.name, report)
    person = people.choose(face, where=origin.name)
    seconds = float(times[-1])
    if person is None:
        raise FaceNotFound(
            f"no face in any of {len(times)} frames ({seconds:.1f} s)",
            where=origin.name,
            hint="Give a clip in which one face is seen from the front.",
        )
    yaw = turn(np.stack([sighting.points for sighting in person.sightings.values()]))
    usual = float(np.median(yaw))
    width, sharp = person.width, float(np.median([sighting.sharp for sighting in person.sightings.values()]))
    away = [frame for frame, angle in zip(person.sightings, yaw, strict=True) if abs(angle) > TURNED_AWAY]
    if 2 * len(away) > len(yaw):
        usual = float(np.median(np.abs(yaw)))
    warnings = [*reader.warnings, *judge(width=width, yaw=usual, sharp=sharp, where=origin.name)]
    if away:
        warnings.append(
            f"the head is turned beyond {TURNED_AWAY} degrees in {len(away)} of {len(yaw)} frames, "
            f"which are left out: {_stretches(times, away)}"
        )
    left_out = set(away)
    seen = [frame for frame in person.sightings if frame not in left_out]
    found = smooth(np.stack([person.sightings[frame].points for frame in seen]), seen, half=smoothing)
    points, valid = resample(times, seen, found)
    usable = float(valid.sum() / MOTION_RATE)
    warnings += _missing(times, seen, left_out)
    if usable < SHORTEST:
        raise ReferenceTooShort(
            f"the face is seen for {usable:.1f} s, and {SHORTEST} s are needed at least",
            where=origin.name,
            hint=f"Give a longer clip; {SHORT} s and more are good.",
        )
    if usable < SHORT:
        warnings.append(f"only {usable:.1f} s to learn from; {SHORT} s and more are good")
    return FaceTrack(
        points=points,
        valid=valid,
        size=reader.size,
        width=width,
        yaw=usual,
        sharpness=sharp,
        sharp=nearest(times, seen, [person.sightings[frame].sharp for frame in seen], len(points)),
        warnings=tuple(warnings),
        sha256=digest.hexdigest(),
    )


def _look(
    reader: VideoReader, detector: LandmarkDetector, name: str, report: Reporter
) -> tuple[People, list[Fraction]]:
    people = People()
    times: list[Fraction] = []
    frames = iter(reader)
    report("detect", 0.0)
    while batch := list(islice(frames, BATCH)):
        places = [f"{name}, frame {len(times) + k} at {float(frame.time):.2f} s" for k, frame in enumerate(batch)]
        for faces in find(detector, [frame.image for frame in batch], places):
            people.add(faces)
        times += [frame.time for frame in batch]
        report("detect", min(1.0, float(times[-1] / reader.duration)) if reader.duration else None)
    report("detect", 1.0)
    return people, times


def _missing(times: Sequence[Fraction], seen: Sequence[int], turned: set[int]) -> list[str]:
    """Warn of frames without the face, by number and second."""
    warnings = []
    stretches = gaps(times, seen)
    for bridged, what in ((True, "interpolated"), (False, "left out")):
        of_a_kind = (range(first, last + 1) for first, last, is_bridged in stretches if is_bridged == bridged)
        frames = [frame for frame in chain.from_iterable(of_a_kind) if frame not in turned]
        if frames:
            warnings.append(f"no face in {len(frames)} of {len(times)} frames, {what}: {_stretches(times, frames)}")
    return warnings


def _stretches(times: Sequence[Fraction], frames: Sequence[int]) -> str:
    """Name frames as stretches: ``"12-20 (0.40-0.67 s), 31 (1.03 s)"``."""
    runs: list[list[int]] = []
    for frame in frames:
        if runs and frame == runs[-1][1] + 1:
            runs[-1][1] = frame
        else:
            runs.append([frame, frame])
    texts = [
        f"{a} ({float(times[a]):.2f} s)" if a == b else f"{a}-{b} ({float(times[a]):.2f}-{float(times[b]):.2f} s)"
        for a, b in runs[:NAMED]
    ]
    return ", ".join(texts) + (f", and {len(runs) - NAMED} stretches more" if len(runs) > NAMED else "")

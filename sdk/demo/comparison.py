"""The demonstration's picture: what the style changed."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

import numpy as np

from sdk import plots
from sdk.adapter import FitResult
from sdk.data import MOTION_RATE, Image, Landmarks, Motion
from sdk.errors import FaceNotFound
from sdk.geometry import canonical_face, mouth_opening
from sdk.interfaces import LandmarkDetector
from sdk.media import VideoReader


def draw_comparison(
    path: str | os.PathLike[str],
    *,
    fitted: FitResult,
    videos: tuple[Path, Path],
    motions: tuple[Motion, Motion],
    detector: LandmarkDetector,
) -> Path:
    """Draw mouth openings over time, landmarks found in the videos, and the loss.

    ``videos`` and ``motions`` are of a new sentence, without the style and with it.
    """
    drawn = plots.figure(14, 11)
    grid = drawn.add_gridspec(3, 3, height_ratios=(1, 1, 1.3))
    plots.openings(
        drawn.add_subplot(grid[0, :]),
        real=fitted.motion,
        plain=fitted.base,
        styled=fitted.styled,
        title="The reference's own words",
        held_out=None if fitted.gain is None else fitted.gain.frames[0] / float(MOTION_RATE),
    )
    plots.openings(drawn.add_subplot(grid[1, :]), plain=motions[0], styled=motions[1], title="A new sentence")
    # The frame in which the style opens the mouth widest: the same moment in both videos.
    moment = int(np.argmax(mouth_opening(canonical_face() + motions[1].expression)))
    for column, (name, video) in enumerate(zip(("without the style", "with the style"), videos, strict=True)):
        frame, found = _seen(video, moment, detector)
        title = f"{name}, {moment / float(motions[1].rate):.2f} s"
        plots.landmarks(drawn.add_subplot(grid[2, column]), frame, found, title=title)
    plots.loss(drawn.add_subplot(grid[2, 2]), fitted.history, title="The fit")
    return plots.save(drawn, path)


def _seen(video: Path, number: int, detector: LandmarkDetector) -> tuple[Image, Landmarks]:
    """A frame of a video, and the face that is found in it."""
    frame = next(islice(VideoReader(video), number, None)).image
    (faces,) = detector.detect([frame])
    if not faces:
        raise FaceNotFound("no face in a frame that was just made", where=f"{video.name}, frame {number}")
    return frame, faces[0]

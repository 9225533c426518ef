"""A clip at a glance: frames of it, and what it does over time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from sdk.data import MOTION_RATE, Floats, Image
from sdk.plots.canvas import figure, save
from sdk.plots.panels import PLAIN, REAL, STYLED

ROW = 6
"""Frames side by side."""


def overview(
    path: str | os.PathLike[str],
    *,
    frames: Sequence[tuple[str, float, Image]],
    opening: Floats,
    level: Floats | None = None,
    title: str = "",
) -> Path:
    """Draw frames of a clip above the mouth's opening and the sound's level over time.

    Args:
        path: The picture to write.
        frames: Each with its caption and its second, which is marked below.
        opening: Of the mouth, at 60 Hz, outer-eye distances; NaN where the face was not seen.
        level: Of the sound, at 60 Hz, dBFS.
        title: Above it all.

    Raises:
        ComponentUnavailable: matplotlib is not installed.
        OutputError: It cannot be written there.
    """
    rows = -(-len(frames) // ROW)
    courses = [("mouth opening\n(outer-eye distances)", opening, REAL)]
    courses += [] if level is None else [("sound's level\n(dBFS)", level, PLAIN)]
    drawn = figure(12, 2.4 * rows + 2.2 * len(courses))
    grid = drawn.add_gridspec(rows + len(courses), ROW, height_ratios=[1.0] * (rows + len(courses)))
    for number, (caption, _, frame) in enumerate(frames):
        axes = drawn.add_subplot(grid[number // ROW, number % ROW])
        axes.imshow(frame)
        axes.set_title(caption, fontsize=9)
        axes.set_axis_off()
    longest = max(len(course) for _, course, _ in courses) / float(MOTION_RATE)
    for number, (name, course, colour) in enumerate(courses):
        axes = drawn.add_subplot(grid[rows + number, :])
        axes.plot(np.arange(len(course)) / float(MOTION_RATE), course, color=colour, lw=1.2)
        for _, second, _ in frames:
            axes.axvline(second, color=STYLED, lw=0.8, alpha=0.7)
        axes.set(xlim=(0, longest), ylabel=name)
        axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("seconds")
    drawn.suptitle(title, x=0.01, ha="left", fontsize=11)
    return save(drawn, path)

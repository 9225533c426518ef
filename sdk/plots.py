"""Plots: mouth openings over time, landmarks over a frame, a fit's loss, contact sheets.

Drawing curves needs matplotlib, the extra ``plots``, which is imported when the first figure is made; contact sheets
need nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from PIL import Image as Pillow

from sdk.arguments import read_path
from sdk.data import MOTION_RATE, Floats, Image, Landmarks, Motion
from sdk.errors import InputError, OutputError
from sdk.files import atomic_file, check_file
from sdk.geometry import canonical_face, mouth_opening
from sdk.places import give_matplotlib_a_cache
from sdk.registry import require_extra

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["check_path", "contact_sheet", "figure", "landmarks", "loss", "openings", "overview", "save"]

SUFFIXES: Final = (".png", ".svg", ".pdf")

REFERENCE_COLOUR, PLAIN_COLOUR, STYLED_COLOUR = "#222222", "#2a78c2", "#e0761a"
"""Told apart without telling red from green."""
OVERVIEW_COLUMNS: Final = 6
GAP_PIXELS: Final = 4
"""Between the frames of a contact sheet."""

OUTLINES: Final = (
    range(17), range(17, 22), range(22, 27), range(27, 31), range(31, 36),
    (*range(36, 42), 36), (*range(42, 48), 42), (*range(48, 60), 48), (*range(60, 68), 60),
)  # fmt: skip
"""Points of iBUG-68 that are joined by lines: jaw, brows, nose, eyes, lips."""


def figure(width: float = 12.0, height: float = 4.0) -> Figure:
    """Make an empty figure, its size in inches of 100 pixels.

    Raises:
        ComponentUnavailable: matplotlib is not installed.
    """
    require_extra("plots")
    give_matplotlib_a_cache()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=100, layout="constrained")


def check_path(path: str | os.PathLike[str]) -> None:
    """Check that a figure can be written there, before any work is done for it.

    Raises:
        OutputError: The suffix names another format, or the file cannot be written.
    """
    suffix = read_path(path).suffix
    if suffix.lower() not in SUFFIXES:
        hint = f"Use {', '.join(SUFFIXES)}."
        raise OutputError(f"figures are not written as {suffix!r}", where=os.fspath(path), hint=hint)
    check_file(path)


def save(drawn: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure, in the format that the suffix names: PNG, SVG or PDF.

    Raises:
        OutputError: It cannot be written there, or not in that format.
    """
    target = read_path(path)
    check_path(target)
    with atomic_file(target) as temporary:
        try:
            drawn.savefig(temporary)
        except (OSError, ValueError) as error:
            raise OutputError(f"the picture cannot be written: {error}", where=str(target)) from error
    return target


def openings(
    axes: Axes,
    *,
    plain: Motion,
    styled: Motion,
    real: Motion | None = None,
    title: str = "",
    held_out: float | None = None,
) -> None:
    """Draw the mouth opening over time.

    Args:
        axes: Where to draw.
        plain: Generated without the style.
        styled: Generated with it.
        real: The reference.
        title: Above the panel.
        held_out: The second from which on nothing was learned; shaded to the end.
    """
    curves = (
        ("reference", real, REFERENCE_COLOUR),
        ("without the style", plain, PLAIN_COLOUR),
        ("with the style", styled, STYLED_COLOUR),
    )
    for name, motion, colour in curves:
        if motion is not None:
            seconds = np.arange(len(motion)) / float(motion.rate)
            axes.plot(seconds, mouth_opening(canonical_face() + motion.expression), label=name, color=colour, lw=1.4)
    longest = max(float(motion.duration) for _, motion, _ in curves if motion is not None)
    if held_out is not None:
        axes.axvspan(held_out, longest, color="#777777", alpha=0.15, lw=0, label="held out")
    axes.set(xlim=(0, longest), xlabel="seconds", ylabel="mouth opening\n(outer-eye distances)")
    axes.set_ylim(bottom=0)
    axes.set_title(title, loc="left")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=4, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def landmarks(axes: Axes, frame: Image, found: Landmarks, *, title: str = "") -> None:
    """Draw the face in a frame, uint8 ``[H, W, 3]``, with its landmarks, which are in the frame's pixels."""
    axes.imshow(frame)
    for outline in OUTLINES:
        axes.plot(*found.points[list(outline), :2].T, color="#40e0d0", lw=0.9)
    axes.scatter(found.points[:, 0], found.points[:, 1], s=4, color="white", zorder=3)
    centre, reach = found.points[:, :2].mean(axis=0), 0.9 * found.width
    axes.set_xlim(max(0, centre[0] - reach), min(frame.shape[1], centre[0] + reach))
    axes.set_ylim(min(frame.shape[0], centre[1] + reach), max(0, centre[1] - reach))
    axes.set_title(title)
    axes.set_axis_off()


def loss(axes: Axes, history: Sequence[Mapping[str, float]], *, title: str = "") -> None:
    """Draw a fit's loss, step by step, from ``FitResult.history``."""
    axes.plot(range(1, len(history) + 1), [step["loss"] for step in history], color=PLAIN_COLOUR, lw=1.4)
    axes.set(xlabel="step", ylabel="transfer loss", title=title)
    axes.spines[["top", "right"]].set_visible(False)


def overview(
    path: str | os.PathLike[str],
    *,
    frames: Sequence[tuple[str, float, Image]],
    opening: Floats,
    level: Floats | None = None,
    title: str = "",
) -> Path:
    """Draw frames of a clip above the mouth opening and the sound level over time.

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
    rows = -(-len(frames) // OVERVIEW_COLUMNS)
    curves = [("mouth opening\n(outer-eye distances)", opening, REFERENCE_COLOUR)]
    curves += [] if level is None else [("sound's level\n(dBFS)", level, PLAIN_COLOUR)]
    drawn = figure(12, 2.4 * rows + 2.2 * len(curves))
    grid = drawn.add_gridspec(rows + len(curves), OVERVIEW_COLUMNS)
    for number, (caption, _, frame) in enumerate(frames):
        axes = drawn.add_subplot(grid[number // OVERVIEW_COLUMNS, number % OVERVIEW_COLUMNS])
        axes.imshow(frame)
        axes.set_title(caption, fontsize=9)
        axes.set_axis_off()
    longest = max(len(curve) for _, curve, _ in curves) / float(MOTION_RATE)
    for row, (name, curve, colour) in enumerate(curves, start=rows):
        axes = drawn.add_subplot(grid[row, :])
        axes.plot(np.arange(len(curve)) / float(MOTION_RATE), curve, color=colour, lw=1.2)
        for _, second, _ in frames:
            axes.axvline(second, color=STYLED_COLOUR, lw=0.8, alpha=0.7)
        axes.set(xlim=(0, longest), ylabel=name)
        axes.spines[["top", "right"]].set_visible(False)
    axes.set_xlabel("seconds")
    drawn.suptitle(title, x=0.01, ha="left", fontsize=11)
    return save(drawn, path)


def contact_sheet(rows: Sequence[Sequence[Image]], *, height: int = 200) -> Image:
    """Lay frames, uint8 ``[H, W, 3]``, out in rows on white, each scaled to ``height`` pixels.

    Raises:
        InputError: There are no frames.
    """
    strips = [[_scaled(frame, height) for frame in row] for row in rows if len(row)]
    if not strips:
        raise InputError("there are no frames to lay out", where="contact_sheet")
    width = max(sum(frame.shape[1] + GAP_PIXELS for frame in strip) for strip in strips) - GAP_PIXELS
    sheet = np.full((len(strips) * (height + GAP_PIXELS) - GAP_PIXELS, width, 3), 255, dtype=np.uint8)
    for number, strip in enumerate(strips):
        top, left = number * (height + GAP_PIXELS), 0
        for frame in strip:
            sheet[top : top + height, left : left + frame.shape[1]] = frame
            left += frame.shape[1] + GAP_PIXELS
    return sheet


def _scaled(frame: Image, height: int) -> Image:
    width = max(1, round(frame.shape[1] * height / frame.shape[0]))
    return np.asarray(Pillow.fromarray(frame).resize((width, height), Pillow.Resampling.LANCZOS))

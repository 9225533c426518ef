"""What can be drawn into a part of a figure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from sdk.data import Image, Landmarks, Motion
from sdk.geometry import canonical_face, mouth_opening

if TYPE_CHECKING:
    from matplotlib.axes import Axes

REAL, PLAIN, STYLED = "#222222", "#2a78c2", "#e0761a"
"""What is real, what is generated without a style, and with it; nobody has to tell red from green."""

OUTLINES: Final = (
    range(17), range(17, 22), range(22, 27), range(27, 31), range(31, 36),
    (*range(36, 42), 36), (*range(42, 48), 42), (*range(48, 60), 48), (*range(60, 68), 60),
)  # fmt: skip
"""Points of iBUG-68 that are joined by lines: jaw, brows, nose, eyes, lips."""


def openings(
    axes: Axes,
    *,
    plain: Motion,
    styled: Motion,
    real: Motion | None = None,
    title: str = "",
    held_out: float | None = None,
) -> None:
    """Draw how far the mouth is open over time.

    Args:
        axes: Where to draw.
        plain: Generated without a style.
        styled: Generated with it.
        real: What was seen.
        title: Above the panel.
        held_out: The second from which on nothing was learned; shaded to the end.
    """
    curves = [("reference", real, REAL), ("without the style", plain, PLAIN), ("with the style", styled, STYLED)]
    longest = 0.0
    for name, motion, colour in curves:
        if motion is not None:
            seconds = np.arange(len(motion)) / float(motion.rate)
            axes.plot(seconds, mouth_opening(canonical_face() + motion.expression), label=name, color=colour, lw=1.4)
            longest = max(longest, float(motion.duration))
    if held_out is not None:
        axes.axvspan(held_out, longest, color="#777777", alpha=0.15, lw=0, label="held out")
    axes.set(xlim=(0, longest), xlabel="seconds", ylabel="mouth opening\n(outer-eye distances)")
    axes.set_ylim(bottom=0)
    axes.set_title(title, loc="left")
    axes.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=4, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)


def landmarks(axes: Axes, frame: Image, found: Landmarks, *, title: str = "") -> None:
    """Draw the face in a frame with the landmarks that were found on it.

    Args:
        axes: Where to draw.
        frame: uint8 ``[H, W, 3]``.
        found: The face, in the frame's pixels.
        title: Above the panel.
    """
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
    """Draw a fit's loss, step by step.

    Args:
        axes: Where to draw.
        history: ``FitResult.history``.
        title: Above the panel.
    """
    axes.plot(range(1, len(history) + 1), [step["loss"] for step in history], color=PLAIN, lw=1.4)
    axes.set(xlabel="step", ylabel="transfer loss", title=title)
    axes.spines[["top", "right"]].set_visible(False)

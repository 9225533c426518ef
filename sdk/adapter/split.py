"""Which frames a fit learns from, which it chooses its step by, and which it reports on and nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from sdk.data import MOTION_RATE

__all__ = ["Spans", "split"]

SHORT = 60 * MOTION_RATE
"""Frames under which nothing is kept for choosing the step: a share of less says little, and is better learned from."""

ENOUGH = 5
"""Frames under which nothing is held out at all."""


@dataclass(frozen=True)
class Spans:
    """A reference cut by time, or unordered frames by their place.

    Attributes:
        fit: What is learned from.
        choose: What the best step is chosen on; None where there is too little.
        report: What the gain is measured on; None where there is too little.
    """

    fit: slice
    choose: slice | None
    report: slice | None


def split(frames: int, *, held_out: float, chosen_on: float) -> Spans:
    """Cut ``frames`` frames into fit, choose and report, in this order."""
    if frames < ENOUGH:
        return Spans(slice(0, frames), None, None)
    report = max(1, round(frames * held_out))
    choose = round(frames * chosen_on) if frames >= SHORT else 0
    end = frames - report - choose
    return Spans(slice(0, end), slice(end, end + choose) if choose else None, slice(end + choose, frames))

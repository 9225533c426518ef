"""What a style brings, measured on frames that were used for nothing else, beside trivial baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.adapter.fit_data import FitData
from sdk.data import MOTION_RATE, Motion
from sdk.metrics import MotionScores, compare, in_context, ridge, style_distance

_RIDGE_FRAMES: Final = 60 * MOTION_RATE.numerator
"""Frames that the ridge baseline is fitted on at most: its cost is cubic in its inputs, and more help little."""


@dataclass(frozen=True, eq=False)
class Gain:
    """The figures of a style on the frames held out.

    Attributes:
        before: The base's.
        after: The style's.
        baselines: Those of trivial baselines, by name.
        frames: The frames held out, ``(first, last + 1)``, at 60 Hz.
    """

    before: MotionScores
    after: MotionScores
    baselines: Mapping[str, MotionScores]
    frames: tuple[int, int]

    @property
    def share(self) -> float:
        """The share of the base's style distance that the style removes: 1 is all of it, below 0 is a loss."""
        return _share(self.before.style, self.after.style)


def baseline_motions(base: Motion, known: Motion, generated: Motion) -> dict[str, Motion]:
    """Build trivial baselines from what was known at the time of the fit.

    Args:
        base: The unadapted generator's motion on the sound that was learned from.
        known: The reference's frames that were learned from.
        generated: The unadapted generator's motion to turn into each baseline's.
    """

    def moved(spread: bool) -> Motion:
        parts = []
        for mine, theirs, out in (
            (base.expression, known.expression, generated.expression),
            (base.pose, known.pose, generated.pose),
        ):
            scale = theirs.std(0) / np.maximum(mine.std(0), 1e-4) if spread else 1.0
            parts.append((out - mine.mean(0)) * np.minimum(scale, 10.0) + theirs.mean(0))
        return Motion(parts[0], parts[1], generated.rate)

    still = Motion(
        np.broadcast_to(known.expression.mean(0), generated.expression.shape),
        np.broadcast_to(known.pose.mean(0), generated.pose.shape),
        generated.rate,
    )
    return {"static mean": still, "mean shift": moved(spread=False), "mean and spread": moved(spread=True)}


def measure(data: FitData, styled: Motion) -> Gain | None:
    """Compare base, style and baselines with the frames held out; None where none were.

    Args:
        data: What was learned from.
        styled: The style's motion on the whole sound.
    """
    held_out = _held_out(data)
    if held_out is None:
        return None
    sound, frames, valid = held_out
    baselines = baseline_motions(data.base[data.sound.train], data.motion[data.frames.train], data.base[sound])
    if data.paired:
        baselines["ridge"] = _ridge(data, sound)

    def scores(motion: Motion) -> MotionScores:
        real = data.motion[frames]
        return compare(motion, real, paired=data.paired, ordered=data.ordered, valid=valid, neutral=data.neutral)

    return Gain(
        before=scores(data.base[sound]),
        after=scores(styled[sound]),
        baselines={name: scores(motion) for name, motion in baselines.items()},
        frames=(frames.start, frames.stop),
    )


def gain_share(data: FitData, styled: Motion) -> float | None:
    """``Gain.share`` alone, which is quick; None where no frames were held out."""
    held_out = _held_out(data)
    if held_out is None:
        return None
    sound, frames, valid = held_out
    real = data.motion[frames][valid]
    return _share(*(style_distance(one[sound], real, ordered=data.ordered) for one in (data.base, styled)))


def mean_movement(base: Motion, styled: Motion) -> float:
    """How far a style moves the landmarks: the mean distance, in eye distances."""
    gap = styled.phi().reshape(-1, 68, 3) - base.phi().reshape(-1, 68, 3)
    return float(np.linalg.norm(gap, axis=-1).mean())


def _held_out(data: FitData) -> tuple[slice, slice, NDArray[np.bool_]] | None:
    """The test part's frames of the sound and of the motion, and which of the latter are valid."""
    sound, frames = data.sound.test, data.frames.test
    if sound is None or frames is None or data.valid[frames].sum() < 2:
        return None
    return sound, frames, data.valid[frames]


def _share(before: float, after: float) -> float:
    return 1 - after / max(before, 1e-9)


def _ridge(data: FitData, test: slice) -> Motion:
    """What a linear map from sound to motion makes of the test part, fitted on the training part or its last minute."""
    train = data.sound.train
    known = np.arange(max(train.start, train.stop - _RIDGE_FRAMES), train.stop)
    known = known[data.valid[known]]
    inputs = in_context(data.features)
    return ridge(inputs[known], data.motion[known], inputs[test])

"""What a style brings, measured on frames that were used for nothing else, beside trivial baselines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from sdk.adapter.fit_data import FitData
from sdk.data import MOTION_RATE, Motion
from sdk.metrics import MotionScores, compare, in_context, ridge, style_distance

_RIDGE_FRAMES: Final = 60 * MOTION_RATE.numerator
"""Frames that the ridge baseline is fitted on at most: its cost is cubic in its inputs, and more help little."""


@dataclass(frozen=True, eq=False)
class Gain:
    """What fits on parts of a reference bring on the frames that each did not know; means over these fits.

    Attributes:
        before: The base's.
        after: The style's.
        baselines: Those of trivial baselines, by name.
        seconds: How much was held out from one fit or another.
        folds: How many fits measured it.
        spread: The standard deviation of ``share`` over the fits; None for a single one.
    """

    before: MotionScores
    after: MotionScores
    baselines: Mapping[str, MotionScores]
    seconds: float
    folds: int = 1
    spread: float | None = None

    @property
    def share(self) -> float:
        """The share of the base's style distance that the style removes: 1 is all of it, below 0 is a loss."""
        return _share(self.before.style, self.after.style)


def pooled(gains: Sequence[Gain]) -> Gain:
    """One gain of those of several fits."""
    if len(gains) == 1:
        return gains[0]

    def mean(scores: Sequence[MotionScores]) -> MotionScores:
        columns = [asdict(one) for one in scores]
        found = {name: [c[name] for c in columns if c[name] is not None] for name in columns[0]}
        means: dict[str, Any] = {name: float(np.mean(values)) if values else None for name, values in found.items()}
        return MotionScores(**means)

    return Gain(
        before=mean([one.before for one in gains]),
        after=mean([one.after for one in gains]),
        baselines={name: mean([one.baselines[name] for one in gains]) for name in gains[0].baselines},
        seconds=sum(one.seconds for one in gains),
        folds=len(gains),
        spread=float(np.std([one.share for one in gains], ddof=1)),
    )


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
    shown = data.valid & data.hidden
    if shown.sum() < 2:
        return None
    baselines = baseline_motions(data.base, data.motion[data.known], data.base)
    if data.paired:
        baselines["ridge"] = _ridge(data)

    def scores(motion: Motion) -> MotionScores:
        return compare(motion, data.motion, paired=data.paired, ordered=data.ordered, valid=shown, neutral=data.neutral)

    return Gain(
        before=scores(data.base),
        after=scores(styled),
        baselines={name: scores(motion) for name, motion in baselines.items()},
        seconds=float(shown.sum() / MOTION_RATE),
    )


def distance_share(data: FitData, styled: Motion) -> float:
    """The share of the base's style distance to all of a reference that a style removes, whoever learned from it."""
    real = data.motion[data.valid]
    mine = (one[data.valid] if data.paired else one for one in (data.base, styled))
    return _share(*(style_distance(one, real, ordered=data.ordered) for one in mine))


def mean_movement(base: Motion, styled: Motion) -> float:
    """How far a style moves the landmarks: the mean distance, in eye distances."""
    gap = styled.phi().reshape(-1, 68, 3) - base.phi().reshape(-1, 68, 3)
    return float(np.linalg.norm(gap, axis=-1).mean())


def _share(before: float, after: float) -> float:
    return 1 - after / max(before, 1e-9)


def _ridge(data: FitData) -> Motion:
    """What a linear map from sound to motion makes of the sound, fitted on the known frames or their last minute."""
    known = np.flatnonzero(data.known)[-_RIDGE_FRAMES:]
    inputs = in_context(data.features)
    return ridge(inputs[known], data.motion[known], inputs)

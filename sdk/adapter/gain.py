"""What a style brings, measured on frames that were used for nothing else, beside what trivial means bring."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sdk.adapter.fit_data import FitData
from sdk.data import MOTION_RATE, Motion
from sdk.metrics import MotionScores, compare, in_context, ridge, style_distance

__all__ = ["Gain", "baselines", "effect", "measure", "style_gain"]

_LINEAR: Final = 60 * MOTION_RATE.numerator
"""Frames that the linear rival is fitted on at most: it costs the cube of its inputs, and gains little from more."""


@dataclass(frozen=True, eq=False)
class Gain:
    """The figures of a style on the frames held out.

    Attributes:
        before: The base's.
        after: The style's.
        baselines: Those of trivial means, by name.
        frames: The frames held out, ``(first, last + 1)``, at 60 Hz.
    """

    before: MotionScores
    after: MotionScores
    baselines: dict[str, MotionScores]
    frames: tuple[int, int]

    @property
    def style(self) -> float:
        """The share of the base's style distance that is gone: 1 is all of it, under 0 a loss."""
        return 1 - self.after.style / max(self.before.style, 1e-9)


def baselines(base: Motion, known: Motion, generated: Motion) -> dict[str, Motion]:
    """Build trivial rivals from what was known at the time of the fit.

    Args:
        base: The unadapted generator's motion on the sound that was learned from.
        known: The reference's frames that were learned from.
        generated: The unadapted generator's motion to turn into each rival's.
    """

    def rival(spread: bool) -> Motion:
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
    return {"static mean": still, "mean shift": rival(spread=False), "mean and spread": rival(spread=True)}


def measure(material: FitData, base: Motion, styled: Motion) -> Gain | None:
    """Compare base, style and baselines with the frames held out; None where none were.

    Args:
        material: What was learned from.
        base: The unadapted generator's motion on the whole sound.
        styled: The style's.
    """
    sound, frames = material.sound.report, material.frames.report
    if sound is None or frames is None:
        return None
    real, seen = material.motion[frames], material.seen[frames]
    if seen.sum() < 2:
        return None
    rivals = baselines(base[material.sound.fit], material.motion[material.frames.fit], base[sound])
    if material.paired:
        rivals["ridge"] = _linear(material, sound)

    def scores(motion: Motion) -> MotionScores:
        return compare(
            motion, real, paired=material.paired, ordered=material.ordered, valid=seen, neutral=material.neutral
        )

    return Gain(
        before=scores(base[sound]),
        after=scores(styled[sound]),
        baselines={name: scores(motion) for name, motion in rivals.items()},
        frames=(frames.start, frames.stop),
    )


def _linear(material: FitData, ahead: slice) -> Motion:
    """What a linear map from sound to motion makes, fitted on what was learned from, or on the last minute of that."""
    start = max(material.sound.fit.start, material.sound.fit.stop - _LINEAR)
    known = np.arange(start, material.sound.fit.stop)
    known = known[material.seen[known]]
    inputs, motion = in_context(material.features), material.motion
    shown = Motion(motion.expression[known], motion.pose[known], motion.rate)
    return ridge(inputs[known], shown, inputs[ahead])


def style_gain(material: FitData, base: Motion, styled: Motion) -> float | None:
    """``Gain.style`` alone, which is quick; None where no frames were held out."""
    sound, frames = material.sound.report, material.frames.report
    if sound is None or frames is None or material.seen[frames].sum() < 2:
        return None
    real, seen = material.motion[frames], material.seen[frames]
    shown = Motion(real.expression[seen], real.pose[seen], real.rate)
    before, after = (style_distance(one[sound], shown, ordered=material.ordered) for one in (base, styled))
    return 1 - after / max(before, 1e-9)


def effect(base: Motion, styled: Motion) -> float:
    """How far a style moves the landmarks: the mean distance, in eye distances."""
    gap = styled.phi().reshape(-1, 68, 3) - base.phi().reshape(-1, 68, 3)
    return float(np.linalg.norm(gap, axis=-1).mean())

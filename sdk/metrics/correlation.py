"""How well one trajectory follows another, and how well chance alone would."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from sdk.data import MOTION_RATE, Floats, Motion
from sdk.geometry import canonical_face, mouth_opening


@dataclass(frozen=True)
class Correlation:
    """A correlation with the lag it was found at, and its null.

    Attributes:
        r: Pearson's, at the best lag.
        lag: Seconds by which the first trajectory comes after the second.
        null: The 95th percentile of r for unrelated timing: circular shifts of the first by over a second.
    """

    r: float
    lag: float
    null: float

    @property
    def beats_chance(self) -> bool:
        """Whether r is above its null."""
        return self.r > self.null


def correlate(
    generated: Floats,
    real: Floats,
    *,
    valid: NDArray[np.bool_] | None = None,
    rate: Fraction = MOTION_RATE,
    within: float = 0.1,
    lag_cost: float = 0.0,
) -> Correlation:
    """Correlate two trajectories ``[T]`` on one clock.

    Args:
        generated: What was generated.
        real: What was observed.
        valid: Which frames of ``real`` count; all by default.
        rate: Frames a second.
        within: The largest lag tried, in seconds.
        lag_cost: How much higher r must be at a lag for each second of it: in a few seconds of mouth, far lags fit well
            by chance. ``r`` itself is free of it.
    """
    a, b = np.asarray(generated, dtype=np.float64), np.asarray(real, dtype=np.float64)
    counted = np.ones(len(b), dtype=bool) if valid is None else valid
    reach, apart = round(within * float(rate)), round(float(rate))
    cost = lag_cost / float(rate)
    r, lag = _best_lag(a, b, counted, reach, cost)
    shifts = range(apart, len(a) - apart, max(1, len(a) // 60))
    chance = [_best_lag(np.roll(a, shift), b, counted, reach, cost)[0] for shift in shifts]
    return Correlation(r=r, lag=float(lag / rate), null=float(np.percentile(chance, 95)) if chance else 1.0)


def correlate_mouths(
    generated: Motion, real: Motion, *, valid: NDArray[np.bool_], within: float, lag_cost: float = 0.0
) -> Correlation:
    """Correlate the mouth's opening in two motions of one length; arguments as for ``correlate``."""
    face = canonical_face()
    openings = (mouth_opening(face + motion.expression) for motion in (generated, real))
    return correlate(*openings, valid=valid, within=within, lag_cost=lag_cost)


def _best_lag(
    a: NDArray[np.float64], b: NDArray[np.float64], valid: NDArray[np.bool_], within: int, cost: float
) -> tuple[float, int]:
    """The highest correlation of ``a[k + lag]`` with ``b[k]``, and its lag in frames, among ``|lag| <= within``.

    A frame of lag costs a correlation ``cost``, which is not in what is returned.
    """
    lags = [lag for lag in sorted(range(-within, within + 1), key=abs) if abs(lag) < len(b)]
    scores = []
    for lag in lags:
        end = len(b) - abs(lag)
        mine, theirs = slice(max(lag, 0), max(lag, 0) + end), slice(max(-lag, 0), max(-lag, 0) + end)
        scores.append(_pearson(a[mine], b[theirs], valid[theirs]))
    best = int(np.argmax([score - cost * abs(lag) for score, lag in zip(scores, lags, strict=True)]))
    return scores[best], lags[best]


def _pearson(a: NDArray[np.float64], b: NDArray[np.float64], valid: NDArray[np.bool_]) -> float:
    if valid.sum() < 3:
        return 0.0
    a, b = a[valid] - a[valid].mean(), b[valid] - b[valid].mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 1e-12 else 0.0

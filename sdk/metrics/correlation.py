"""How well one course in time follows another, and how well chance alone would."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from sdk.data import MOTION_RATE, Floats

__all__ = ["Correlation", "best_lag", "correlate"]


@dataclass(frozen=True)
class Correlation:
    """A correlation with the lag it was found at, and its null.

    Attributes:
        r: Pearson's, at the best lag.
        lag: Seconds that the first course comes after the second.
        null: The 95th percentile of the same figure for unrelated timing: circular shifts of the first course by over
            a second.
    """

    r: float
    lag: float
    null: float


def _pearson(a: NDArray[np.float64], b: NDArray[np.float64], valid: NDArray[np.bool_]) -> float:
    if valid.sum() < 3:
        return 0.0
    a, b = a[valid] - a[valid].mean(), b[valid] - b[valid].mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 1e-12 else 0.0


def _at_lag(
    a: NDArray[np.float64], b: NDArray[np.float64], valid: NDArray[np.bool_], lag: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Cut two courses so that ``a[k + lag]`` stands beside ``b[k]``."""
    if lag >= 0:
        return a[lag:], b[: len(b) - lag], valid[: len(b) - lag]
    return a[:lag], b[-lag:], valid[-lag:]


def best_lag(
    a: NDArray[np.float64], b: NDArray[np.float64], *, within: int, valid: NDArray[np.bool_] | None = None
) -> tuple[float, int]:
    """The highest correlation of ``a[k + lag]`` with ``b[k]``, and its lag in frames, among ``|lag| <= within``."""
    seen = np.ones(len(b), dtype=bool) if valid is None else valid
    lags = [lag for lag in sorted(range(-within, within + 1), key=abs) if abs(lag) < len(b)]
    scores = [_pearson(*_at_lag(a, b, seen, lag)) for lag in lags]
    best = int(np.argmax(scores))
    return scores[best], lags[best]


def correlate(
    generated: Floats,
    real: Floats,
    *,
    valid: NDArray[np.bool_] | None = None,
    rate: Fraction = MOTION_RATE,
    within: float = 0.1,
) -> Correlation:
    """Correlate two courses ``[T]`` on one clock.

    Args:
        generated: What was generated.
        real: What was seen.
        valid: Which frames of ``real`` were seen; all where left out.
        rate: Frames a second.
        within: The largest lag tried, in seconds.
    """
    a, b = np.asarray(generated, dtype=np.float64), np.asarray(real, dtype=np.float64)
    reach = round(within * float(rate))
    r, lag = best_lag(a, b, within=reach, valid=valid)
    apart = round(float(rate))
    shifts = range(apart, len(a) - apart, max(1, len(a) // 60))
    chance = [best_lag(np.roll(a, shift), b, within=reach, valid=valid)[0] for shift in shifts]
    return Correlation(r=r, lag=float(lag / rate), null=float(np.percentile(chance, 95)) if chance else 1.0)

"""Smooth curves through a few knots, as weights on the knots' values."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sdk.data import Floats

Doubles: TypeAlias = NDArray[np.float64]


def spline_weights(knots: Floats, at: Floats) -> Doubles:
    """Weights of a cubic Hermite spline with finite-difference tangents (Catmull-Rom on uneven knots).

    Linear in the values, so the same weights give a lip's edge and its displacement. Constant beyond the ends.

    Args:
        knots: ``[n]``, ascending; knots that coincide or are out of order are pushed apart.
        at: Where to evaluate, any shape ``[...]``.

    Returns:
        ``[..., n]``: ``weights @ values`` is the curve.
    """
    k = np.asarray(knots, dtype=np.float64).copy()
    least = 0.02 * max(float(k[-1] - k[0]), 1e-6)
    for i in range(1, len(k)):
        k[i] = max(k[i], k[i - 1] + least)
    n = len(k)
    tangent = np.zeros((n, n))
    for i in range(n):
        a, b = max(i - 1, 0), min(i + 1, n - 1)
        tangent[i, b] += 1 / (k[b] - k[a])
        tangent[i, a] -= 1 / (k[b] - k[a])
    x = np.clip(at, k[0], k[-1])
    left = np.clip(np.searchsorted(k, x, side="right") - 1, 0, n - 2)
    width = k[left + 1] - k[left]
    t = ((x - k[left]) / width)[..., None]
    eye = np.eye(n)
    return np.asarray(
        (1 + 2 * t) * (1 - t) ** 2 * eye[left]
        + t * (1 - t) ** 2 * width[..., None] * tangent[left]
        + t**2 * (3 - 2 * t) * eye[left + 1]
        + t**2 * (t - 1) * width[..., None] * tangent[left + 1]
    )


def smoothstep(x: Floats, low: float | Floats, high: float | Floats) -> Doubles:
    """0 below ``low``, 1 above ``high``, and 3t^2 - 2t^3 between."""
    t = np.clip((np.asarray(x, dtype=np.float64) - low) / (np.asarray(high) - low), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))

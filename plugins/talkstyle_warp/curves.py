"""Smooth curves through a few knots, as weights on the knots' values."""

from __future__ import annotations

from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sdk.data import Floats

# The exponent of the way in which lips part from the middle to the corners. In ten clips of people the gap half way is
# 0.83 to 0.88 of that in the middle, and 0.51 to 0.63 at a quarter of the way from a corner: exponents of 2.5 to 3.1.
PARTING: Final = 2.8

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


def parting_weights(knots: Floats, at: Floats, half: float) -> Doubles:
    """Weights of the curve in which an edge of lips parts: ``weights @ values`` is how far they part.

    What the corners do is shared out evenly between them. What the middle does beyond that falls off towards the
    corners as people's lips do, 1 - |u|^PARTING from the middle to a corner. What the two knots beside the middle do
    beyond that, evenly, stays beside the middle, so that a mouth that is a wedge there is not one at its corners;
    what they do unevenly is shared out by u (1 - u^2).

    Args:
        knots: ``[5]``: a corner, three places between, the other corner, ascending.
        at: Where to evaluate, any shape ``[...]``; beyond the corners it is the corner's value.
        half: Half the distance between the corners, which lie at -half and half.
    """
    first, middle, last = (float(k) / half for k in np.clip(knots[1:4], -0.8 * half, 0.8 * half))
    middle = float(np.clip(middle, -0.6, 0.6))
    first, last = min(first, middle - 0.1), max(last, middle + 0.1)

    def shapes(u: Doubles) -> Doubles:
        """The three shapes at ``u``, 0 at the middle knot and 1 away from it at the corners."""
        v = (u - middle) / np.where(u > middle, 1 - middle, 1 + middle)
        near = np.abs(v) / (((last - middle) / (1 - middle) + (middle - first) / (1 + middle)) / 2)
        return np.stack([1 - np.abs(v) ** PARTING, v * (1 - v**2), (1 - v**2) * near**2 * np.exp(-(near**2))], axis=-1)

    u = np.clip(np.asarray(at, dtype=np.float64) / half, -1.0, 1.0)
    found = shapes(u) @ np.linalg.inv(shapes(np.array([first, middle, last])))
    along = (np.array([first, middle, last]) + 1) / 2
    ends = np.stack([(1 - u) / 2 - found @ (1 - along), (1 + u) / 2 - found @ along], axis=-1)
    return np.concatenate([ends[..., :1], found, ends[..., 1:]], axis=-1)


def smoothstep(x: Floats, low: float | Floats, high: float | Floats) -> Doubles:
    """0 below ``low``, 1 above ``high``, and 3t^2 - 2t^3 between."""
    t = np.clip((np.asarray(x, dtype=np.float64) - low) / (np.asarray(high) - low), 0.0, 1.0)
    return np.asarray(t * t * (3 - 2 * t))

"""Less jitter in landmarks over time, with lip closures left intact."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import FloatArray, Floats

NOISE_FACTOR: Final = 3.0
"""A correction of this many times a point's usual jitter is half applied."""


def smooth(points: Floats, frames: Sequence[int], *, half: int) -> FloatArray:
    """Smooth landmarks ``[N, 68, 3]`` of increasing ``frames`` over ``half`` frames on either side, without delay.

    A parabola is fitted through each point's neighbours in time (Savitzky and Golay, 1964), which keeps slow changes.
    Faster ones, such as lips that meet for two frames, differ from jitter in size: a correction that is large for
    its point is weakened by ``1 / (1 + (correction / (3 usual))^2)``.

    Nothing is smoothed across a gap. Runs too short for the parabola, and their ends, stay as they are. A ``half`` of 0
    changes nothing; 2 is good at 25 to 30 frames a second.
    """
    if half == 0 or len(points) == 0:
        return np.asarray(points, dtype=np.float32)
    given = np.asarray(points, dtype=np.float64)
    correction = np.zeros_like(given)
    for run in np.split(np.arange(len(frames)), np.flatnonzero(np.diff(frames) != 1) + 1):
        if len(run) > 2 * half:
            inner = run[half : len(run) - half]
            correction[inner] = _parabola(given[run], half) - given[inner]
    size = np.linalg.norm(correction, axis=2)
    touched = size.any(axis=1)
    if not touched.any():
        return given.astype(np.float32)
    usual = NOISE_FACTOR * np.median(size[touched], axis=0)
    weight = usual**2 / np.maximum(usual**2 + size**2, 1e-12)
    return np.asarray(given + weight[..., None] * correction, dtype=np.float32)


def _parabola(points: NDArray[np.float64], half: int) -> NDArray[np.float64]:
    """The fitted parabolas' values in the middle of each window of ``2 * half + 1`` frames."""
    steps = np.arange(-half, half + 1.0)
    weights = np.linalg.pinv(np.vander(steps, 3, increasing=True))[0]
    count = len(points) - 2 * half
    return np.asarray(sum(weight * points[k : k + count] for k, weight in enumerate(weights)))

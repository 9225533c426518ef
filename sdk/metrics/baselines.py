"""Linear baselines on the same frames, which a learned style has to beat."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import MOTION_RATE, Audio, FloatArray, Floats, Motion
from sdk.geometry import POINTS

CONTEXT: Final = (-12, -8, -4, 0, 4, 8, 12)
"""Frames (60 Hz) around each whose features the regression gets: 200 ms either way, the span of co-articulation."""

PENALTIES: Final = tuple(10.0**k for k in range(-2, 6))
"""Ridge penalties tried, for inputs scaled to unit variance."""

FOLDS: Final = 4
MIN_DBFS: Final = -60.0
"""The level of silence, so that its least bits do not count."""


def loudness(audio: Audio) -> FloatArray:
    """The level of each 60 Hz frame in dBFS, smoothed over five, float32 ``[ceil(60 * duration)]``."""
    frames = -(-len(audio.samples) * MOTION_RATE.numerator // audio.rate)
    starts = np.arange(frames + 1) * audio.rate // MOTION_RATE.numerator
    power = np.concatenate([[0.0], np.cumsum(np.square(audio.samples, dtype=np.float64))])
    ends = np.minimum(starts, len(audio.samples))
    mean = np.diff(power[ends]) / np.maximum(np.diff(ends), 1)
    level = np.maximum(10 * np.log10(np.maximum(mean, 1e-12)), MIN_DBFS)
    return np.convolve(np.pad(level, 2, mode="edge"), np.ones(5) / 5, "valid").astype(np.float32)


def in_context(features: FloatArray) -> FloatArray:
    """Each frame's features ``[T, D]`` beside those around it, ``[T, 7 D]``; ends are held."""
    rows = np.arange(len(features))[:, None] + np.array(CONTEXT)
    return np.asarray(features[rows.clip(0, len(features) - 1)].reshape(len(features), -1), dtype=np.float32)


def ridge(inputs: Floats, motion: Motion, ahead: Floats) -> Motion:
    """Fit a linear map from inputs to motion, and apply it.

    The penalty is the one that predicts best in four-fold cross-validation over stretches of time.

    Args:
        inputs: Of the known frames, ``[T, D]``.
        motion: Of the same frames.
        ahead: Inputs of the frames to predict, ``[S, D]``.

    Returns:
        S frames.
    """
    x = np.asarray(inputs, dtype=np.float64)
    y = np.concatenate([motion.expression.reshape(len(motion), -1), motion.pose], axis=1).astype(np.float64)
    bounds = np.linspace(0, len(x), FOLDS + 1).astype(int)
    errors = np.zeros(len(PENALTIES))
    for first, last in pairwise(bounds):
        left_out = np.zeros(len(x), dtype=bool)
        left_out[first:last] = True
        if last - first == len(x) or last == first:
            continue
        for k, made in enumerate(_fits(x[~left_out], y[~left_out], x[left_out], PENALTIES)):
            errors[k] += float(np.square(made - y[left_out]).sum())
    (made,) = _fits(x, y, np.asarray(ahead, dtype=np.float64), (PENALTIES[int(np.argmin(errors))],))
    expression = made[:, : 3 * POINTS].reshape(-1, POINTS, 3)
    return Motion(expression.astype(np.float32), made[:, 3 * POINTS :].astype(np.float32), motion.rate)


def _fits(
    x: NDArray[np.float64], y: NDArray[np.float64], ahead: NDArray[np.float64], penalties: tuple[float, ...]
) -> list[NDArray[np.float64]]:
    """Ridge regression in closed form, for several penalties from one eigendecomposition.

    It is that of the inputs' covariance or, with more inputs than frames, of their Gram matrix.
    """
    mean, level = x.mean(0), y.mean(0)
    scale = np.maximum(x.std(0), 1e-6)
    z, target, new = (x - mean) / scale, y - level, (ahead - mean) / scale
    if z.shape[1] <= len(z):
        values, vectors = np.linalg.eigh(z.T @ z / len(z))
        onto = vectors.T @ (z.T @ target) / len(z)
        turned = new @ vectors
    else:
        values, vectors = np.linalg.eigh(z @ z.T / len(z))
        onto = vectors.T @ target / len(z)
        turned = new @ z.T @ vectors
    return [turned @ (onto / (np.maximum(values, 0) + p / len(z))[:, None]) + level for p in penalties]

"""Microphones: their frequency response, overload, and a level that drifts."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import FloatArray
from talkstyle_lab.pretraining.augment.spectra import filtered
from talkstyle_reference.mel import SAMPLE_RATE

_DRIFT_SECONDS: Final = 1.5  # between a drifting level's knots


def through_microphone(samples: FloatArray, rng: np.random.Generator) -> FloatArray:
    """A sound ``[N]`` at 16 kHz through a microphone of random response; the phase stays."""
    low, high = np.exp(rng.uniform(np.log((20.0, 3000.0)), np.log((250.0, 12000.0))))
    slopes = rng.uniform(6, 24, 2)  # dB an octave, beyond both edges
    tilt = rng.uniform(-2, 2)  # dB an octave
    peaks = [(rng.uniform(6.5, 13), rng.uniform(0.2, 0.8), rng.normal(0, 4)) for _ in range(rng.integers(1, 5))]

    def gain(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
        octave = np.log2(np.maximum(hertz, 10.0))
        decibels = tilt * (octave - 10)
        decibels -= slopes[0] * np.clip(np.log2(low) - octave, 0, 3) + slopes[1] * np.clip(octave - np.log2(high), 0, 3)
        for centre, width, height in peaks:
            decibels += height * np.exp(-(((octave - centre) / width) ** 2) / 2)
        return np.asarray(10 ** (decibels / 20))

    return filtered(samples, gain)


def overloaded(samples: FloatArray, rng: np.random.Generator) -> FloatArray:
    """A sound whose peaks are bent by a microphone or an amplifier that is too loud."""
    peak = float(np.abs(samples).max()) + 1e-9
    drive = rng.uniform(1, 4)
    return np.asarray(np.tanh(samples / peak * drive) * (peak / np.tanh(drive)), np.float32)


def drifting(samples: FloatArray, rng: np.random.Generator) -> FloatArray:
    """A sound whose level wanders by some dB, as of somebody who turns away or a gain that is corrected."""
    knots = int(len(samples) / SAMPLE_RATE / _DRIFT_SECONDS) + 2
    decibels = rng.normal(0, rng.uniform(0.5, 3), knots)
    time = np.arange(len(samples)) / (SAMPLE_RATE * _DRIFT_SECONDS)
    return np.asarray(samples * 10 ** (np.interp(time, np.arange(knots), decibels) / 20), np.float32)

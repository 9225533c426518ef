"""Make clean synthetic speech sound like a recording: gain, colour, room, noise.

None of it moves the sound in time, so the motion still fits.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkstyle_reference.corpus.speech import RATE

__all__ = ["augment"]

_NOISE_COLOURS: Final = (0.0, 0.5, 1.0, 1.5)
"""Exponents of 1/f: white to nearly brown."""


def augment(samples: NDArray[np.float32] | NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float32]:
    """Degrade speech at random; each part is left out in some draws.

    Args:
        samples: Mono speech in [-1, 1], 16 kHz, ``[N]``.
        rng: Draws everything.

    Returns:
        float32 ``[N]``, within [-1, 1].
    """
    sound = np.asarray(samples, dtype=np.float64)
    if len(sound) == 0:
        return sound.astype(np.float32)
    if rng.random() < 0.6:
        sound = _colour(sound, rng)
    if rng.random() < 0.5:
        sound = _room(sound, rng)
    if rng.random() < 0.7:
        sound = sound + _noise(len(sound), rng) * _level(sound) * 10 ** (-rng.uniform(8, 40) / 20)
    if rng.random() < 0.15:
        sound = np.tanh(sound * rng.uniform(1.5, 4.0)) / 2  # an overdriven microphone
    sound = sound * 10 ** (rng.uniform(-18, 6) / 20)
    return np.clip(sound, -1.0, 1.0).astype(np.float32)


def _level(sound: NDArray[np.float64]) -> float:
    """RMS over what is not silence, or a low floor where there is only silence."""
    loud = sound[np.abs(sound) > 1e-3]
    return float(np.sqrt((loud**2).mean())) if len(loud) else 0.003


def _colour(sound: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """A random smooth frequency response of up to about 8 dB, and at times a telephone's band. Zero phase."""
    frequency = np.fft.rfftfreq(len(sound), 1 / RATE)
    octave = np.log2(np.maximum(frequency, 20) / 20)
    decibel = np.interp(octave, np.linspace(0, 8.7, 7), rng.normal(0, 4, 7))
    if rng.random() < 0.2:
        low, high = rng.uniform(80, 350), rng.uniform(3000, 7000)
        decibel = decibel - 24 * np.maximum(np.log2(low / np.maximum(frequency, 1)), 0)
        decibel = decibel - 48 * np.maximum(np.log2(np.maximum(frequency, 1) / high), 0)
    return np.asarray(np.fft.irfft(np.fft.rfft(sound) * 10 ** (decibel / 20), len(sound)))


def _room(sound: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """The direct sound, then noise that decays by 60 dB in 0.15 to 0.7 s (Polack's model of a diffuse tail)."""
    decay = rng.uniform(0.15, 0.7)
    count = int(decay * RATE)
    tail = rng.standard_normal(count) * 10 ** (-3 * np.arange(count) / count)
    tail[: int(0.003 * RATE)] = 0
    tail *= 10 ** (-rng.uniform(2, 16) / 20) / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    size = len(sound) + count
    wet = np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(tail, size), size)
    return np.asarray(wet[: len(sound)])


def _noise(count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Noise of a random colour and of unit RMS."""
    spectrum = np.fft.rfft(rng.standard_normal(count))
    spectrum /= np.maximum(np.arange(len(spectrum)), 1) ** (rng.choice(_NOISE_COLOURS) / 2)
    noise = np.fft.irfft(spectrum, count)
    return np.asarray(noise / (np.sqrt((noise**2).mean()) + 1e-12))

"""Augmentation of recordings: room, noise, level, spectral colour, speed and vocal tract."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sdk.data import FloatArray
from talkstyle_reference.mel import BANDS, SAMPLE_RATE, SILENCE

_RATE = 60


@dataclass(frozen=True, eq=False)
class Take:
    """Sound with the motion that belongs to it."""

    samples: FloatArray  # float32 [N] at 16 kHz
    motion: FloatArray  # float32 [T, 210], expression and pose, at 60 Hz
    closed: NDArray[np.bool_]  # bool [T], frames at which the lips must be closed


def respeed(take: Take, factor: float) -> Take:
    """Play a take ``factor`` times as fast: pitch and formants rise with the speed."""
    count = int(len(take.samples) / factor)
    samples = np.interp(np.arange(count) * factor, np.arange(len(take.samples)), take.samples).astype(np.float32)
    at = np.minimum(np.arange(-(-count * _RATE // SAMPLE_RATE)) * factor, len(take.motion) - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, len(take.motion) - 1)
    share = (at - low)[:, None].astype(np.float32)
    motion = take.motion[low] * (1 - share) + take.motion[high] * share
    return Take(samples, motion, take.closed[low])


def rerecord(take: Take, rng: np.random.Generator) -> Take:
    """Add a room and noise to a take, and change its level; one in four gets a new level alone."""
    samples = take.samples
    size = float(np.sqrt(np.mean(samples**2))) + 1e-9
    if rng.random() < 0.75:
        if rng.random() < 0.5:
            samples = _room(samples, rng)
        if rng.random() < 0.8:
            noise = _noise(len(samples), rng)
            samples = samples + noise * size * 10 ** (-rng.uniform(8, 45) / 20)
    level = 10 ** (rng.uniform(-38, -14) / 20) / size
    return replace(take, samples=np.clip(samples * level, -1, 1).astype(np.float32))


def recolour(bands: NDArray[np.float64], centres: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Give log-mel bands ``[T, 80]`` another vocal tract, microphone and bandwidth; ``centres`` are the bands' Hz."""
    factor = rng.uniform(0.88, 1.14)
    place = np.interp(centres * factor, centres, np.arange(BANDS))
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, BANDS - 1)
    warped = bands[:, low] * (1 - (place - low)) + bands[:, high] * (place - low)
    knots = np.linspace(0, BANDS - 1, 6)
    curve = np.interp(np.arange(BANDS), knots, rng.normal(0, 0.8, len(knots)))
    if rng.random() < 0.15:
        curve = curve - 6 * np.clip((centres - rng.uniform(3000, 6500)) / 600, 0, 1)
    return np.asarray(np.maximum(warped + curve, SILENCE))


def _room(samples: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Convolve with a decaying noise after the direct sound."""
    length = int(rng.uniform(0.1, 0.6) * SAMPLE_RATE)
    tail = rng.standard_normal(length) * 10 ** (-3 * np.arange(length) / length)  # 60 dB over its length
    tail *= rng.uniform(0.15, 0.8) / np.sqrt((tail**2).sum())
    tail[0] = 1.0
    size = _next_power_of_two(len(samples) + length)
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(tail, size), size)
    return np.asarray(wet[: len(samples)], np.float32)


def _noise(count: int, rng: np.random.Generator) -> FloatArray:
    """Noise of unit power whose spectrum falls by 0 to 6 dB an octave."""
    size = _next_power_of_two(count)
    spectrum = np.fft.rfft(rng.standard_normal(size))
    spectrum *= np.maximum(np.arange(len(spectrum)) / size * SAMPLE_RATE, 50.0) ** -rng.uniform(0, 1)
    noise = np.fft.irfft(spectrum, size)[:count]
    return np.asarray(noise / np.sqrt(np.mean(noise**2) + 1e-12), np.float32)


def _next_power_of_two(count: int) -> int:
    """A length for Fourier transforms: others can be a hundred times slower."""
    return 1 << (count - 1).bit_length()

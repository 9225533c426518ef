"""Filtering and resampling by Fourier transforms, without delay."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import FloatArray
from talkstyle_reference.mel import SAMPLE_RATE

_MARGIN_SECONDS: Final = 0.25  # of zeros after a sound, for what a filter adds before its beginning and after its end


def next_power_of_two(count: int) -> int:
    """A length for Fourier transforms: others can be a hundred times slower."""
    return 1 << (count - 1).bit_length()


def filtered(samples: FloatArray, gain: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> FloatArray:
    """Multiply the spectrum of a sound at 16 kHz, ``[N]``, by ``gain`` of the frequencies in Hz; the phase stays."""
    size = next_power_of_two(len(samples) + round(_MARGIN_SECONDS * SAMPLE_RATE))
    spectrum = np.fft.rfft(samples, size)
    spectrum *= gain(np.fft.rfftfreq(size, 1 / SAMPLE_RATE))
    return np.asarray(np.fft.irfft(spectrum, size)[: len(samples)], np.float32)


def convolved(samples: FloatArray, response: NDArray[np.floating[Any]]) -> FloatArray:
    """A sound ``[N]`` through an impulse response, cut to ``[N]``."""
    size = next_power_of_two(len(samples) + len(response))
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(response, size), size)
    return np.asarray(wet[: len(samples)], np.float32)


def resampled(samples: FloatArray, rate: int, to: int) -> FloatArray:
    """A sound ``[N]`` at another rate, ``[ceil(N * to / rate)]``, by truncating or padding its spectrum."""
    if rate == to:
        return samples
    step = rate // math.gcd(rate, to)
    size = step * next_power_of_two(-(-(len(samples) + round(_MARGIN_SECONDS * rate)) // step))
    count = size * to // rate
    spectrum = np.fft.rfft(samples, size)[: count // 2 + 1]
    wide = np.zeros(count // 2 + 1, spectrum.dtype)
    wide[: len(spectrum)] = spectrum
    return np.asarray(np.fft.irfft(wide, count)[: -(-len(samples) * to // rate)] * (to / rate), np.float32)


def power(samples: FloatArray) -> float:
    """The mean square of what is louder than silence; 0 in silence."""
    heard = samples[np.abs(samples) > 1e-4]
    return float(np.mean(np.square(heard, dtype=np.float64))) if len(heard) else 0.0

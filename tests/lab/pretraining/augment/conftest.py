import numpy as np
import pytest

RATE = 16_000


@pytest.fixture(scope="session")
def voice():
    """Three seconds of buzz with changing pitch, formants and loudness, and hiss: broad enough to tell a delay."""
    rng = np.random.default_rng(1)
    time = np.arange(3 * RATE) / RATE
    phase = 2 * np.pi * np.cumsum(130 + 40 * np.sin(2 * np.pi * 0.9 * time)) / RATE
    buzz = sum(np.sin(k * phase + k * k) / k**0.7 for k in range(1, 35))
    loud = np.interp(time, np.arange(0, 3.2, 0.1), rng.random(32) ** 2)
    hiss = rng.standard_normal(len(time)) * np.interp(time, np.arange(0, 3.2, 0.1), rng.random(32) > 0.7)
    return (0.1 * (loud * buzz + 0.3 * hiss)).astype(np.float32)


@pytest.fixture(scope="session")
def delay():
    """By how many samples the second sound is late, and how alike they then are."""

    def measure(sound, late):
        size = 1 << (len(sound) + len(late)).bit_length()
        match = np.fft.irfft(np.fft.rfft(late, size) * np.conj(np.fft.rfft(sound, size)), size)
        best = int(match.argmax())
        alike = match[best] / np.sqrt(np.square(sound, dtype=float).sum() * np.square(late, dtype=float).sum())
        return (best if best < size // 2 else best - size), float(alike)

    return measure

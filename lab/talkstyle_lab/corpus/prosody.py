"""Prosody measured from the sound: loudness, pitch, and the accents among its vowels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkstyle_lab.corpus.phones import PHONES
from talkstyle_lab.corpus.speech import RATE, Utterance

FRAME_RATE: Final = 60
_LOWEST, _HIGHEST = 60.0, 450.0


@dataclass(frozen=True, eq=False)
class Prosody:
    """Emphasis over time, at 60 Hz.

    Attributes:
        loudness: dB relative to the utterance's median over its speech, ``[T]``, at least -40.
        pitch: Semitones relative to the utterance's median, ``[T]``, smooth through unvoiced stretches.
        voiced: Whether there is a pitch, bool ``[T]``.
        accents: ``[A, 2]``: time of each vowel in seconds and its strength, 0 (the weakest) to 1.
    """

    loudness: NDArray[np.float64]
    pitch: NDArray[np.float64]
    voiced: NDArray[np.bool_]
    accents: NDArray[np.float64]


def gaussian(signal: NDArray[np.float64], sigma: float) -> NDArray[np.float64]:
    """Smooth along the first axis with a Gaussian of ``sigma`` frames; the ends are held."""
    x = np.asarray(signal, dtype=np.float64)
    if sigma < 0.05 or len(x) == 0:
        return x
    half = int(np.ceil(4 * sigma))
    kernel = np.exp(-0.5 * (np.arange(-half, half + 1) / sigma) ** 2)
    flat = np.pad(x.reshape(len(x), -1), ((half, half), (0, 0)), mode="edge")
    size = len(flat) + 2 * half
    spectrum = np.fft.rfft(flat, size, axis=0) * np.fft.rfft(kernel / kernel.sum(), size)[:, None]
    return np.asarray(np.fft.irfft(spectrum, size, axis=0)[2 * half : 2 * half + len(x)].reshape(x.shape))


def pitch_track(audio: NDArray[np.int16], *, hop: int = 160) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pitch by the autocorrelation of 40 ms windows.

    Args:
        audio: int16 ``[N]``, 16 kHz.
        hop: Samples between windows' centres.

    Returns:
        Hz (0 where unvoiced) and RMS, both ``[N // hop + 1]``.
    """
    window = 640
    x = np.pad(audio.astype(np.float64), (window // 2, window // 2 + hop))
    frames = np.lib.stride_tricks.sliding_window_view(x, window)[: len(audio) + 1 : hop]
    rms = np.sqrt((frames**2).mean(axis=1))
    shaped = (frames - frames.mean(axis=1, keepdims=True)) * np.hanning(window)
    power = np.abs(np.fft.rfft(shaped, 2048, axis=1)) ** 2
    lags = np.fft.irfft(power, axis=1)[:, :window]
    # A window's own autocorrelation falls with the lag; dividing it out lets long periods compete (Boersma, 1993).
    shape = np.fft.irfft(np.abs(np.fft.rfft(np.hanning(window), 2048)) ** 2)[:window]
    normal = lags / (lags[:, :1] + 1e-9) / (shape / shape[0] + 1e-3)
    low, high = int(RATE / _HIGHEST), int(RATE / _LOWEST)
    band = normal[:, low : high + 1]
    best = band.max(axis=1)
    peak = (band >= 0.9 * best[:, None]).argmax(axis=1) + low
    # The first lag above 0.9 of the best lies on a peak's flank: climb it.
    for _ in range(8):
        right = np.minimum(peak + 1, window - 1)
        better = normal[np.arange(len(peak)), right] > normal[np.arange(len(peak)), peak]
        peak = np.where(better, right, peak)
    voiced = (best > 0.5) & (rms > max(60.0, 0.05 * np.percentile(rms, 95)))
    return np.where(voiced, RATE / peak, 0.0), rms


def prosody(utterance: Utterance) -> Prosody:
    """Measure an utterance."""
    hertz, rms = pitch_track(utterance.audio)
    fine = np.arange(len(rms)) / 100
    time = np.arange(utterance.frames) / FRAME_RATE
    decibel = 20 * np.log10(rms + 1.0)
    speech = rms > 0.05 * np.percentile(rms, 95)
    decibel = np.maximum(decibel - np.median(decibel[speech]) if speech.any() else decibel - 90.0, -40.0)
    voiced = hertz > 0
    if voiced.any():
        semitone = 12 * np.log2(hertz[voiced] / np.median(hertz[voiced]))
        pitch = gaussian(np.interp(fine, fine[voiced], np.clip(semitone, -12, 12)), 4)
    else:
        pitch = np.zeros_like(fine)
    loudness = gaussian(decibel, 3)
    vowels = [(start, end) for label, start, end in utterance.phones if PHONES[label].kind == "vowel"]
    rows = []
    for start, end in vowels:
        inside = (fine >= start) & (fine <= end)
        if inside.any():
            rows.append(((start + end) / 2, loudness[inside].max(), pitch[inside].max(), min(end - start, 0.3)))
    table = np.array(rows).reshape(-1, 4)
    weight = np.zeros(len(table))
    for column, share in ((1, 0.4), (2, 0.35), (3, 0.25)):
        weight += share * _rank(table[:, column])
    return Prosody(
        loudness=np.interp(time, fine, loudness),
        pitch=np.interp(time, fine, pitch),
        voiced=np.interp(time, fine, voiced.astype(float)) > 0.5,
        accents=np.stack([table[:, 0], _rank(weight)], axis=1),
    )


def _rank(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.argsort(np.argsort(values)) / max(len(values) - 1, 1)

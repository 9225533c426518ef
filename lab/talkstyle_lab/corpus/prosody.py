"""Prosody measured from the sound: loudness, pitch, and the accents among its vowels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talkstyle_lab.corpus.phones import PHONES
from talkstyle_lab.corpus.speech import RATE, Utterance

HOP: Final = 160
"""Samples between the windows of ``pitch_track``."""
_MIN_HERTZ, _MAX_HERTZ = 60.0, 450.0
_WINDOW = 640


@dataclass(frozen=True, eq=False)
class Prosody:
    """Emphasis over time, at 60 Hz."""

    loudness: NDArray[np.float64]  # dB relative to the utterance's median over its speech, [T], at least -40
    pitch: NDArray[np.float64]  # semitones relative to the utterance's median, [T], smooth through unvoiced stretches
    # the time of each vowel in seconds, and its strength from 0 (the weakest) to 1, [A, 2]
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


def pitch_track(audio: NDArray[np.int16]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Pitch in Hz (0 where unvoiced) and RMS, both ``[N // HOP + 1]``, of sound int16 ``[N]`` at 16 kHz.

    By the autocorrelation of 40 ms windows, whose own autocorrelation is divided out (Boersma, 1993).
    """
    x = np.pad(audio.astype(np.float64), (_WINDOW // 2, _WINDOW // 2 + HOP))
    frames = np.lib.stride_tricks.sliding_window_view(x, _WINDOW)[: len(audio) + 1 : HOP]
    rms = np.sqrt((frames**2).mean(axis=1))
    shape = np.hanning(_WINDOW)
    shaped = (frames - frames.mean(axis=1, keepdims=True)) * shape
    power = np.abs(np.fft.rfft(shaped, 2048, axis=1)) ** 2
    lags = np.fft.irfft(power, axis=1)[:, :_WINDOW]
    own = np.fft.irfft(np.abs(np.fft.rfft(shape, 2048)) ** 2)[:_WINDOW]
    normal = lags / (lags[:, :1] + 1e-9) / (own / own[0] + 1e-3)
    low = int(RATE / _MAX_HERTZ)
    band = normal[:, low : int(RATE / _MIN_HERTZ) + 1]
    best = band.max(axis=1)
    peak = (band >= 0.9 * best[:, None]).argmax(axis=1) + low
    # The first lag above 0.9 of the best lies on a peak's flank: climb it.
    for _ in range(8):
        right = np.minimum(peak + 1, _WINDOW - 1)
        better = normal[np.arange(len(peak)), right] > normal[np.arange(len(peak)), peak]
        peak = np.where(better, right, peak)
    voiced = (best > 0.5) & (rms > max(60.0, 0.05 * np.percentile(rms, 95)))
    return np.where(voiced, RATE / peak, 0.0), rms


def prosody(utterance: Utterance) -> Prosody:
    """Measure an utterance."""
    hertz, rms = pitch_track(utterance.audio)
    fine, time = np.arange(len(rms)) * HOP / RATE, utterance.times
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
    rows = []
    for label, start, end in utterance.phones:
        inside = (fine >= start) & (fine <= end)
        if PHONES[label].kind == "vowel" and inside.any():
            rows.append(((start + end) / 2, loudness[inside].max(), pitch[inside].max(), min(end - start, 0.3)))
    table = np.array(rows).reshape(-1, 4)
    weight = sum(share * _rank(column) for share, column in zip((0.4, 0.35, 0.25), table.T[1:], strict=True))
    return Prosody(
        loudness=np.interp(time, fine, loudness),
        pitch=np.interp(time, fine, pitch),
        accents=np.stack([table[:, 0], _rank(np.asarray(weight))], axis=1),
    )


def _rank(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.argsort(np.argsort(values)) / max(len(values) - 1, 1)

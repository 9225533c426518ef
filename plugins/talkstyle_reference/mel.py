"""Log-mel features: bands at exactly 120 Hz, normalised as they arrive, two to a frame of motion.

The paper (Pham et al., CVPR-W 2024): 16 kHz, 80 bands from 90 to 7600 Hz, 512-point STFT, window 1/60 s, shift 1/120 s.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import FloatArray
from sdk.encoding import StreamingEncoder
from sdk.errors import NotFiniteError
from talkstyle_reference.weights import Weights, read_weights

SAMPLE_RATE: Final = 16_000
BANDS: Final = 80
_FFT: Final = 512
_WINDOW: Final = 267  # samples: 1/60 s
_FLOOR: Final = 1e-8  # power: about the rounding noise of 16-bit sound
SILENCE: Final = float(np.log(_FLOOR))
"""The log power of digital silence in every band."""


def log_mel(samples: FloatArray, first: int, count: int, *, offset: int = 0) -> NDArray[np.float64]:
    """Natural logarithms of the power in mel bands, float64 ``[count, 80]``, from the 120 Hz frame ``first``.

    Frame ``j`` begins at sample ``round(j * 16000 / 120)``; a whole number of samples as a hop would drift by 158 ms a
    minute. ``samples`` at 16 kHz, float32 ``[N]``, begin at sample ``offset`` of the whole sound; zeros follow them.
    """
    starts = _start(np.arange(first, first + count)) - offset
    if count and starts[-1] + _WINDOW > len(samples):
        samples = np.pad(samples, (0, int(starts[-1]) + _WINDOW - len(samples)))
    frames = samples[starts[:, None] + np.arange(_WINDOW)] * _window()
    power = np.abs(np.fft.rfft(frames, _FFT)) ** 2
    return np.asarray(np.log(power @ _filters() + _FLOOR))


class MeanNormaliser:
    """Removes a recording's level and colour causally: each band's running mean over frames of speech.

    A frame's weight is a sigmoid of its distance from the recent peak, so that rounding cannot tip it over an edge. The
    mean starts from ``mean``, the corpus's over active frames, ``[80]``, which weighs as much as 0.75 s of speech, and
    has a memory of 10 s of it.
    """

    _PRIOR_FRAMES: Final = 45.0
    _MEMORY_FRAMES: Final = 600.0
    _PEAK_DECAY: Final = 3.0 * np.log(10) / 10 / 60  # 3 dB a second
    _HALF_WEIGHT: Final = 20.0 * np.log(10) / 10  # a frame 20 dB under the peak counts one half
    _SOFTNESS: Final = 3.0 * np.log(10) / 10

    def __init__(self, mean: NDArray[np.floating[Any]]) -> None:
        self._mean = np.array(mean, dtype=np.float64)
        self._peak = float(self._mean.mean())
        self._weight = self._PRIOR_FRAMES

    def __call__(self, bands: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Take frames ``[t, 2, 80]`` at 60 Hz; return them minus the running mean, and how active each is, ``[t]``."""
        out, active = np.empty_like(bands), np.empty(len(bands))
        middles = bands.mean(axis=1)
        for k, level in enumerate(bands.mean(axis=(1, 2))):
            self._peak = max(float(level), self._peak - self._PEAK_DECAY, SILENCE + 2 * self._HALF_WEIGHT)
            share = 1 / (1 + np.exp((self._peak - self._HALF_WEIGHT - level) / self._SOFTNESS))
            self._weight = min(self._weight + share, self._MEMORY_FRAMES)
            self._mean += share / self._weight * (middles[k] - self._mean)
            out[k] = bands[k] - self._mean
            active[k] = share
        return out, active


class MelEncoder(StreamingEncoder):
    """Log-mel features at 60 Hz: two 120 Hz frames side by side, D = 160.

    Args:
        weights: Source of the statistics: ``"shipped"``, the package's; a folder of weights; None, round numbers.
    """

    name = "mel"
    version = "1"
    sample_rate = SAMPLE_RATE
    width = 2 * BANDS
    lookahead = 1 / 120 + _WINDOW / SAMPLE_RATE

    _CLIP: Final = 4.0  # standard deviations; digital silence is then as low as a quiet room

    def __init__(self, weights: Weights = "shipped") -> None:
        if weights is None:
            self.mean, self.std = np.full(BANDS, -7.0, np.float32), np.full(BANDS, 2.5, np.float32)
        else:
            statistics = read_weights(self.name, weights)
            self.mean, self.std = statistics["mean"], statistics["std"]

    def fingerprint(self) -> str:
        """The sha256 (hex) of its version and statistics."""
        digest = hashlib.sha256(f"{self.name} {self.version}".encode())
        digest.update(self.mean.astype("<f4").tobytes() + self.std.astype("<f4").tobytes())
        return digest.hexdigest()

    def stream(self) -> MelStream:
        """Begin a sound that arrives piece by piece."""
        return MelStream(self)

    def scale(self, normalised: NDArray[np.float64]) -> FloatArray:
        """Scale and clip frames ``[t, 2, 80]`` from a ``MeanNormaliser``: features ``[t, 160]``."""
        scaled = np.clip(normalised / self.std, -self._CLIP, self._CLIP)
        return scaled.reshape(len(normalised), self.width).astype(np.float32)


class MelStream:
    """Features of a sound that arrives piece by piece, equal to those of the whole within rounding (1e-5)."""

    def __init__(self, encoder: MelEncoder) -> None:
        self._encoder = encoder
        self._normaliser = MeanNormaliser(encoder.mean)
        self._kept = np.zeros(0, np.float32)
        self._offset = 0  # of the first sample kept
        self._frame = 0  # the next one, at 60 Hz

    def push(self, samples: FloatArray) -> FloatArray:
        """Take samples ``[N]`` at 16 kHz; return the features that are now final, ``[t, 160]``.

        Raises:
            NotFiniteError: A sample is NaN or infinite.
        """
        if not np.isfinite(samples).all():
            raise NotFiniteError("samples that are not finite", where="MelStream.push", hint="Mend the sound first.")
        self._kept = np.concatenate([self._kept, np.asarray(samples, np.float32)])
        total = self._offset + len(self._kept)
        # The last frame whose second window is complete: first a close guess, then the exact rule.
        ready = max(self._frame, (total - _WINDOW) * 60 // SAMPLE_RATE - 2)
        while int(_start(2 * ready + 1)) + _WINDOW <= total:
            ready += 1
        return self._take(ready - self._frame)

    def finish(self) -> FloatArray:
        """Return the remaining features, ``[t, 160]``, with zeros past the end."""
        total = self._offset + len(self._kept)
        return self._take(-(-total * 60 // SAMPLE_RATE) - self._frame)

    def _take(self, count: int) -> FloatArray:
        if count <= 0:
            return np.zeros((0, self._encoder.width), np.float32)
        bands = log_mel(self._kept, 2 * self._frame, 2 * count, offset=self._offset)
        self._frame += count
        drop = min(int(_start(2 * self._frame)) - self._offset, len(self._kept))
        self._kept = self._kept[drop:]
        self._offset += drop
        normalised, _ = self._normaliser(bands.reshape(count, 2, BANDS))
        return self._encoder.scale(normalised)


def band_centres() -> NDArray[np.float64]:
    """The centre of each band, in Hz, ``[80]``."""
    filters = _filters()
    return np.asarray(np.arange(len(filters)) @ filters / filters.sum(axis=0) * SAMPLE_RATE / _FFT)


def _start(frame: int | NDArray[np.int64]) -> NDArray[np.int64]:
    """The first sample of a 120 Hz frame, round(frame * 400 / 3) in integers."""
    return np.asarray((np.asarray(frame, dtype=np.int64) * 800 + 3) // 6)


@cache
def _window() -> NDArray[np.float32]:
    """A periodic Hann window."""
    return np.asarray(0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_WINDOW) / _WINDOW), dtype=np.float32)


@cache
def _filters() -> NDArray[np.float64]:
    """Triangular mel filters of peak 1, ``[257, 80]``, to float32's precision."""
    edges = _hertz(np.linspace(_mel(90.0), _mel(7600.0), BANDS + 2))
    bins, widths = np.fft.rfftfreq(_FFT, 1 / SAMPLE_RATE), np.diff(edges)[:, None]
    rising, falling = (bins - edges[:-2, None]) / widths[:-1], (edges[2:, None] - bins) / widths[1:]
    return np.asarray(np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32), np.float64).T


# The mel scale of Slaney's Auditory Toolbox (1998): linear up to 1 kHz, logarithmic from there.
_HERTZ_PER_MEL: Final = 200.0 / 3
_KNEE: Final = 1000.0
_LOG_STEP: Final = float(np.log(6.4)) / 27


def _mel(hertz: float) -> float:
    if hertz < _KNEE:
        return hertz / _HERTZ_PER_MEL
    return _KNEE / _HERTZ_PER_MEL + float(np.log(hertz / _KNEE)) / _LOG_STEP


def _hertz(mel: NDArray[np.float64]) -> NDArray[np.float64]:
    above = _KNEE * np.exp(_LOG_STEP * (mel - _KNEE / _HERTZ_PER_MEL))
    return np.asarray(np.where(mel < _KNEE / _HERTZ_PER_MEL, _HERTZ_PER_MEL * mel, above))

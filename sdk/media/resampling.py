"""Sound from one rate to another, as it arrives."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from sdk.data import FloatArray


class SoundResampler:
    """Changes a mono sound's rate piece by piece: cuts change nothing, and in the end the count of samples is exact.

    Until then it holds back two milliseconds or so.
    """

    def __init__(self, source: int, target: int) -> None:
        self._source, self._target = source, target
        self._resampler = av.AudioResampler(format="flt", layout="mono", rate=target)
        self._taken = self._given = 0

    def push(self, samples: FloatArray) -> FloatArray:
        """Take samples float32 ``[N]``; return those that are now certain, float32 ``[n]``."""
        if self._source == self._target or len(samples) == 0:
            return samples
        frame = audio_frame(samples, "flt", rate=self._source, position=self._taken)
        self._taken += len(samples)
        return self._give(frame)

    def finish(self) -> FloatArray:
        """Return what remains, so that ``round(N * target / source)`` samples were given for N."""
        if self._taken == 0:
            return np.zeros(0, np.float32)
        rest = self._give(None)
        missing, self._taken, self._given = self._total() - self._given, 0, 0
        return np.concatenate([rest, np.zeros(missing, np.float32)])

    def _total(self) -> int:
        return round(Fraction(self._taken * self._target, self._source))

    def _give(self, frame: av.AudioFrame | None) -> FloatArray:
        pieces = [piece.to_ndarray()[0] for piece in self._resampler.resample(frame)]
        samples: FloatArray = np.concatenate([np.zeros(0, np.float32), *pieces])[: self._total() - self._given]
        self._given += len(samples)
        return samples


def audio_frame(samples: NDArray[Any], sample_format: str, *, rate: int, position: int) -> av.AudioFrame:
    """A mono frame of samples ``[n]``, which begins at sample ``position``."""
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format=sample_format, layout="mono")
    frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), position
    return frame

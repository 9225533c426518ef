"""Speech activity by loudness, of whole sounds and of streams.

A frame is active when its level is above a fixed floor, within a range below the running loudness, and above the
recording's own noise. Music counts as well as speech; what is looked for is silence, in which a mouth closes.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sdk.data import Audio, FloatArray

__all__ = ["ActivityStream", "speech_activity"]

FRAME_RATE = 60
"""The motion rate."""

MIN_DBFS = -50.0
"""No frame below becomes active."""

LOUDNESS_RANGE_DB = 27.0
"""No frame further below the running loudness becomes active; soft consonants are softer, but short."""

NOISE_MARGIN_DB, NOISE_RANGE_DB = 10.0, 20.0
"""A frame must exceed the noise by the first to become active, or be within the second of the running loudness: a held
note is no noise."""

HYSTERESIS_DB = 4.0
"""How far the threshold falls while frames are active."""

LOUDNESS_FALL_DB, NOISE_RISE_DB = 3.0, 3.0
"""How far, in a second, the running loudness falls and the noise rises: slowly enough to outlive pauses."""


class ActivityStream:
    """Activity of a sound that arrives piece by piece: the pieces joined equal ``speech_activity`` of the whole.

    Args:
        rate: Samples a second.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._rest: FloatArray = np.zeros(0, np.float32)
        self._frame = 0
        self._loudness, self._noise = -math.inf, math.inf
        self._active = False

    def push(self, samples: FloatArray) -> NDArray[np.bool_]:
        """Take samples ``[N]`` in [-1, 1]; return the frames that are now complete, bool ``[t]``."""
        self._rest = np.concatenate([self._rest, np.asarray(samples, np.float32)])
        active = []
        start = 0
        while start + (length := self._length()) <= len(self._rest):
            active.append(self._next(self._rest[start : start + length]))
            start += length
        self._rest = self._rest[start:]
        return np.array(active, dtype=np.bool_)

    def finish(self) -> NDArray[np.bool_]:
        """Return the last, incomplete frame, if there is one."""
        active = [self._next(self._rest)] if len(self._rest) else []
        self._rest = self._rest[:0]
        return np.array(active, dtype=np.bool_)

    def _length(self) -> int:
        """Samples in the next frame; starts are rounded one by one, so that nothing drifts."""
        return _start(self._frame + 1, self._rate) - _start(self._frame, self._rate)

    def _next(self, block: FloatArray) -> bool:
        self._frame += 1
        # The variance instead of the power: a constant offset is no sound.
        level = 10 * math.log10(float(np.var(block, dtype=np.float64)) + 1e-12)
        self._loudness = max(level, self._loudness - LOUDNESS_FALL_DB / FRAME_RATE)
        self._noise = min(level, self._noise + NOISE_RISE_DB / FRAME_RATE)
        over_noise = min(self._noise + NOISE_MARGIN_DB, self._loudness - NOISE_RANGE_DB)
        threshold = max(MIN_DBFS, self._loudness - LOUDNESS_RANGE_DB, over_noise)
        self._active = level > (threshold - HYSTERESIS_DB if self._active else threshold)
        return self._active


def speech_activity(audio: Audio) -> NDArray[np.bool_]:
    """Tell in which frames something is heard.

    Args:
        audio: Any mono sound.

    Returns:
        bool ``[T]``, T = ceil(60 * duration); frame ``k`` covers ``k / 60`` to ``(k + 1) / 60`` seconds.
    """
    stream = ActivityStream(audio.rate)
    return np.concatenate([stream.push(audio.samples), stream.finish()])


def _start(frame: int, rate: int) -> int:
    """The frame's first sample: ``frame * rate / 60``, rounded down."""
    return frame * rate // FRAME_RATE

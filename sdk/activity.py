"""When somebody is heard: speech activity by loudness, on whole sounds and on streams alike.

A frame is active when its level passes a fixed floor, lies within a range below the running loudness, and stands out
from the recording's own noise. Loudness knows no words: music counts as heard too, which is what a mouth's closing in
silence needs.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sdk.data import Audio, FloatArray

__all__ = ["ActivityStream", "speech_activity"]

FRAMES = 60
"""Frames a second: the motion rate."""

FLOOR = -50.0
"""dBFS under which nothing begins to be heard."""

RANGE = 27.0
"""dB under the running loudness within which sound begins to be heard; soft consonants lie lower, but are short."""

NOISE_MARGIN, NOISE_RANGE = 10.0, 20.0
"""dB over the noise at which sound begins to be heard, though never less than so many dB under the running loudness: a
held note must not be taken for noise."""

HYSTERESIS = 4.0
"""dB by which the threshold falls while something is heard."""

FORGET, RISE = 3.0, 3.0
"""dB a second by which the running loudness falls and the noise rises: they outlive pauses and follow a new speaker."""


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
        heard = []
        start = 0
        while start + (length := self._length()) <= len(self._rest):
            heard.append(self._hear(self._rest[start : start + length]))
            start += length
        self._rest = self._rest[start:]
        return np.array(heard, dtype=np.bool_)

    def finish(self) -> NDArray[np.bool_]:
        """Return the last, incomplete frame, where there is one."""
        heard = [self._hear(self._rest)] if len(self._rest) else []
        self._rest = self._rest[:0]
        return np.array(heard, dtype=np.bool_)

    def _length(self) -> int:
        """Samples in the frame to come; starts are rounded one by one, so that nothing drifts."""
        return _start(self._frame + 1, self._rate) - _start(self._frame, self._rate)

    def _hear(self, block: FloatArray) -> bool:
        self._frame += 1
        # The variance and not the power: a recording's constant offset is no sound.
        level = 10 * math.log10(float(np.var(block, dtype=np.float64)) + 1e-12)
        self._loudness = max(level, self._loudness - FORGET / FRAMES)
        self._noise = min(level, self._noise + RISE / FRAMES)
        over_noise = min(self._noise + NOISE_MARGIN, self._loudness - NOISE_RANGE)
        threshold = max(FLOOR, self._loudness - RANGE, over_noise)
        self._active = level > (threshold - HYSTERESIS if self._active else threshold)
        return self._active


def speech_activity(audio: Audio) -> NDArray[np.bool_]:
    """Say in which frames something is heard.

    Args:
        audio: Any mono sound.

    Returns:
        bool ``[T]``, T = ceil(60 * duration); frame ``k`` covers ``k / 60`` to ``(k + 1) / 60`` seconds.
    """
    stream = ActivityStream(audio.rate)
    return np.concatenate([stream.push(audio.samples), stream.finish()])


def _start(frame: int, rate: int) -> int:
    """The frame's first sample: ``frame * rate / 60`` rounded down, which makes it T = ceil(60 * duration) frames."""
    return frame * rate // FRAMES

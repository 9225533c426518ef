"""A closed, calm mouth in silence and at both ends."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.activity import ActivityStream
from sdk.data import FloatArray, Motion
from sdk.geometry import JAW, MOUTH

__all__ = ["SilenceGate", "close_mouth"]

ANTICIPATE: Final = 6
"""Frames (100 ms) by which the lips part before the sound, as they do in people."""

HOLD: Final = 12
"""Frames (200 ms) that the mouth stays in motion after the sound: stops and the gaps between words do not close it."""

SMOOTH: Final = 5
"""Half the length (frames) of the Hann window that turns on and off into an even movement of about 150 ms."""

ENDS: Final = 6
"""Frames in which the mouth opens at the beginning and closes at the end of a sound that has no silence there."""


class SilenceGate:
    """How much of the mouth's motion is let through, for each frame of a streamed sound: 0 in silence, 1 in speech.

    Speech activity is widened by ``ANTICIPATE`` and ``HOLD``, and smoothed by a window. All of it looks a fixed number
    of frames ahead, so the result does not depend on how the sound is cut.

    Args:
        rate: Samples a second.
    """

    def __init__(self, rate: int) -> None:
        self._activity = ActivityStream(rate)
        window = np.hanning(2 * SMOOTH + 3)[1:-1]
        self._window = window / window.sum()
        # Silence before the beginning: what a frame looks back on.
        self._heard = np.zeros(HOLD + SMOOTH, dtype=np.bool_)
        self._done = 0

    def push(self, samples: FloatArray) -> FloatArray:
        """Take samples ``[N]``; return the gains that are now certain, float32 ``[t]``."""
        return self._run(self._activity.push(samples), ahead=ENDS)

    def finish(self) -> FloatArray:
        """Return the gains that remain, ``[t]``."""
        last = self._activity.finish()
        silence = np.zeros(ANTICIPATE + SMOOTH, dtype=np.bool_)
        gains = self._run(np.concatenate([last, silence]), ahead=0)
        ramp = np.arange(len(gains) - 1, -1, -1, dtype=np.float32) / ENDS
        return np.minimum(gains, ramp)

    def _run(self, heard: NDArray[np.bool_], *, ahead: int) -> FloatArray:
        self._heard = np.concatenate([self._heard, heard])
        past, future = HOLD + SMOOTH, ANTICIPATE + SMOOTH
        count = len(self._heard) - past - future - ahead
        if count <= 0:
            return np.zeros(0, np.float32)
        block = self._heard[: count + past + future]
        wide = np.lib.stride_tricks.sliding_window_view(block, HOLD + ANTICIPATE + 1).any(axis=1)
        gains = np.convolve(wide.astype(np.float64), self._window, mode="valid")
        ramp = (self._done + np.arange(count)) / ENDS
        self._heard = self._heard[count:]
        self._done += count
        return np.minimum(gains, ramp).astype(np.float32)


def close_mouth(motion: Motion, gains: FloatArray) -> Motion:
    """Blend lips and jaw to their rest, which is closed, where the gains ``[T]`` fall to zero."""
    expression = motion.expression.copy()
    for part in (JAW, MOUTH):
        expression[:, part] *= gains[:, None, None]
    return Motion(expression, motion.pose, motion.rate)

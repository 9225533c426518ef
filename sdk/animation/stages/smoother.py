"""A steady head, brows and lids: a generator answers each frame of sound, and a head has mass."""

from __future__ import annotations

from typing import Final

import numpy as np

from sdk.data import FloatArray, Motion
from sdk.geometry import BROWS, LEFT_EYE, POINTS

__all__ = ["Steady"]

REACH: Final = 4
"""Frames to either side of the Hann window: trembling is gone, and a nod of 3 Hz keeps four fifths of its size."""

UPPER_FACE: Final = slice(BROWS.start, LEFT_EYE.stop)


class Steady:
    """Smooths pose and upper face of motion that arrives piece by piece, without delaying them against the mouth.

    The window is symmetric: a frame is given out once the frames after it are known, and cuts change nothing. Past
    either end the first and last frame are repeated.
    """

    def __init__(self) -> None:
        window = np.hanning(2 * REACH + 3)[1:-1]
        self._window = window / window.sum()
        self._kept: Motion | None = None

    def push(self, motion: Motion) -> Motion:
        """Take motion ``[t]``; return what is now certain, which may be nothing."""
        if len(motion) == 0:
            return motion
        before = _repeat(motion[:1], REACH) if self._kept is None else self._kept
        return self._run(_join(before, motion))

    def finish(self) -> Motion:
        """Return what remains."""
        if self._kept is None:
            return Motion(np.zeros((0, POINTS, 3), np.float32), np.zeros((0, 6), np.float32))
        return self._run(_join(self._kept, _repeat(self._kept[-1:], REACH)))

    def _run(self, motion: Motion) -> Motion:
        count = max(len(motion) - 2 * REACH, 0)
        self._kept = motion[count:]
        middle = motion[REACH : REACH + count]
        if count == 0:
            return middle
        expression = middle.expression.copy()
        expression[:, UPPER_FACE] = self._smooth(motion.expression[:, UPPER_FACE])
        return Motion(expression, self._smooth(motion.pose), motion.rate)

    def _smooth(self, values: FloatArray) -> FloatArray:
        windows = np.lib.stride_tricks.sliding_window_view(values, len(self._window), axis=0)
        return np.asarray(windows @ self._window, dtype=np.float32)


def _repeat(frame: Motion, count: int) -> Motion:
    return Motion(np.repeat(frame.expression, count, axis=0), np.repeat(frame.pose, count, axis=0), frame.rate)


def _join(first: Motion, second: Motion) -> Motion:
    expression = np.concatenate([first.expression, second.expression])
    return Motion(expression, np.concatenate([first.pose, second.pose]), first.rate)

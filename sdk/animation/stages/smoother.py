"""Smooth head, brows and lids: a generator answers each frame of sound, but a head has mass."""

from __future__ import annotations

from typing import Final

import numpy as np

from sdk.animation.stages import Stage
from sdk.data import FloatArray, Motion
from sdk.geometry import BROWS, LEFT_EYE

RADIUS: Final = 4
"""Frames to either side of the Hann window: trembling is gone, and a nod of 3 Hz keeps four fifths of its size."""

UPPER_FACE: Final = slice(BROWS.start, LEFT_EYE.stop)


class Smoother(Stage):
    """Smooths pose and upper face, without delaying them against the mouth.

    The window is symmetric, so a frame is given out once the ``RADIUS`` frames after it are known. Past either end the
    first and the last frame are repeated.
    """

    def __init__(self) -> None:
        window = np.hanning(2 * RADIUS + 3)[1:-1]
        self._window = window / window.sum()
        self._kept: list[Motion] = []

    def push(self, motion: Motion) -> Motion:
        """Take frames; return those whose window is complete."""
        if len(motion) == 0:
            return motion
        return self._run([*(self._kept or [motion[:1]] * RADIUS), motion])

    def finish(self) -> Motion:
        """Return the last ``RADIUS`` frames."""
        return self._run([*self._kept, *[self._kept[0][-1:]] * RADIUS]) if self._kept else Motion.empty()

    def _run(self, pieces: list[Motion]) -> Motion:
        motion = Motion.concat(pieces)
        count = max(len(motion) - 2 * RADIUS, 0)
        self._kept = [motion[count:]]
        middle = motion[RADIUS : RADIUS + count]
        if count == 0:
            return middle
        expression = middle.expression.copy()
        expression[:, UPPER_FACE] = self._smooth(motion.expression[:, UPPER_FACE])
        return Motion(expression, self._smooth(motion.pose), motion.rate)

    def _smooth(self, values: FloatArray) -> FloatArray:
        windows = np.lib.stride_tricks.sliding_window_view(values, len(self._window), axis=0)
        return np.asarray(windows @ self._window, dtype=np.float32)

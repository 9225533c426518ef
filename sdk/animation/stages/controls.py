"""How strongly each part of the face moves."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.animation.stages import Stage
from sdk.data import Controls, FloatArray, Motion
from sdk.geometry import BROWS, JAW, MOUTH

CHANGE_FRAMES: Final = 18
"""In which other controls take over: 300 ms."""


class Scaling(Stage):
    """Scales mouth, brows and head. ``Blinks`` scales the lids: half a blink would look ill."""

    def __init__(self, controls: Controls) -> None:
        self._before = self._after = _factors(controls)
        self._changed = CHANGE_FRAMES  # frames since the last change

    def change(self, controls: Controls) -> None:
        """Scale by other controls, which take over evenly, from wherever the last change has come."""
        self._before = self._factors(np.array([self._changed]))[0]
        self._after, self._changed = _factors(controls), 0

    def push(self, motion: Motion) -> Motion:
        """Scale the frames."""
        expression = motion.expression.copy()
        mouth, brows, head = self._factors(self._changed + 1 + np.arange(len(motion))).T
        self._changed = min(self._changed + len(motion), CHANGE_FRAMES)
        for part, factor in ((JAW, mouth), (MOUTH, mouth), (BROWS, brows)):
            expression[:, part] *= factor[:, None, None]
        return Motion(expression, motion.pose * head[:, None], motion.rate)

    def _factors(self, frames: NDArray[np.int64]) -> FloatArray:
        """Of mouth, brows and head, so many frames after a change: float32 ``[T, 3]``."""
        share = np.minimum(frames / CHANGE_FRAMES, 1).astype(np.float32)[:, None]
        return (1 - share) * self._before + share * self._after


def _factors(controls: Controls) -> FloatArray:
    return np.array([controls.mouth, controls.brows, controls.head], np.float32)

"""The stages that differ where the future is not known, and where a mouth can be told to stop."""

from __future__ import annotations

from typing import Final

import numpy as np

from sdk.animation.stages.silence import MouthGains, SilenceGate
from sdk.animation.stages.smoother import RADIUS, UPPER_FACE, Smoother
from sdk.data import FloatArray, Motion

CLOSING_FRAMES: Final = 8
"""In which an interrupted mouth closes: 133 ms, about as fast as lips close between words."""


class LateSmoother(Smoother):
    """Smooths as ``Smoother`` does, but waits for nothing: head and upper face come ``RADIUS`` frames (67 ms) late.

    Lips and jaw are not delayed, and nobody sees a head follow them by so little.
    """

    def push(self, motion: Motion) -> Motion:
        """Take frames; return as many."""
        if len(motion) == 0:
            return motion
        whole = Motion.concat([*(self._kept or [motion[:1]] * (2 * RADIUS)), motion])
        self._kept = [whole[len(motion) :]]
        expression = motion.expression.copy()
        expression[:, UPPER_FACE] = self._smooth(whole.expression[:, UPPER_FACE])
        return Motion(expression, self._smooth(whole.pose), motion.rate)

    def finish(self) -> Motion:
        """Return nothing: nothing is held back."""
        return Motion.empty()


class LiveGate(SilenceGate):
    """A silence gate for sound without an end, which can be told to close at once.

    Args:
        rate: Samples a second.
        lead: Frames of the future that there are, at most; with fewer the lips part later.
    """

    def __init__(self, rate: int, *, lead: int) -> None:
        super().__init__(rate)
        self._stream = MouthGains(rate, lead=lead, endless=True)
        self._closing: FloatArray = np.zeros(0, np.float32)
        self._last = 0.0

    def interrupt(self) -> None:
        """Close over ``CLOSING_FRAMES`` from where the mouth is, whatever was heard that is not shown yet."""
        self._stream.forget()
        self._gains = np.zeros_like(self._gains)
        self._closing = np.linspace(self._last, 0, CLOSING_FRAMES + 1, dtype=np.float32)[1:]

    def push(self, motion: Motion) -> Motion:
        """Take frames of motion; return those whose sound is known."""
        ready = min(len(self._motion) + len(motion), len(self._gains))
        share, self._closing = self._closing[:ready], self._closing[ready:]
        self._gains[: len(share)] = np.maximum(self._gains[: len(share)], share)
        self._last = float(self._gains[ready - 1]) if ready else self._last
        return super().push(motion)

"""Blinks of both eyes, at a person's intervals.

Sound does not say when somebody blinks, so a generator learns the mean of blinks: lids that tremble and never shut. Its
lid motion is therefore kept only as narrowing and widening, and all shutting is done here.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.animation.stages import Stage
from sdk.data import MOTION_RATE, Motion
from sdk.geometry import canonical_face

UPPER: Final = (37, 38, 43, 44)
LOWER: Final = (41, 40, 47, 46)
"""The lids' points, each lower one under its upper one."""

UPPER_SHARE: Final = 0.88
"""The upper lid's share of the way; the lower one comes up to meet it."""

MEDIAN_SECONDS, SIGMA, MIN_SECONDS, MAX_SECONDS = 3.4, 0.45, 1.0, 10.0
"""Between blinks: log-normal, about 16 a minute."""

CLOSING, SHUT, OPENING = 0.08, 0.05, 0.14
"""Seconds. An eye shuts faster than it opens; it stays shut longer than a frame at 25 fps, so each blink is seen."""

MAX_NARROWING, MAX_WIDENING = 0.35, 0.25
"""By the generator's own lid motion, as shares of the eye's opening."""


class Blinks(Stage):
    """Adds blinks, at times that only the seed decides; an ``amount`` of 2 blinks twice as often, 0 never.

    ``end`` is the motion's duration in seconds, if known, so that it ends with open eyes.
    """

    def __init__(self, seed: int, *, amount: float = 1.0, end: float | None = None) -> None:
        self._random = np.random.default_rng([seed, 1])
        self._last = (np.inf if end is None else end) - (CLOSING + SHUT + OPENING)
        self._frame = 0
        self._previous, self._next = -np.inf, np.inf
        self._amount = 0.0
        self.change(amount)
        face = canonical_face()
        self._gap = face[list(LOWER)] - face[list(UPPER)]

    def change(self, amount: float) -> None:
        """Blink more or less often from now on; a blink that has begun is completed."""
        if amount <= 0:
            self._next = np.inf
        elif self._amount <= 0:
            self._next = self._frame / float(MOTION_RATE) + 0.5 * self._interval() / amount + 0.3
        self._amount = amount

    def push(self, motion: Motion) -> Motion:
        """Replace the lids of the frames."""
        times = (self._frame + np.arange(len(motion))) / float(MOTION_RATE)
        self._frame += len(motion)
        shut = self._closure(times)
        expression = motion.expression.copy()
        upper, lower = expression[:, list(UPPER)], expression[:, list(LOWER)]
        # How far each pair of points narrows by itself, along the line between them.
        narrowing = ((upper - lower) * self._gap).sum(-1) / (self._gap**2).sum(-1)
        own = _soft(narrowing.mean(axis=1, dtype=np.float64) * self._amount)
        closed = own + shut * (1 - own)
        way = closed[:, None, None] * self._gap
        expression[:, list(UPPER)] = UPPER_SHARE * way
        expression[:, list(LOWER)] = (UPPER_SHARE - 1) * way
        return Motion(expression, motion.pose, motion.rate)

    def _interval(self) -> float:
        return float(np.clip(self._random.lognormal(np.log(MEDIAN_SECONDS), SIGMA), MIN_SECONDS, MAX_SECONDS))

    def _closure(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far the eyes are shut, from 0 to 1, float64 ``[T]``."""
        shut = np.zeros(len(times))
        for index, time in enumerate(times):
            if time >= self._next:
                self._previous = self._next
                self._next += self._interval() / self._amount
            if self._previous <= self._last:
                shut[index] = _shape(time - self._previous)
        return shut


def _shape(since: float) -> float:
    """How far a blink has shut the eye ``since`` seconds after its beginning."""
    if since < CLOSING:
        return _ease(since / CLOSING)
    return 1.0 - _ease((since - CLOSING - SHUT) / OPENING)


def _ease(x: float) -> float:
    """From 0 to 1, smooth at either end."""
    x = min(max(x, 0.0), 1.0)
    return x * x * (3 - 2 * x)


def _soft(narrowing: NDArray[np.float64]) -> NDArray[np.float64]:
    """Keep narrowing (positive) and widening (negative) within their limits, smoothly."""
    limit = np.where(narrowing > 0, MAX_NARROWING, MAX_WIDENING)
    return np.asarray(limit * np.tanh(narrowing / limit))

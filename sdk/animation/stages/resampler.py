"""From the motion's rate to the video's, by exact times."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from sdk.animation.stages import Stage
from sdk.arguments import number, shown
from sdk.data import FloatArray, Motion
from sdk.errors import ConfigError

MIN_FPS, MAX_FPS = 1, 120

MAX_DENOMINATOR = 1001
"""That of the broadcast rates: 29.97 means 30000/1001."""


def frame_rate(fps: int | float | str | Fraction) -> Fraction:
    """Read a frame rate: 25, 29.97 (taken as 30000/1001), ``"30000/1001"`` or a Fraction."""
    try:
        if not isinstance(fps, str | int | Fraction):
            fps = number(fps, "fps")
        rate = Fraction(fps)
        if isinstance(fps, float) or (isinstance(fps, str) and "/" not in fps):
            rate = _nearest(rate)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError) as error:
        raise _wrong_rate(fps) from error
    if isinstance(fps, bool) or not MIN_FPS <= rate <= MAX_FPS:
        raise _wrong_rate(fps)
    return rate


def _nearest(rate: Fraction) -> Fraction:
    """The rate meant by a decimal: a broadcast rate if it agrees to two places, else the simplest fraction."""
    if rate.denominator == 1:
        return rate
    broadcast = Fraction(math.ceil(rate) * 1000, 1001)
    return broadcast if abs(rate - broadcast) < Fraction(1, 200) else rate.limit_denominator(MAX_DENOMINATOR)


def _wrong_rate(fps: object) -> ConfigError:
    hint = 'Give a number such as 25 or 29.97, or a fraction such as "30000/1001".'
    return ConfigError(f"fps={shown(fps)} is not a frame rate from {MIN_FPS} to {MAX_FPS}", where="fps", hint=hint)


def frame_count(duration: Fraction, fps: Fraction) -> int:
    """The number of frames whose end is nearest to the sound's; at least one."""
    return max(1, math.floor(duration * fps + Fraction(1, 2)))


class Resampler(Stage):
    """Reads motion of any one rate at the times ``k / fps``, by linear interpolation.

    It returns ``count`` frames; past the end of the motion, its last frame is repeated. Without a count it goes on.
    """

    def __init__(self, fps: Fraction, count: int | None = None) -> None:
        self._fps = fps
        self._count = count
        self._returned = 0
        self._first = 0  # the index of the first frame that is kept
        self._kept: Motion | None = None

    def push(self, motion: Motion) -> Motion:
        """Take frames of motion; return the video's frames among them."""
        if self._kept is not None:
            motion = Motion.concat([self._kept, motion])
        step = motion.rate / self._fps
        certain = math.floor((self._first + len(motion) - 1) / step) + 1
        result = self._read(motion, certain if self._count is None else min(certain, self._count))
        drop = min(max(math.floor(self._returned * step) - self._first, 0), max(len(motion) - 1, 0))
        self._first += drop
        self._kept = motion[drop:]
        return result

    def finish(self) -> Motion:
        """Return the frames that remain."""
        if self._count is None or not self._kept:
            return Motion.empty(self._fps)
        return self._read(self._kept, self._count)

    def _read(self, motion: Motion, until: int) -> Motion:
        step = motion.rate / self._fps
        places = [k * step - self._first for k in range(self._returned, until)]
        left = np.array([math.floor(place) for place in places], dtype=np.int64)
        weight = np.array([place - math.floor(place) for place in places], dtype=np.float32)
        self._returned = max(until, self._returned)
        last = len(motion) - 1
        left, right = np.minimum(left, last), np.minimum(left + 1, last)

        def between(values: FloatArray) -> FloatArray:
            share = weight.reshape(-1, *[1] * (values.ndim - 1))
            return np.asarray((1 - share) * values[left] + share * values[right])

        return Motion(between(motion.expression), between(motion.pose), self._fps)

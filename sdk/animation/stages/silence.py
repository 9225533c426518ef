"""A closed mouth in silence and at both ends of the sound."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.activity import ActivityStream
from sdk.animation.stages import Stage
from sdk.data import FloatArray, Motion
from sdk.geometry import JAW, MOUTH

ANTICIPATION_FRAMES: Final = 6
"""The lips part 100 ms before the sound, as they do in people."""

HOLD_FRAMES: Final = 12
"""The mouth stays in motion for 200 ms after the sound, so that stops and gaps between words do not close it."""

WINDOW_RADIUS: Final = 5
"""Of the Hann window that turns on and off into a movement of about 150 ms."""

MIN_RADIUS: Final = 3
"""Of that window, where little of the future is known: the lips then part within 100 ms."""

RAMP_FRAMES: Final = 6
"""In which the mouth opens and closes at the ends of a sound that has no silence there."""


class MouthGains:
    """How much of the mouth's motion is let through, for each frame of a streamed sound: 0 in silence, 1 in speech.

    Speech activity is widened by ``ANTICIPATION_FRAMES`` and ``HOLD_FRAMES``, and smoothed by a window. All of it looks
    a fixed number of frames ahead, so the result does not depend on how the sound is cut.

    Args:
        rate: Samples a second.
        lead: Frames by which the lips begin to part before the sound; fewer need less of the future.
        endless: The sound has no end, and so no ramp to it, for which one would have to look ahead.
    """

    def __init__(self, rate: int, *, lead: int = ANTICIPATION_FRAMES + WINDOW_RADIUS, endless: bool = False) -> None:
        self._activity = ActivityStream(rate)
        self._radius = min(WINDOW_RADIUS, max(MIN_RADIUS, lead // 2))
        window = np.hanning(2 * self._radius + 3)[1:-1]
        self._window = window / window.sum()
        self._future, self._ahead = lead, 0 if endless else RAMP_FRAMES
        # From the last frame whose sound counts for one to the first, both included, and smoothed.
        self._width = HOLD_FRAMES + lead - self._radius + 1
        self._past = self._width + 2 * self._radius - 1 - lead
        # Silence before the beginning, for the first frames to look back on.
        self._active = np.zeros(self._past, dtype=np.bool_)
        self._done = 0
        self._deaf = 0

    def push(self, samples: FloatArray) -> FloatArray:
        """Take samples ``[N]``; return the gains that are now certain, float32 ``[t]``."""
        active = self._activity.push(samples)
        active[: self._deaf] = False
        self._deaf -= min(self._deaf, len(active))
        return self._run(active, ahead=self._ahead)

    def forget(self) -> None:
        """Take what was heard so far for silence, with the frame that has begun and what resamplers hold back."""
        self._active[:] = False
        self._deaf = 2

    def finish(self) -> FloatArray:
        """Return the gains that remain, ``[t]``."""
        silence = np.zeros(self._future, dtype=np.bool_)
        gains = self._run(np.concatenate([self._activity.finish(), silence]), ahead=0)
        ramp = np.arange(len(gains) - 1, -1, -1, dtype=np.float32) / RAMP_FRAMES
        return np.minimum(gains, ramp)

    def _run(self, active: NDArray[np.bool_], *, ahead: int) -> FloatArray:
        self._active = np.concatenate([self._active, active])
        around = self._past + self._future
        count = len(self._active) - around - ahead
        if count <= 0:
            return np.zeros(0, np.float32)
        block = self._active[: count + around]
        wide = np.lib.stride_tricks.sliding_window_view(block, self._width).any(axis=1)
        gains = np.convolve(wide.astype(np.float64), self._window, mode="valid")
        ramp = (self._done + np.arange(count)) / RAMP_FRAMES
        self._active = self._active[count:]
        self._done += count
        return np.minimum(gains, ramp).astype(np.float32)


class SilenceGate(Stage):
    """Blends lips and jaw to their closed rest while the sound is silent.

    Sound (at ``rate`` Hz) and motion arrive with different delays; a frame is returned once both are there.
    """

    def __init__(self, rate: int) -> None:
        self._stream = MouthGains(rate)
        self._motion = Motion.empty()
        self._gains: FloatArray = np.zeros(0, np.float32)

    @property
    def surplus(self) -> int:
        """How many frames of motion have no sound yet; below zero, how many frames of sound have no motion."""
        return len(self._motion) - len(self._gains)

    def push_audio(self, samples: FloatArray) -> None:
        """Take samples ``[N]``."""
        self._gains = np.concatenate([self._gains, self._stream.push(samples)])

    def finish_audio(self) -> None:
        """Take the end of the sound."""
        self._gains = np.concatenate([self._gains, self._stream.finish()])

    def push(self, motion: Motion) -> Motion:
        """Take frames of motion; return those whose sound is known."""
        motion = Motion.concat([self._motion, motion])
        ready = min(len(motion), len(self._gains))
        gains, self._gains = self._gains[:ready], self._gains[ready:]
        self._motion = motion[ready:]
        expression = motion.expression[:ready].copy()
        for part in (JAW, MOUTH):
            expression[:, part] *= gains[:, None, None]
        return Motion(expression, motion.pose[:ready], motion.rate)

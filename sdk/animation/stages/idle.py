"""Idle head motion: small and slow, also in silence, and less where the generator moves the head."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.animation.stages import Stage
from sdk.data import MOTION_RATE, FloatArray, Motion

FREQUENCIES: Final = (0.071, 0.127, 0.193, 0.311, 0.523)
"""Hz, no two in a simple ratio, so that the sum does not repeat; the seed shifts each a little."""

WEIGHTS: Final = (0.8, 0.9, 0.9, 0.6, 0.25)
"""Of the frequencies: slow enough for a calm head, fast enough to be seen within a few seconds."""

DEVIATION: Final = (0.040, 0.050, 0.026, 0.014, 0.011, 0.0)
"""Standard deviations of nod, turn, tilt (radians: 2.3, 2.9, 1.5 degrees) and of the place (x, y, z; eye distances).

With what a base adds, heads turn by 2 to 4 degrees over a few seconds; people who talk to a camera, by 2 to 8."""

RAMP_SECONDS: Final = 1.0
"""In which the motion grows from the portrait's own pose."""

HALVING_SPEED: Final = 0.10
"""Radians a second (about 6 degrees) of the generator's own head motion at which the idle motion is halved."""

VELOCITY_SECONDS, SPEED_SECONDS = 0.15, 0.7
"""Over which the generator's velocity is averaged, so that trembling does not count, and then its speed."""


class IdleHead(Stage):
    """Adds idle head motion, a sum of sines of the absolute time."""

    def __init__(self, seed: int) -> None:
        random = np.random.default_rng([seed, 2])
        shape = (6, len(FREQUENCIES))
        self._phase = random.uniform(0, 2 * np.pi, shape)
        self._omega = 2 * np.pi * np.array(FREQUENCIES) * random.uniform(0.9, 1.1, shape)
        weights = np.array(WEIGHTS) / np.sqrt(np.sum(np.square(WEIGHTS)) / 2)  # a sine's variance is one half
        self._amplitude = np.array(DEVIATION)[:, None] * weights
        self._frame = 0
        self._before: FloatArray | None = None
        self._velocity = np.zeros(3)
        self._speed = 0.0

    def push(self, motion: Motion) -> Motion:
        """Add the idle motion to the pose of the frames."""
        if len(motion) == 0:
            return motion
        times = (self._frame + np.arange(len(motion))) / float(MOTION_RATE)
        self._frame += len(motion)
        idle = (self._amplitude * np.sin(self._omega * times[:, None, None] + self._phase)).sum(axis=-1)
        begin = np.clip(times / RAMP_SECONDS, 0, 1)
        begin = begin * begin * (3 - 2 * begin)
        pose = motion.pose + (self._share(motion) * begin)[:, None] * idle
        return Motion(motion.expression, pose, motion.rate)

    def _share(self, motion: Motion) -> NDArray[np.float64]:
        """The share of idle motion that the generator's own head motion allows, float64 ``[T]``."""
        turns = motion.pose[:, :3]
        before = turns[:1] if self._before is None else self._before
        velocities = np.diff(turns, axis=0, prepend=before).astype(np.float64) * float(MOTION_RATE)
        self._before = turns[-1:]
        fast, slow = (
            float(np.exp(-1 / (seconds * float(MOTION_RATE)))) for seconds in (VELOCITY_SECONDS, SPEED_SECONDS)
        )
        share = np.empty(len(velocities))
        for index, velocity in enumerate(velocities):
            self._velocity = fast * self._velocity + (1 - fast) * velocity
            self._speed = slow * self._speed + (1 - slow) * float(np.linalg.norm(self._velocity))
            share[index] = 1 / (1 + (self._speed / HALVING_SPEED) ** 2)
        return share

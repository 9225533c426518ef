"""What a face can do: motion beyond it is drawn back softly, so that no style, strength or control tears a face.

Each part of the face has measures with two limits. Up to the first, motion is returned bit for bit; beyond it, the
part's whole motion in that frame is scaled so that the measure stays below the second. One factor for a part keeps its
shape: lips that open stay in order, a turn keeps its axis.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.animation.stages import Stage
from sdk.data import Floats, Motion
from sdk.geometry import BROWS, JAW, LEFT_EYE, MOUTH, NOSE, RIGHT_EYE

Limits = tuple[float, float]

# The first limits lie above what any shipped style does at strength 1, whatever the sound (noise, clicks and clipped
# speech included); the second are what adults can do.
HEAD: Final[Limits] = (np.deg2rad(20.0), np.deg2rad(30.0))
"""Radians from the head's rest, about any axis."""
PLACE: Final[Limits] = (0.35, 0.5)
"""Eye distances that the head moves aside, up or forwards."""
LOWER_FACE: Final[Limits] = (0.75, 0.9)
"""Eye distances that a point of lips or jaw moves, or that the inner lips part: 0.9 are 81 mm in an adult face."""
WIDTH: Final[Limits] = (0.32, 0.4)
"""Eye distances that the mouth, 0.58 at rest, becomes wider or narrower."""
CROSSING: Final[Limits] = (0.1, 0.14)
"""Eye distances that the inner lips pass each other: lips that are pressed together, which a renderer lets meet."""
BROW: Final[Limits] = (0.14, 0.2)
NOSTRILS: Final[Limits] = (0.06, 0.09)
LIDS: Final[Limits] = (0.11, 0.14)
"""Eye distances that a point of the brows, the nose, the lids moves; a whole blink is 0.098."""

_EYES: Final = slice(RIGHT_EYE.start, LEFT_EYE.stop)
_UPPER_LIP, _LOWER_LIP = [61, 62, 63], [67, 66, 65]


class Bounds(Stage):
    """Draws motion back to what a face can do."""

    def push(self, motion: Motion) -> Motion:
        """Bound the frames."""
        expression, pose = motion.expression.astype(np.float64), motion.pose.astype(np.float64)
        lower = np.concatenate([expression[:, JAW], expression[:, MOUTH]], axis=1)
        crossing = expression[:, _UPPER_LIP, 1] - expression[:, _LOWER_LIP, 1]
        size = np.maximum(_farthest(lower), -crossing.min(axis=1))
        width = expression[:, 54, 0] - expression[:, 48, 0]
        mouth = np.minimum.reduce(
            [_factor(size, LOWER_FACE), _factor(np.abs(width), WIDTH), _factor(crossing.max(axis=1), CROSSING)]
        )
        parts = (
            (expression, JAW, mouth),
            (expression, MOUTH, mouth),
            (expression, BROWS, _factor(_farthest(expression[:, BROWS]), BROW)),
            (expression, NOSE, _factor(_farthest(expression[:, NOSE]), NOSTRILS)),
            (expression, _EYES, _factor(_farthest(expression[:, _EYES]), LIDS)),
            (pose, slice(0, 3), _factor(np.linalg.norm(pose[:, :3], axis=1), HEAD)),
            (pose, slice(3, 6), _factor(np.linalg.norm(pose[:, 3:], axis=1), PLACE)),
        )
        if all((factor == 1).all() for _, _, factor in parts):
            return motion
        for values, part, factor in parts:
            values[:, part] *= factor.reshape(-1, *[1] * (values.ndim - 1))
        return Motion(expression.astype(np.float32), pose.astype(np.float32), motion.rate)


def _farthest(moves: Floats) -> NDArray[np.float64]:
    """The longest displacement of each frame, ``[T]`` from ``[T, N, 3]``."""
    return np.asarray(np.linalg.norm(moves, axis=2).max(axis=1))


def _factor(measure: Floats, limits: Limits) -> NDArray[np.float64]:
    """What a part is scaled by, ``[T]``: exactly 1 up to the first limit; then the measure nears the second."""
    first, second = limits
    size = np.maximum(measure, first)
    bounded = first + (second - first) * np.tanh((size - first) / (second - first))
    return np.asarray(np.where(measure > first, bounded / size, 1.0))

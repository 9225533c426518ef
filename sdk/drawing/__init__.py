"""Drawn portraits and clips, free of anybody's rights.

A scaled orthographic camera sees the canonical face, so the landmarks of a drawing are known exactly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from sdk.data import Floats, Image, Landmarks, Motion, Portrait
from sdk.drawing.head import draw
from sdk.drawing.look import look
from sdk.geometry import POINTS

__all__ = ["drawn_clip", "drawn_face"]


def drawn_face(
    size: int = 512, *, seed: int = 0, alpha: bool = False, expression: Floats | None = None, pose: Floats | None = None
) -> Portrait:
    """Draw a portrait, head and shoulders.

    Args:
        size: Pixels along each side; at least 64.
        seed: Decides skin, hair, eyes and proportions; the same seed is the same person.
        alpha: Make the background transparent.
        expression: Displacement from the neutral face, ``[68, 3]``, in the face frame.
        pose: Axis-angle rotation (radians) and translation (face-frame units), ``[6]``; upright by default.

    Returns:
        The picture and its exact landmarks.

    Raises:
        ConfigError: The size is too small.
    """
    moved = np.zeros((POINTS, 3)) if expression is None else np.asarray(expression, dtype=np.float64)
    turned = np.zeros(6) if pose is None else np.asarray(pose, dtype=np.float64)
    pixels, mask, points = draw(look(seed), size, 3, moved, turned)
    return Portrait(pixels, Landmarks(points), mask if alpha else None)


def drawn_clip(motion: Motion, *, size: int = 256, seed: int = 0, neutral: Floats | None = None) -> Iterator[Image]:
    """Draw a moving person.

    Args:
        motion: One picture a frame.
        size: Pixels along each side; at least 64.
        seed: The person, as in ``drawn_face``.
        neutral: Another neutral face for that person, ``[68, 3]``, in the face frame.

    Yields:
        uint8 ``[size, size, 3]``.

    Raises:
        ConfigError: The size is too small.
    """
    person = look(seed)
    if neutral is not None:
        person = replace(person, face=np.asarray(neutral, dtype=np.float64))
    for expression, pose in zip(motion.expression, motion.pose, strict=True):
        yield draw(person, size, 2, expression.astype(np.float64), pose.astype(np.float64))[0]

"""The caller's hand on each part of the face."""

from __future__ import annotations

from sdk.data import Controls, Motion
from sdk.geometry import BROWS, JAW, MOUTH

__all__ = ["control"]


def control(motion: Motion, controls: Controls) -> Motion:
    """Scale mouth, brows and head. The lids are scaled where the blinks are made: half a blink would look ill.

    Args:
        motion: Any stretch of motion.
        controls: The factors.
    """
    expression = motion.expression.copy()
    for part, factor in ((JAW, controls.mouth), (MOUTH, controls.mouth), (BROWS, controls.brows)):
        expression[:, part] *= factor
    return Motion(expression, motion.pose * controls.head, motion.rate)

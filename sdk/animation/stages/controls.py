"""How strongly each part of the face moves."""

from __future__ import annotations

from sdk.animation.stages import Stage
from sdk.data import Controls, Motion
from sdk.geometry import BROWS, JAW, MOUTH


class Scaling(Stage):
    """Scales mouth, brows and head. ``Blinks`` scales the lids: half a blink would look ill."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def push(self, motion: Motion) -> Motion:
        """Scale the frames."""
        expression, controls = motion.expression.copy(), self._controls
        for part, factor in ((JAW, controls.mouth), (MOUTH, controls.mouth), (BROWS, controls.brows)):
            expression[:, part] *= factor
        return Motion(expression, motion.pose * controls.head, motion.rate)

"""The names of the default components."""

from __future__ import annotations

from typing import Final

__all__ = ["DETECTOR", "ENCODER", "GENERATOR", "NET", "RENDERER"]

ENCODER: Final = "mel"
GENERATOR: Final = "tcn"
NET: Final = "mlp"
DETECTOR: Final = "mediapipe"
RENDERER: Final = "warp"

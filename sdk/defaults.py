"""The components that are used where the caller names none: names only, so that the SDK knows no implementation."""

from __future__ import annotations

from typing import Final

__all__ = ["DETECTOR", "ENCODER", "GENERATOR", "NET", "RENDERER"]

ENCODER: Final = "mel"
GENERATOR: Final = "tcn"
NET: Final = "mlp"
DETECTOR: Final = "mediapipe"
RENDERER: Final = "warp"

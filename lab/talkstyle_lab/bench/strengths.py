"""What strengths do: how far heads turn, whether lips stay in order, whether the warp folds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
import torch

from sdk.animation import Animator
from sdk.data import Motion
from sdk.packs import shipped_styles
from sdk.progress import CancelToken, ProgressCallback, Reporter
from talkstyle_lab.bench.driving import default_portraits, default_speech
from talkstyle_warp.inversion import jacobian
from talkstyle_warp.renderer import PreparedPortrait, WarpRenderer

STRENGTHS: Final = (-3.0, -1.0, 0.0, 1.0, 1.5, 2.0, 3.0, 10.0)
CHUNK: Final = 16  # frames at once


@dataclass(frozen=True)
class StrengthBench:
    """The worst of all styles, portraits and sounds at one strength."""

    strength: float
    angle: float  # the largest of the head from its rest in the motion, degrees
    shown_angle: float  # the same as the renderer shows it
    opening: float  # the largest distance of the inner lips in the motion, eye distances
    crossing: float  # by how much the inner lips pass each other in the motion, eye distances
    shown_crossing: float  # the same in the rendered frames' landmarks
    determinant: float  # the smallest of the warp's maps, of skin and mouth
    warned: bool

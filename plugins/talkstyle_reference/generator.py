"""What both motion generators share: names, the output's units, and where the weights come from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch
from torch import Tensor, nn

from sdk.data import POINTS
from talkstyle_reference.encoder import MelEncoder
from talkstyle_reference.weights import Weights, read_weights

__all__ = ["LOOKAHEAD", "OUTPUTS", "Generator"]

LOOKAHEAD: Final = 18
"""Frames at 60 Hz that a generator hears before it moves: the paper's 300 ms."""

OUTPUTS: Final = POINTS * 3 + 6
"""Numbers in a frame of motion: expression, then pose."""

_UNIT: Final = 0.05
"""Eye distances, or radians, that one unit of the last layer moves: it keeps the last layer's weights near 1."""


class Generator(nn.Module):
    """A motion generator on ``mel`` features; ``sdk.interfaces.MotionGenerator`` says what it must hold to."""

    name: str = ""
    version: str = "1"
    features: int = MelEncoder.width
    encoder: str = MelEncoder.name
    lookahead: int = LOOKAHEAD

    @contextmanager
    def _building(self, weights: Weights, seed: int) -> Iterator[None]:
        """Seed the layers that are made in the block, and load their weights after it."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
        if weights is not None:
            self.load_state_dict({key: torch.from_numpy(value) for key, value in read_weights(self.name).items()})
        self.eval()

    def _motion(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """Split the last layer's ``[B, T, 210]`` into expression and pose, in the motion's units."""
        scaled = raw * _UNIT
        expression = scaled[..., : POINTS * 3].reshape(*raw.shape[:-1], POINTS, 3)
        return expression, scaled[..., POINTS * 3 :]

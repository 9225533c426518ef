"""The small generator: causal dilated convolutions."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from talkstyle_reference.apc import HIDDEN
from talkstyle_reference.generator import OUTPUTS, Generator
from talkstyle_reference.weights import Weights

__all__ = ["TcnApcGenerator", "TcnGenerator", "TcnState"]

TcnState = tuple[Tensor, ...]
"""For each layer the last inputs that its next output still needs, ``[B, channels, 2 * dilation]``."""

_CHANNELS: Final = 192
_DILATIONS: Final = (1, 2, 4, 8, 16, 32)


class TcnGenerator(Generator):
    """A temporal convolutional network (Bai et al., arXiv 1803.01271): six residual layers, 192 channels, kernels of 3.

    It sees 127 frames: 18 of them after the frame that it describes, 108 before.
    """

    name = kind = "tcn"

    def _build(self) -> None:
        self.enter = nn.Conv1d(self.features, _CHANNELS, 1)
        self.layers = nn.ModuleList(_Layer(dilation) for dilation in _DILATIONS)
        self.leave = nn.Conv1d(_CHANNELS, OUTPUTS, 1)

    def forward(self, features: Tensor, state: TcnState | None = None) -> tuple[Tensor, Tensor, TcnState]:
        """Generate motion; shapes as in ``sdk.interfaces.MotionGenerator``."""
        x = self.enter(self._scaled(features).transpose(1, 2))
        kept: list[Tensor] = []
        for index, layer in enumerate(self.layers):
            x, tail = layer(x, None if state is None else state[index])
            kept.append(tail)
        expression, pose = self._motion(self.leave(functional.gelu(x)).transpose(1, 2))
        return expression, pose, tuple(kept)


class TcnApcGenerator(TcnGenerator):
    """``tcn`` on the features of ``apc``: 1.1 M parameters.

    Args:
        weights: As for ``tcn``.
        seed: Of random weights.
    """

    name = "tcn-apc"

    def __init__(self, weights: Weights = "shipped", *, seed: int = 0) -> None:
        super().__init__(weights, encoder="apc", features=2 * HIDDEN, seed=seed)


class _Layer(nn.Module):
    """``x + mix(gelu(convolve(x)))``, with zeros before the beginning."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.past = 2 * dilation
        self.convolve = nn.Conv1d(_CHANNELS, _CHANNELS, 3, dilation=dilation)
        self.mix = nn.Conv1d(_CHANNELS, _CHANNELS, 1)

    def forward(self, x: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor]:
        if before is None:
            before = x.new_zeros(x.shape[0], x.shape[1], self.past)
        whole = torch.cat([before, x], dim=2)
        return x + self.mix(functional.gelu(self.convolve(whole))), whole[:, :, -self.past :]

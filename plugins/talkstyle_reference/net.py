"""The style transfer net: the paper's f."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["MlpTransferNet"]


class MlpTransferNet(nn.Module):
    """Turns a frame's composed landmarks into features, whose means the loss compares: 204, 1024, 512, 256.

    The activation is SiLU, smooth to every order: the gradient penalty differentiates f's own gradient, and under a
    ReLU that would be flat almost everywhere.

    Args:
        seed: Of the weights; the same seed gives the same net on every device.
    """

    name = "mlp"
    version = "1"

    def __init__(self, *, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.layers = nn.Sequential(
                nn.Linear(204, 1024), nn.SiLU(), nn.Linear(1024, 512), nn.SiLU(), nn.Linear(512, 256)
            )

    def forward(self, phi: Tensor) -> Tensor:
        """Map landmarks ``[B, T, 204]`` to features ``[B, T, 256]``."""
        features: Tensor = self.layers(phi)
        return features

"""Autoregressive predictive coding: a recurrent net that foretells log-mel bands, and so learns what sound is."""

from __future__ import annotations

from typing import Final, TypeAlias

import torch
from torch import Tensor, nn

from talkstyle_reference.encoder import BANDS

__all__ = ["AHEAD", "HIDDEN", "ApcNet", "ApcState"]

HIDDEN: Final = 512
"""Numbers in a 120 Hz frame of features."""

AHEAD: Final = 5
"""120 Hz frames from what is heard to what is foretold: 42 ms, well past the window's own 17 ms."""

ApcState: TypeAlias = Tensor
"""What the recurrent layers carry on, ``[3, B, 512]``."""


class ApcNet(nn.Module):
    """Three layers of 512 gated recurrent units, as in the paper, after Chung et al. (arXiv 1904.03240).

    The last layer's state is the feature: from it the bands ``AHEAD`` frames on are to be foretold.

    Args:
        seed: Of the weights.
    """

    def __init__(self, *, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.layers = nn.GRU(BANDS, HIDDEN, num_layers=3, batch_first=True)

    def forward(self, bands: Tensor, state: ApcState | None = None) -> tuple[Tensor, ApcState]:
        """Listen.

        Args:
            bands: Normalised, at 120 Hz, ``[B, T, 80]``.
            state: What the call on the stretch before returned; None at the beginning.

        Returns:
            Features ``[B, T, 512]`` between -1 and 1, and the state to go on from.
        """
        features, state = self.layers(bands, state)
        return features, state

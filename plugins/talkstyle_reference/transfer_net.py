"""The style transfer net: the paper's f."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from talkstyle_reference.weights import Weights, read_weights


class MlpTransferNet(nn.Module):
    """Maps a frame's landmarks to features whose means the loss compares: 204, 1024, 512, 256.

    The activation is SiLU, smooth to every order: the gradient penalty differentiates f's own gradient, and under a
    ReLU that would be flat almost everywhere.

    Args:
        weights: None leaves them random, to be trained in the fit; ``"shipped"`` or a folder that ``talkstyle pretrain
            net`` wrote gives pre-trained ones.
        seed: Of random weights; the same seed gives the same net on every device.

    Raises:
        ModelFileMissing: There are no such weights.
    """

    name = "mlp"
    version = "1"

    def __init__(self, weights: Weights = None, *, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.layers = nn.Sequential(
                nn.Linear(204, 1024), nn.SiLU(), nn.Linear(1024, 512), nn.SiLU(), nn.Linear(512, 256)
            )
        if weights is not None:
            read = read_weights(MlpTransferNet.name, weights)
            self.load_state_dict({name: torch.from_numpy(value) for name, value in read.items()})

    def forward(self, phi: Tensor) -> Tensor:
        """Map landmarks ``[B, T, 204]`` to features ``[B, T, 256]``."""
        features: Tensor = self.layers(phi)
        return features


class PretrainedTransferNet(MlpTransferNet):
    """f, pre-trained to tell the corpus's styles apart, for use as a frozen critic."""

    name = "mlp-pretrained"

    def __init__(self, weights: Weights = "shipped") -> None:
        super().__init__(weights)

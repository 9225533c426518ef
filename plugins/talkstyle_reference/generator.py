"""What both motion generators share: names, the output's units, and where the weights come from."""

from __future__ import annotations

import os
from typing import Final

import torch
from torch import Tensor, nn

from sdk.errors import ModelFileMissing
from sdk.geometry import POINTS
from talkstyle_reference.encoder import MelEncoder
from talkstyle_reference.weights import Weights, read_notes, read_weights

__all__ = ["LOOKAHEAD", "OUTPUTS", "SHIPPED", "Generator", "weights_name"]

LOOKAHEAD: Final = 18
"""Frames at 60 Hz that a generator hears before it moves: the paper's 300 ms."""

OUTPUTS: Final = POINTS * 3 + 6
"""Numbers in a frame of motion: expression, then pose."""

SHIPPED: Final = ("mel", "apc")
"""The encoders that generators which ship were trained on."""

_UNIT: Final = 0.05
"""Eye distances, or radians, that one unit of the last layer moves: it keeps the last layer's weights near 1."""


class Generator(nn.Module):
    """A motion generator; ``sdk.interfaces.MotionGenerator`` says what it must hold to.

    Those of another encoder than ``mel``, whose features come scaled, scale them first, by numbers that are buffers:
    no style changes them.

    Args:
        weights: ``"shipped"``, a folder that ``talkstyle pretrain train`` wrote, or None, which leaves them random.
        encoder: The name of the audio encoder that it is, or will be, trained on.
        features: The width of that encoder's features; where weights are read, they tell.
        seed: Of random weights.

    Raises:
        ModelFileMissing: There are no such weights.
    """

    name: str = ""
    kind: str = ""
    """Of its layers, which its name and its weights' begin with."""
    version: str = "1"
    lookahead: int = LOOKAHEAD
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        weights: Weights = "shipped",
        *,
        encoder: str = MelEncoder.name,
        features: int = MelEncoder.width,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.encoder_sha256: str | None = None
        tensors: dict[str, Tensor] | None = None
        if weights is not None:
            tensors, self.encoder_sha256 = _read(self.kind, encoder, weights)
            features = tensors["enter.weight"].shape[1]
        self.features = features
        if encoder != MelEncoder.name:
            self.register_buffer("mean", torch.zeros(features))
            self.register_buffer("std", torch.ones(features))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._build()
        if tensors is not None:
            self.load_state_dict(tensors)
        self.eval()

    def _build(self) -> None:
        """Make the layers; ``enter`` takes the features."""
        raise NotImplementedError

    def _scaled(self, features: Tensor) -> Tensor:
        """Features ``[B, T, D]`` as the layers take them."""
        return features if self.encoder == MelEncoder.name else (features - self.mean) / self.std

    def _motion(self, raw: Tensor) -> tuple[Tensor, Tensor]:
        """Split the last layer's ``[B, T, 210]`` into expression and pose, in the motion's units."""
        scaled = raw * _UNIT
        expression = scaled[..., : POINTS * 3].reshape(*raw.shape[:-1], POINTS, 3)
        return expression, scaled[..., POINTS * 3 :]


def weights_name(kind: str, encoder: str) -> str:
    """What the weights of a generator on an encoder are called: ``tcn`` on ``mel``, else ``tcn-apc``."""
    return kind if encoder == MelEncoder.name else f"{kind}-{encoder}"


def _read(kind: str, encoder: str, weights: str | os.PathLike[str]) -> tuple[dict[str, Tensor], str | None]:
    """A generator's weights, and the fingerprint of the encoder that they were trained on where it is known."""
    name = weights_name(kind, encoder)
    if weights == "shipped" and encoder not in SHIPPED:
        raise ModelFileMissing(
            f"no {kind} ships that was trained on the encoder {encoder!r}",
            hint=f"Train one, `talkstyle pretrain train --encoder {encoder},... --generator {kind} ...`, and ask for "
            f"'{kind},encoder={encoder},weights=DIR/weights'.",
        )
    tensors = {key: torch.from_numpy(value) for key, value in read_weights(name, weights).items()}
    return tensors, read_notes(name, weights).get("encoder_sha256")

"""The motion generators: a small causal convolutional net, and the paper's LSTM."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from sdk.errors import ModelFileMissing
from sdk.geometry import POINTS
from talkstyle_reference.apc import ApcEncoder
from talkstyle_reference.mel import MelEncoder
from talkstyle_reference.weights import Weights, read_notes, read_weights

LOOKAHEAD_FRAMES: Final = 18
"""Frames at 60 Hz by which a generator's motion lags its input: the paper's 300 ms."""

LIVE_LOOKAHEAD_FRAMES: Final = 6
"""The same of the generators for live use: 100 ms."""

SMOOTHING: Final = (1, 5, 10, 10, 5, 1)
"""Binomial: faces hardly move at more than 15 Hz. It comes 2 frames later than the kernel in training; without it, lips
close a frame or two too early at m, b and p in labelled clips of people."""

OUTPUT_WIDTH: Final = POINTS * 3 + 6
"""Numbers in a frame of motion: expression, then pose."""

UNIT: Final = 0.05
"""Eye distances, or radians, in one unit of the last layer; keeps its weights near 1."""

_SHIPPED_ENCODERS: Final = (MelEncoder.name, ApcEncoder.name)
_CHANNELS: Final = 192
_DILATIONS: Final = (1, 2, 4, 8, 16, 32)


class Generator(nn.Module, ABC):
    """A motion generator; see ``sdk.interfaces.MotionGenerator`` for the contract.

    The features of ``mel`` are scaled already; those of other encoders are scaled by buffers, which no style changes.

    Its outputs are smoothed over time, each with the five before it, since faces hardly move at more than 15 Hz and
    what the layers make of sound does. ``smoothing`` holds the weights, the oldest first.

    Args:
        weights: ``"shipped"``, a folder that ``talkstyle pretrain train`` wrote, or None, which leaves them random.
        encoder: The name of the audio encoder that it is, or will be, trained on.
        features: The width of that encoder's features, unless weights are read.
        seed: Of random weights.

    Raises:
        ModelFileMissing: There are no such weights.
    """

    name: str = ""
    kind: str = ""
    """The kind of layers, with which its name and that of its weights begin."""
    version: str = "2"
    lookahead: int = LOOKAHEAD_FRAMES
    last_layer: str = "leave"
    smoothing: tuple[int, ...] = SMOOTHING
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
        tensors, self.encoder_sha256 = _read(self.kind, encoder, weights)
        self.features = tensors["enter.weight"].shape[1] if tensors else features
        if encoder != MelEncoder.name:
            self.register_buffer("mean", torch.zeros(self.features))
            self.register_buffer("std", torch.ones(self.features))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self._build()
        if tensors:
            self.load_state_dict(tensors)
        self.eval()

    @abstractmethod
    def _build(self) -> None:
        """Make the layers; ``enter`` takes the features."""

    def _scaled(self, features: Tensor) -> Tensor:
        """Scale features ``[B, T, D]`` for the layers."""
        return features if self.encoder == MelEncoder.name else (features - self.mean) / self.std

    def _motion(self, raw: Tensor, before: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        """Smooth the last layer's ``[B, T, 210]``; split it into expression and pose, in the units of motion.

        ``before`` has as many outputs before these as the smoothing reaches back; by default, all are the first. Third,
        what the next call needs.
        """
        reach = len(self.smoothing) - 1
        whole = torch.cat([raw[:, :1].expand(-1, reach, -1) if before is None else before, raw], dim=1)
        shares = [
            share / sum(self.smoothing) * whole[:, k : k + raw.shape[1]] for k, share in enumerate(self.smoothing)
        ]
        scaled = torch.stack(shares).sum(dim=0) * UNIT
        last = whole[:, whole.shape[1] - reach :]
        return scaled[..., : POINTS * 3].reshape(*raw.shape[:-1], POINTS, 3), scaled[..., POINTS * 3 :], last


class TcnGenerator(Generator):
    """A temporal convolutional network (Bai et al., arXiv 1803.01271): six residual layers, 192 channels, kernels of 3.

    Its receptive field is 127 frames: its look-ahead, the frame that it describes, and the rest before. The state holds
    for each layer the last inputs that its next output needs, ``[B, channels, 2 * dilation]``, and the last outputs.
    """

    name = kind = "tcn"

    def _build(self) -> None:
        self.enter = nn.Conv1d(self.features, _CHANNELS, 1)
        self.layers = nn.ModuleList(_Layer(dilation) for dilation in _DILATIONS)
        self.leave = nn.Conv1d(_CHANNELS, OUTPUT_WIDTH, 1)

    def forward(
        self, features: Tensor, state: tuple[Tensor, ...] | None = None
    ) -> tuple[Tensor, Tensor, tuple[Tensor, ...]]:
        """Generate motion; shapes as in ``sdk.interfaces.MotionGenerator``."""
        x = self.enter(self._scaled(features).transpose(1, 2))
        *past, last = state or [None] * (len(self.layers) + 1)
        kept: list[Tensor] = []
        for layer, before in zip(self.layers, past, strict=True):
            x, tail = layer(x, before)
            kept.append(tail)
        expression, pose, last = self._motion(self.leave(functional.gelu(x)).transpose(1, 2), last)
        return expression, pose, (*kept, last)


class TcnLiveGenerator(TcnGenerator):
    """``tcn`` with a look-ahead of 100 ms, for sound that is answered while it is spoken."""

    name = kind = "tcn-live"
    lookahead = LIVE_LOOKAHEAD_FRAMES


class TcnApcGenerator(TcnGenerator):
    """``tcn`` on the features of ``apc``: 1.1 M parameters."""

    name = "tcn-apc"

    def __init__(self, weights: Weights = "shipped", *, seed: int = 0) -> None:
        super().__init__(weights, encoder=ApcEncoder.name, features=ApcEncoder.width, seed=seed)


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


class LstmGenerator(Generator):
    """The paper's: linear, batch normalisation, leaky ReLU, linear, LSTM, then 512, 512, out, as in its repository.

    There it moves the mouth; here, all 68 points and the head. The normalisation's statistics are buffers and stay
    frozen in ``train()``, so that a style, which carries parameters only, keeps its meaning; training a base unfreezes
    ``norm`` itself. The state is the LSTM's hidden and cell states, ``[3, B, 256]`` each, and the
    last outputs.
    """

    name = kind = "lstm"
    last_layer = "leave.4"

    def _build(self) -> None:
        self.enter = nn.Linear(self.features, 512)
        self.norm = nn.BatchNorm1d(512)
        self.mix = nn.Linear(512, 512)
        self.lstm = nn.LSTM(512, 256, num_layers=3, batch_first=True)
        self.leave = nn.Sequential(
            nn.Linear(256, 512), nn.LeakyReLU(), nn.Linear(512, 512), nn.LeakyReLU(), nn.Linear(512, OUTPUT_WIDTH)
        )

    def train(self, mode: bool = True) -> LstmGenerator:
        """Set the mode of all but the normalisation, which stays frozen."""
        super().train(mode)
        self.norm.eval()
        return self

    def forward(
        self, features: Tensor, state: tuple[Tensor, Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor, Tensor]]:
        """Generate motion; shapes as in ``sdk.interfaces.MotionGenerator``."""
        x = self.enter(self._scaled(features))
        x = self.norm(x.flatten(0, 1)).unflatten(0, x.shape[:2])
        x = self.mix(functional.leaky_relu(x))
        *memory, last = state or (None, None, None)
        x, kept = self.lstm(x, None if state is None else tuple(memory))
        expression, pose, last = self._motion(self.leave(x), last)
        return expression, pose, (*kept, last)


def weights_name(kind: str, encoder: str) -> str:
    """The name of a generator's weights: ``tcn`` on ``mel``, otherwise such as ``tcn-apc``."""
    return kind if encoder == MelEncoder.name else f"{kind}-{encoder}"


def _read(kind: str, encoder: str, weights: Weights) -> tuple[dict[str, Tensor], str | None]:
    """A generator's weights, and the fingerprint of the encoder that they were trained on, if known."""
    if weights is None:
        return {}, None
    name = weights_name(kind, encoder)
    if weights == "shipped" and encoder not in _SHIPPED_ENCODERS:
        raise ModelFileMissing(
            f"no {kind} ships that was trained on the encoder {encoder!r}",
            hint=f"Train one, `talkstyle pretrain train --encoder {encoder},... --generator {kind} ...`, and ask for "
            f"'{kind},encoder={encoder},weights=DIR/weights'.",
        )
    tensors = {key: torch.from_numpy(value) for key, value in read_weights(name, weights).items()}
    return tensors, read_notes(name, weights).get("encoder_sha256")

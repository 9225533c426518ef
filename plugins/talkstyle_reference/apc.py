"""The paper's audio encoder: autoregressive predictive coding of log-mel bands, projected onto a manifold."""

from __future__ import annotations

import hashlib
import os
from typing import Final, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from sdk.data import FloatArray
from sdk.encoding import StreamingEncoder
from talkstyle_reference.manifold import Manifold
from talkstyle_reference.mel import BANDS, MelEncoder
from talkstyle_reference.weights import read_weights

HIDDEN_WIDTH: Final = 512
"""Features in a 120 Hz frame."""

AHEAD_FRAMES: Final = 5
"""120 Hz frames from the last input to the predicted one: 42 ms, well past the window's own 17 ms."""

ApcState: TypeAlias = Tensor
"""The state of the recurrent layers, ``[3, B, 512]``."""


class ApcNet(nn.Module):
    """Three layers of 512 gated recurrent units, as in the paper, after Chung et al. (arXiv 1904.03240).

    The last layer's state is the feature, trained to predict the bands ``AHEAD_FRAMES`` later.
    """

    def __init__(self, *, seed: int = 0) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.layers = nn.GRU(BANDS, HIDDEN_WIDTH, num_layers=3, batch_first=True)

    def forward(self, bands: Tensor, state: ApcState | None = None) -> tuple[Tensor, ApcState]:
        """Encode normalised bands at 120 Hz, ``[B, T, 80]``, after those that left ``state``.

        Returns features ``[B, T, 512]`` between -1 and 1, and the next state.
        """
        features, state = self.layers(bands, state)
        return features, state


class ApcEncoder(StreamingEncoder):
    """Features of a predictive net at 120 Hz, each rebuilt from its 10 nearest known ones, two to a frame: D = 1024.

    The bands are those of ``mel``, normalised as they arrive. The net is causal, so the look-ahead is that of the
    bands. It runs on the CPU.

    Args:
        weights: ``"shipped"``, or a folder that ``talkstyle pretrain train`` wrote.

    Raises:
        ModelFileMissing: There are no such weights.
    """

    name = "apc"
    version = "1"
    sample_rate = MelEncoder.sample_rate
    width = 2 * HIDDEN_WIDTH
    lookahead = MelEncoder.lookahead

    def __init__(self, weights: str | os.PathLike[str] = "shipped") -> None:
        tensors = read_weights(self.name, weights)
        digest = hashlib.sha256(f"{self.name} {self.version}".encode())
        for key, value in sorted(tensors.items()):
            digest.update(key.encode() + value.astype("<f4").tobytes())
        self._fingerprint = digest.hexdigest()
        self.mel = MelEncoder(None)
        self.mel.mean, self.mel.std = tensors.pop("mean"), tensors.pop("std")
        self._manifold = Manifold(torch.from_numpy(tensors.pop("database")))
        self._net = ApcNet().eval()
        self._net.load_state_dict({key: torch.from_numpy(value) for key, value in tensors.items()})

    def fingerprint(self) -> str:
        """The sha256 (hex) of its version, statistics, net and database."""
        return self._fingerprint

    def stream(self) -> ApcStream:
        """Begin a sound that arrives piece by piece."""
        return ApcStream(self)

    def encode_mel(self, mel: FloatArray, state: ApcState | None = None) -> tuple[FloatArray, ApcState | None]:
        """Encode features of ``mel``, ``[B, t, 160]``, as ``[B, t, 1024]``; also returns the next state."""
        batch, count, _ = mel.shape
        if count == 0:
            return np.zeros((batch, 0, self.width), np.float32), state
        with torch.inference_mode():
            found, state = self._net(torch.from_numpy(mel.reshape(batch, -1, BANDS)), state)
            projected = self._manifold(found.flatten(0, 1))
        return projected.numpy().reshape(batch, count, self.width), state


class ApcStream:
    """Features of a sound that arrives piece by piece, equal to those of the whole within rounding."""

    def __init__(self, encoder: ApcEncoder) -> None:
        self._encoder = encoder
        self._mel = encoder.mel.stream()
        self._state: ApcState | None = None

    def push(self, samples: FloatArray) -> FloatArray:
        """Take samples ``[N]`` at 16 kHz; return the features that are now final, ``[t, 1024]``.

        Raises:
            NotFiniteError: A sample is NaN or infinite.
        """
        return self._encode(self._mel.push(samples))

    def finish(self) -> FloatArray:
        """Return the remaining features, ``[t, 1024]``."""
        return self._encode(self._mel.finish())

    def _encode(self, mel: FloatArray) -> FloatArray:
        (features,), self._state = self._encoder.encode_mel(mel[None], self._state)
        return np.asarray(features, np.float32)

"""The paper's audio encoder: predictive coding of log-mel bands, projected onto features known from training."""

from __future__ import annotations

import hashlib
import os

import numpy as np
import torch

from sdk.data import Audio, FloatArray
from talkstyle_reference.apc import HIDDEN, ApcNet, ApcState
from talkstyle_reference.encoder import BANDS, SAMPLE_RATE, MelEncoder, whole
from talkstyle_reference.manifold import Manifold
from talkstyle_reference.weights import read_weights

__all__ = ["ApcEncoder", "ApcStream"]


class ApcEncoder:
    """Features of a predictive net at 120 Hz, each rebuilt from its 10 nearest known ones, two to a frame: D = 1024.

    The bands are those of ``mel``, loudness and colour taken out as they arrive. The net looks back only, so the
    look-ahead is that of the bands. It runs on the CPU.

    Args:
        weights: ``"shipped"``, or a folder that ``talkstyle pretrain train`` wrote.

    Raises:
        ModelFileMissing: The weights are not there.
    """

    name = "apc"
    version = "1"
    sample_rate = SAMPLE_RATE
    width = 2 * HIDDEN
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

    def encode(self, audio: Audio) -> FloatArray:
        """Encode a whole sound at 16 kHz: float32 ``[T, 1024]``, T = ceil(60 * duration).

        Raises:
            InputError: Another sample rate.
        """
        return whole(self.stream(), audio, where="ApcEncoder.encode")

    def stream(self) -> ApcStream:
        """Begin a sound that arrives piece by piece."""
        return ApcStream(self)

    def listen(self, bands: FloatArray, state: ApcState | None = None) -> tuple[FloatArray, ApcState | None]:
        """Turn features of ``mel``, ``[B, t, 160]``, into its own, ``[B, t, 1024]``, with the state to go on from."""
        batch, count, _ = bands.shape
        if count == 0:
            return np.zeros((batch, 0, self.width), np.float32), state
        with torch.inference_mode():
            found, state = self._net(torch.from_numpy(bands.reshape(batch, -1, BANDS)), state)
            projected = self._manifold(found.flatten(0, 1))
        return projected.numpy().reshape(batch, count, self.width), state


class ApcStream:
    """Features of a sound that arrives piece by piece, equal to those of the whole within rounding.

    Args:
        encoder: Whose nets to use.
    """

    def __init__(self, encoder: ApcEncoder) -> None:
        self._encoder = encoder
        self._bands = encoder.mel.stream()
        self._state: ApcState | None = None

    def push(self, samples: FloatArray) -> FloatArray:
        """Take samples ``[N]`` at 16 kHz; return the features that are now certain, ``[t, 1024]``.

        Raises:
            NotFiniteError: A sample is NaN or infinite.
        """
        return self._listen(self._bands.push(samples))

    def finish(self) -> FloatArray:
        """Return the features that remain, ``[t, 1024]``."""
        return self._listen(self._bands.finish())

    def _listen(self, bands: FloatArray) -> FloatArray:
        (features,), self._state = self._encoder.listen(bands[None], self._state)
        return np.asarray(features, np.float32)

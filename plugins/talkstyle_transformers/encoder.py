"""HuBERT and wav2vec 2.0 as audio encoders."""

from __future__ import annotations

import hashlib
import os
from typing import Any, Final

import numpy as np
import torch
from transformers import HubertModel, Wav2Vec2Model

from sdk.data import Audio, FloatArray
from sdk.errors import ConfigError, InputError, NotFiniteError
from talkstyle_transformers.checkpoint import find, load_model
from talkstyle_transformers.config import CheckpointConfig
from talkstyle_transformers.windows import Plan, WindowStream

_RATE: Final = 16_000
_BLOCK: Final = 60 * _RATE


class CheckpointEncoder:
    """A layer's features of a network that was trained to understand speech, at exactly 60 Hz.

    The network hears both ways: a frame depends on up to ``chunk + context`` seconds after it, which ``lookahead``
    states. In ``chunk``s of half a second and as much context it can follow a live sound a second late.

    Args:
        model: A folder, a repository on the Hub, or None; this and the others as in ``CheckpointConfig``.
        revision: Of the repository.
        local_files_only: Ask no network.
        layer: Which layer's features, counted from 1; negative ones from the last.
        chunk: Seconds that are encoded at once.
        context: Seconds heard before and after them.
        device: Where the network runs.

    Raises:
        ModelFileMissing: The checkpoint is not there, or damaged.
        ConfigError: It is of another kind, or has no such layer.
    """

    name: str = ""
    version = "1"
    sample_rate = _RATE
    _kind: type[Any]

    def __init__(
        self,
        model: str | os.PathLike[str] | None = None,
        *,
        revision: str | None = None,
        local_files_only: bool = False,
        layer: int = -1,
        chunk: float = 4.0,
        context: float = 1.0,
        device: str = "cpu",
    ) -> None:
        config = CheckpointConfig(
            model=None if model is None else os.fspath(model),
            revision=revision,
            local_files_only=local_files_only,
            layer=layer,
            chunk=chunk,
            context=context,
            device=device,
        )
        self._checkpoint = find(self.name, config)
        network = load_model(self._kind, self._checkpoint)
        layers: int = network.config.num_hidden_layers
        if not (1 <= layer <= layers or -layers <= layer <= -1):
            raise ConfigError(f"layer={layer}: the checkpoint has {layers}", where=str(self._checkpoint.folder))
        layer = layer if layer > 0 else layers + 1 + layer
        self._layer = None if layer == layers else layer
        self._device = torch.device(device)
        self._network = network.to(self._device)
        self.width: int = network.config.hidden_size
        self._plan = _plan(network.config, chunk, context)
        self.lookahead = self._plan.lookahead

    def fingerprint(self) -> str:
        """The sha256 (hex) of the checkpoint's files and of all that decides its features."""
        plan = self._plan
        said = f"{self.name} {self.version} {self._checkpoint.sha256} {self._layer} {plan.chunk} {plan.context}"
        return hashlib.sha256(f"{said} {self._checkpoint.normalised}".encode()).hexdigest()

    def encode(self, audio: Audio) -> FloatArray:
        """Encode a whole sound at 16 kHz, window by window: float32 ``[T, D]``, T = ceil(60 * duration).

        Raises:
            InputError: Another sample rate.
        """
        if audio.rate != _RATE:
            raise InputError(
                f"this encoder takes sound at {_RATE} Hz, not {audio.rate} Hz",
                where=f"{type(self).__name__}.encode",
                hint="Resample it first.",
            )
        stream = self.stream()
        blocks = range(0, len(audio.samples), _BLOCK)
        return np.concatenate([*(stream.push(audio.samples[at : at + _BLOCK]) for at in blocks), stream.finish()])

    def stream(self) -> CheckpointStream:
        """Begin a sound that arrives piece by piece."""
        return CheckpointStream(self._plan, self._listen, self.width)

    def _listen(self, samples: FloatArray) -> FloatArray:
        """One window through the network: float32 ``[features, D]``."""
        if self._checkpoint.normalised:
            # As transformers' own feature extractor does; silence stays silence.
            samples = (samples - samples.mean()) / np.sqrt(samples.var() + np.float32(1e-7))
        with torch.inference_mode():
            heard = torch.from_numpy(np.ascontiguousarray(samples, np.float32))[None].to(self._device)
            made = self._network(heard, output_hidden_states=self._layer is not None)
            # The last layer's are normalised once more in networks whose layers normalise first.
            found = made.last_hidden_state if self._layer is None else made.hidden_states[self._layer]
        return np.asarray(found[0].float().cpu().numpy())


class CheckpointStream(WindowStream):
    """A ``WindowStream`` that refuses what is not finite."""

    def push(self, samples: FloatArray) -> FloatArray:
        """Take samples ``[N]`` at 16 kHz; return the features that are now certain, ``[t, D]``.

        Raises:
            NotFiniteError: A sample is NaN or infinite.
        """
        if not np.isfinite(samples).all():
            raise NotFiniteError("samples that are not finite", where="stream.push", hint="Mend the sound first.")
        return super().push(samples)


class HubertEncoder(CheckpointEncoder):
    """HuBERT (Hsu et al., arXiv 2106.07447)."""

    name = "hubert"
    _kind = HubertModel


class Wav2Vec2Encoder(CheckpointEncoder):
    """wav2vec 2.0 (Baevski et al., arXiv 2006.11477)."""

    name = "wav2vec2"
    _kind = Wav2Vec2Model


def _plan(config: Any, chunk: float, context: float) -> Plan:
    """Stride and field of the convolutions that a checkpoint's network begins with."""
    stride, field = 1, 1
    for kernel, step in zip(config.conv_kernel, config.conv_stride, strict=True):
        field += (kernel - 1) * stride
        stride *= step
    a_second = _RATE / stride
    return Plan(
        rate=_RATE,
        stride=stride,
        field=field,
        chunk=max(1, round(chunk * a_second)),
        context=round(context * a_second),
    )

"""HuBERT and wav2vec 2.0 as audio encoders."""

from __future__ import annotations

import hashlib
import os
from typing import Any, Final

import numpy as np
import torch
from transformers import HubertModel, Wav2Vec2Model

from sdk.data import Audio, FloatArray
from sdk.errors import ConfigError, InputError
from talkstyle_transformers.checkpoint import find, load_model
from talkstyle_transformers.config import CheckpointConfig
from talkstyle_transformers.windows import Plan, WindowStream

SAMPLE_RATE: Final = 16_000
BLOCK_SAMPLES: Final = 60 * SAMPLE_RATE
"""Of a whole sound that are given to the stream at once."""


class CheckpointEncoder:
    """A layer's features of a network that was trained to understand speech, at exactly 60 Hz.

    The network looks both ways: a frame depends on up to ``chunk + context`` seconds after it, which ``lookahead``
    states. With ``chunk`` and ``context`` of half a second, it follows a live sound a second late.

    Args:
        model: A folder, or a repository on the Hub; None for the folder of the encoder's name in TALKSTYLE_MODELS.
        **options: The other fields of ``CheckpointConfig``.

    Raises:
        ModelFileMissing: The checkpoint is missing or damaged.
        ConfigError: It is of another kind, or has no such layer.
    """

    name: str = ""
    version = "1"
    sample_rate = SAMPLE_RATE
    _kind: type[Any]

    def __init__(self, model: str | os.PathLike[str] | None = None, **options: Any) -> None:
        config = CheckpointConfig(model=None if model is None else os.fspath(model), **options)
        self._checkpoint = find(self.name, config)
        network = load_model(self._kind, self._checkpoint)
        layers: int = network.config.num_hidden_layers
        layer = config.layer if config.layer > 0 else layers + 1 + config.layer
        if config.layer == 0 or not 1 <= layer <= layers:
            raise ConfigError(f"layer={config.layer}: the checkpoint has {layers}", where=str(self._checkpoint.folder))
        self._layer = None if layer == layers else layer
        self._device = torch.device(config.device)
        self._network = network.to(self._device)
        self.width: int = network.config.hidden_size
        self._plan = _plan(network.config, config.chunk, config.context)
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
        if audio.rate != SAMPLE_RATE:
            raise InputError(
                f"this encoder takes sound at {SAMPLE_RATE} Hz, not {audio.rate} Hz",
                where=f"{type(self).__name__}.encode",
                hint="Resample it first.",
            )
        stream = self.stream()
        blocks = range(0, len(audio.samples), BLOCK_SAMPLES)
        return np.concatenate(
            [*(stream.push(audio.samples[at : at + BLOCK_SAMPLES]) for at in blocks), stream.finish()]
        )

    def stream(self) -> WindowStream:
        """Begin a sound that arrives piece by piece."""
        return WindowStream(self._plan, self._encode_window, self.width)

    def _encode_window(self, samples: FloatArray) -> FloatArray:
        """The features of one window, float32 ``[features, D]``."""
        if self._checkpoint.normalised:
            # As transformers' own feature extractor does; silence stays silence.
            samples = (samples - samples.mean()) / np.sqrt(samples.var() + np.float32(1e-7))
        with torch.inference_mode():
            batch = torch.from_numpy(np.ascontiguousarray(samples, np.float32))[None].to(self._device)
            output = self._network(batch, output_hidden_states=self._layer is not None)
            # In networks whose layers normalise first, only last_hidden_state has the final normalisation.
            features = output.last_hidden_state if self._layer is None else output.hidden_states[self._layer]
        return np.asarray(features[0].float().cpu().numpy())


class HubertEncoder(CheckpointEncoder):
    """HuBERT (Hsu et al., arXiv 2106.07447)."""

    name = "hubert"
    _kind = HubertModel


class Wav2Vec2Encoder(CheckpointEncoder):
    """wav2vec 2.0 (Baevski et al., arXiv 2006.11477)."""

    name = "wav2vec2"
    _kind = Wav2Vec2Model


def _plan(config: Any, chunk: float, context: float) -> Plan:
    """Windows for the stride and the receptive field of a network's first convolutions."""
    stride, field = 1, 1
    for kernel, step in zip(config.conv_kernel, config.conv_stride, strict=True):
        field += (kernel - 1) * stride
        stride *= step
    rate = SAMPLE_RATE / stride
    chunk, context = max(1, round(chunk * rate)), round(context * rate)
    return Plan(rate=SAMPLE_RATE, stride=stride, field=field, chunk=chunk, context=context)

"""HuBERT and wav2vec 2.0 as audio encoders."""

from __future__ import annotations

import hashlib
import os
from typing import Any

import numpy as np
import torch
from pydantic import ValidationError
from transformers import HubertModel, Wav2Vec2Model

from sdk.data import FloatArray
from sdk.encoding import StreamingEncoder
from sdk.errors import ConfigError
from talkstyle_transformers.checkpoint import CheckpointConfig, find, load_model
from talkstyle_transformers.windows import Plan, WindowStream


class CheckpointEncoder(StreamingEncoder):
    """A layer's features of a network that was trained to understand speech, at exactly 60 Hz.

    The network looks both ways: a frame depends on up to ``chunk + context`` seconds after it, which ``lookahead``
    states. With ``chunk`` and ``context`` of half a second, it follows a live sound a second late.

    Args:
        model: A folder, or a repository on the Hub; None for the folder of the encoder's name in TALKSTYLE_MODELS.
        **options: The other fields of ``CheckpointConfig``.

    Raises:
        ModelFileMissing: The checkpoint is missing or damaged.
        ConfigError: It is of another kind or sample rate, or has no such layer, or there is no such option.
    """

    name: str = ""
    version = "1"
    sample_rate = 16_000
    _kind: type[Any]

    def __init__(self, model: str | os.PathLike[str] | None = None, **options: Any) -> None:
        try:
            config = CheckpointConfig(model=None if model is None else os.fspath(model), **options)
        except ValidationError as error:
            first = error.errors()[0]
            raise ConfigError(f"{first['loc'][0]}: {first['msg']}", where=type(self).__name__) from error
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
        self._plan = self._windows(config.chunk, config.context)
        self.lookahead = self._plan.lookahead

    def fingerprint(self) -> str:
        """The sha256 (hex) of the checkpoint's files and of all that decides its features."""
        plan = self._plan
        said = f"{self.name} {self.version} {self._checkpoint.sha256} {self._layer} {plan.chunk} {plan.context}"
        return hashlib.sha256(f"{said} {self._checkpoint.normalised}".encode()).hexdigest()

    def stream(self) -> WindowStream:
        """Begin a sound that arrives piece by piece."""
        return WindowStream(self._plan, self._encode_window, self.width)

    def _windows(self, chunk: float, context: float) -> Plan:
        """Windows for the stride and the receptive field of the network's first convolutions."""
        stride, field = 1, 1
        convolutions = self._network.config
        for kernel, step in zip(convolutions.conv_kernel, convolutions.conv_stride, strict=True):
            field += (kernel - 1) * stride
            stride *= step
        rate = self.sample_rate / stride
        return Plan(
            rate=self.sample_rate,
            stride=stride,
            field=field,
            chunk=max(1, round(chunk * rate)),
            context=round(context * rate),
        )

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

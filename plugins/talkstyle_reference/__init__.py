"""The method's own parts: audio encoder, motion generators, style transfer net, and how their weights were made.

This module holds only the hook; importing it imports no torch and no librosa.
"""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from sdk.registry import Component

__all__ = ["talkstyle_components"]

_hookimpl = pluggy.HookimplMarker("talkstyle")
_LICENSE = "Apache-2.0"


@_hookimpl
def talkstyle_components() -> Iterable[Component]:
    """The components of this distribution."""
    return (
        Component(
            "audio-encoder",
            "mel",
            "talkstyle_reference.encoder:MelEncoder",
            "80 log-mel bands at exactly 120 Hz, normalised as they arrive, paired to 60 Hz",
            requires=("librosa>=0.11",),
            license=_LICENSE,
        ),
        Component(
            "audio-encoder",
            "apc",
            "talkstyle_reference.encoder_apc:ApcEncoder",
            "The paper's: predictive coding of the bands by 3 GRUs of 512, projected onto the corpus's features",
            requires=("librosa>=0.11", "torch>=2.5"),
            license=_LICENSE,
        ),
        Component(
            "motion-generator",
            "tcn",
            "talkstyle_reference.generator_tcn:TcnGenerator",
            "Small causal convolutional net, 1.0 M parameters, 300 ms look-ahead",
            requires=("torch>=2.5",),
            license=_LICENSE,
        ),
        Component(
            "motion-generator",
            "tcn-apc",
            "talkstyle_reference.generator_tcn:TcnApcGenerator",
            "The small convolutional net on the features of apc, 1.1 M parameters, 300 ms look-ahead",
            requires=("torch>=2.5",),
            license=_LICENSE,
        ),
        Component(
            "motion-generator",
            "lstm",
            "talkstyle_reference.generator_lstm:LstmGenerator",
            "The paper's 3-layer LSTM of 256 with its MLPs, 300 ms look-ahead",
            requires=("torch>=2.5",),
            license=_LICENSE,
        ),
        Component(
            "style-transfer-net",
            "mlp",
            "talkstyle_reference.net:MlpTransferNet",
            "The paper's f: 1024, 512, 256 for each frame",
            requires=("torch>=2.5",),
            license=_LICENSE,
        ),
        Component(
            "style-transfer-net",
            "mlp-pretrained",
            "talkstyle_reference.net:PretrainedTransferNet",
            "The same, pre-trained to tell the corpus's styles apart; for --recipe frozen-f",
            requires=("torch>=2.5",),
            license=_LICENSE,
        ),
    )

"""The method's own encoders, generators and style transfer nets. Importing this module imports no torch."""

from __future__ import annotations

from collections.abc import Iterable

from sdk.registry import Component, hookimpl

_ENCODER, _GENERATOR, _NET = "audio-encoder", "motion-generator", "style-transfer-net"
_TORCH = "torch>=2.5"

_COMPONENTS = {
    (_ENCODER, "mel", "mel:MelEncoder"): (
        "80 log-mel bands at exactly 120 Hz, normalised as they arrive, paired to 60 Hz"
    ),
    (_ENCODER, "apc", "apc:ApcEncoder", _TORCH): (
        "The paper's: predictive coding of the bands by 3 GRUs of 512, projected onto the corpus's features"
    ),
    (_GENERATOR, "tcn", "generators:TcnGenerator", _TORCH): (
        "Small causal convolutional net, 1.0 M parameters, 300 ms look-ahead"
    ),
    (_GENERATOR, "tcn-live", "generators:TcnLiveGenerator", _TORCH): (
        "The small convolutional net with a look-ahead of 100 ms, for live sound"
    ),
    (_GENERATOR, "tcn-apc", "generators:TcnApcGenerator", _TORCH): (
        "The small convolutional net on the features of apc, 1.1 M parameters, 300 ms look-ahead"
    ),
    (_GENERATOR, "lstm", "generators:LstmGenerator", _TORCH): (
        "The paper's 3-layer LSTM of 256 with its MLPs, 300 ms look-ahead"
    ),
    (_NET, "mlp", "transfer_net:MlpTransferNet", _TORCH): "The paper's f: 1024, 512, 256 for each frame",
    (_NET, "mlp-pretrained", "transfer_net:PretrainedTransferNet", _TORCH): (
        "The same, pre-trained to tell the corpus's styles apart; for --recipe frozen-f"
    ),
}


@hookimpl
def talkstyle_components() -> Iterable[Component]:
    """List the components."""
    return [
        Component(kind, name, f"talkstyle_reference.{target}", summary, tuple(requires), license="Apache-2.0")
        for (kind, name, target, *requires), summary in _COMPONENTS.items()
    ]

"""HuBERT and wav2vec 2.0 as audio encoders, by transformers. Importing this module imports neither it nor torch."""

from __future__ import annotations

from collections.abc import Iterable

from sdk.registry import Component, hookimpl


@hookimpl
def talkstyle_components() -> Iterable[Component]:
    """List both encoders."""
    return [
        Component(
            kind="audio-encoder",
            name=name,
            target=f"talkstyle_transformers.encoder:{target}",
            summary=f"{title} features of any checkpoint, resampled from 50 to 60 Hz; 5 s of look-ahead by default.",
            requires=("transformers>=5.20", "torch>=2.5"),
            config="talkstyle_transformers.checkpoint:CheckpointConfig",
            license="Apache-2.0; weights as their checkpoint says",
        )
        for name, target, title in (
            ("hubert", "HubertEncoder", "HuBERT"),
            ("wav2vec2", "Wav2Vec2Encoder", "wav2vec 2.0"),
        )
    ]

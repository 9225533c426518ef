"""What a style does to a silent face."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from sdk.data import Audio, FloatArray
from sdk.generation import generate
from sdk.interfaces import AudioEncoder
from sdk.packs import StylePack, styled


def added_at_rest(
    style: StylePack, generator: Any, encoder: AudioEncoder, *, seconds: float = 3.0, device: torch.device | None = None
) -> FloatArray:
    """What a style adds to the expression in digital silence, float32 ``[68, 3]``, face-frame units.

    A habit such as a smile belongs there; the proportions of the person that it was learned from do not.
    ``sdk.metrics.identity_leak`` tells them apart.

    Args:
        style: The style.
        generator: The base that it was made for.
        encoder: The base's.
        seconds: Of silence; the mean over its second half counts.
        device: Where the generator is; the CPU by default.
    """
    place = device or torch.device("cpu")
    features = encoder.encode(Audio(np.zeros(round(seconds * encoder.sample_rate), np.float32), encoder.sample_rate))
    plain = generate(styled(generator), features, device=place)
    moved = generate(styled(generator, style), features, device=place)
    added = (moved.expression - plain.expression)[len(plain) // 2 :]
    return np.asarray(added.mean(0), dtype=np.float32)

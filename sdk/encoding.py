"""Audio encoders whose whole sounds go through their own streams."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from sdk.data import Audio, FloatArray
from sdk.errors import InputError
from sdk.interfaces import FeatureStream

__all__ = ["StreamingEncoder"]

BLOCK_SECONDS = 60
"""Seconds given to the stream at once, which bounds the memory that a long sound takes."""


class StreamingEncoder(ABC):
    """The ``encode`` of an audio encoder, by its ``stream``."""

    sample_rate: int

    @abstractmethod
    def stream(self) -> FeatureStream:
        """Begin a sound that arrives piece by piece."""

    def encode(self, audio: Audio) -> FloatArray:
        """Encode a whole sound: float32 ``[T, D]``, T = ceil(60 * duration).

        Raises:
            InputError: Its rate is not ``sample_rate``.
        """
        if audio.rate != self.sample_rate:
            raise InputError(
                f"this encoder takes sound at {self.sample_rate} Hz, not {audio.rate} Hz",
                where=f"{type(self).__name__}.encode",
                hint="Resample it first.",
            )
        stream, size = self.stream(), BLOCK_SECONDS * self.sample_rate
        blocks = (audio.samples[at : at + size] for at in range(0, len(audio.samples), size))
        return np.concatenate([*map(stream.push, blocks), stream.finish()])

"""A sound track that grows with the pictures and ends with them."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final, NamedTuple

import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from numpy.typing import NDArray

from sdk.data import FloatArray
from sdk.media.audio import AudioReader
from sdk.media.resampling import audio_frame

RATE: Final = 48000
"""Samples a second of every track."""

BITEXACT: Final = 1 << 23
"""The codec flag that keeps version strings out of the stream."""


class _Codec(NamedTuple):
    sample_format: str
    frame_samples: int
    """What the encoder takes at once; only the last time fewer."""
    bit_rate: int | None


CODECS: Final = {
    "aac": _Codec("fltp", 1024, 128_000),
    "libopus": _Codec("flt", 960, 96_000),
    "pcm_s16le": _Codec("s16", 1024, None),
}


class AudioWriter:
    """One mono track, encoded as far as the pictures, of ``rate`` frames a second, have come."""

    def __init__(self, container: OutputContainer, codec: str, audio: AudioReader, *, rate: Fraction) -> None:
        self._container = container
        self._codec = CODECS[codec]
        self._chunks = iter(audio.at(RATE))
        self._waiting: FloatArray = np.zeros(0, np.float32)
        self._written = 0
        self._frame_rate = rate
        self._stream: AudioStream = container.add_stream(codec, rate=RATE)  # type: ignore[assignment]
        context = self._stream.codec_context
        context.layout = "mono"
        context.format = self._codec.sample_format
        if self._codec.bit_rate is not None:
            context.bit_rate = self._codec.bit_rate
        context.flags |= BITEXACT

    def encode_until(self, frame: int) -> None:
        """Encode the sound before a frame of the pictures, in whole frames of the encoder."""
        end = round(frame / self._frame_rate * RATE)
        while self._written + self._codec.frame_samples <= end:
            self._encode(self._codec.frame_samples)

    def finish(self, frames: int) -> None:
        """Encode up to the end of that many frames of the pictures."""
        self.encode_until(frames)
        missing = round(frames / self._frame_rate * RATE) - self._written
        if missing > 0:
            self._encode(missing)
        self._container.mux(self._stream.encode(None))

    def _encode(self, count: int) -> None:
        while len(self._waiting) < count:
            silence = np.zeros(count - len(self._waiting), np.float32)
            self._waiting = np.concatenate([self._waiting, next(self._chunks, silence)])
        samples: NDArray[Any] = self._waiting[:count]
        self._waiting = self._waiting[count:]
        if self._codec.sample_format == "s16":
            samples = np.round(samples * 32767).astype(np.int16)
        frame = audio_frame(samples, self._codec.sample_format, rate=RATE, position=self._written)
        self._container.mux(self._stream.encode(frame))
        self._written += count

"""A sound track that grows with the pictures and ends with them."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer

from sdk.data import FloatArray
from sdk.media.audio import AudioReader

RATE: Final = 48000
"""Samples a second of every track."""

FRAMES: Final = {"aac": 1024, "libopus": 960, "pcm_s16le": 1024}
"""Samples that an encoder takes at once; only the last time fewer."""

BIT_RATES: Final = {"aac": 128_000, "libopus": 96_000}

BITEXACT: Final = 1 << 23
"""The flag that keeps version strings out of the stream."""


class SoundWriter:
    """One mono track, encoded as far as the pictures have come.

    Args:
        container: The file.
        codec: ``aac``, ``libopus`` or ``pcm_s16le``.
        audio: The sound, from its beginning.
        rate: Frames a second of the pictures.
    """

    def __init__(self, container: OutputContainer, codec: str, audio: AudioReader, *, rate: Fraction) -> None:
        self._container = container
        self._chunks: Iterator[FloatArray] = iter(audio.at(RATE))
        self._rest: FloatArray = np.zeros(0, np.float32)
        self._done = 0
        self._frames = rate
        self._size = FRAMES[codec]
        self._stream: AudioStream = container.add_stream(codec, rate=RATE)  # type: ignore[assignment]
        context = self._stream.codec_context
        context.layout = "mono"
        context.format = {"aac": "fltp", "libopus": "flt", "pcm_s16le": "s16"}[codec]
        if codec in BIT_RATES:
            context.bit_rate = BIT_RATES[codec]
        context.flags |= BITEXACT
        self._integers = codec == "pcm_s16le"

    def encode_until(self, frame: int) -> None:
        """Encode what sounds before a frame of the pictures, but for less than an encoder's frame."""
        until = round(frame / self._frames * RATE)
        while self._done + self._size <= until:
            self._encode(self._size)

    def finish(self, frames: int) -> None:
        """Encode up to the end of that many frames of the pictures."""
        self.encode_until(frames)
        missing = round(frames / self._frames * RATE) - self._done
        if missing > 0:
            self._encode(missing)
        self._container.mux(self._stream.encode(None))

    def _encode(self, count: int) -> None:
        while len(self._rest) < count:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._rest = np.pad(self._rest, (0, count - len(self._rest)))
            else:
                self._rest = np.concatenate([self._rest, chunk])
        samples, self._rest = self._rest[None, :count], self._rest[count:]
        if self._integers:
            data = np.round(samples * 32767).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(data, format="s16", layout="mono")
        else:
            data = np.ascontiguousarray(samples)
            frame = av.AudioFrame.from_ndarray(data, format=self._stream.codec_context.format.name, layout="mono")
        frame.sample_rate = RATE
        frame.pts = self._done
        frame.time_base = Fraction(1, RATE)
        self._container.mux(self._stream.encode(frame))
        self._done += count

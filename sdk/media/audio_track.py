"""The sound track of a file, decoded without gaps."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, BinaryIO, Final

import numpy as np
from av import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from sdk.data import FloatArray
from sdk.errors import MediaCorrupt, MediaTrackMissing, NotFiniteError
from sdk.media.container import Track, choose, format_names, open_container
from sdk.media.source import Source

MIN_GAP_SECONDS: Final = Fraction(15, 1000)
"""How far timestamps may stray from the count of samples before it is a gap: above the rounding of containers that keep
milliseconds, below one lost frame of AAC or MP3."""

MAX_GAP_SECONDS: Final = 600
"""The longest silence that a timestamp may ask for; beyond it the file is damaged, or meant to fill the disk."""

GAPLESS_FORMATS: Final = {"flac", "ogg"}
"""Containers whose timestamps only count samples: a gap in them is a piece with a wrong checksum."""

MAX_MISSING_SECONDS: Final = Fraction(1, 10)
"""How long before its stated end a track may end; beyond it the file is cut off."""


class AudioTrack(Track):
    """The first sound track of a file: its ``rate``, and its ``channels`` by name, such as ``FL`` and ``FR``.

    ``warnings`` say which track it is where there are several.
    """

    _stops = "sound stops"

    def __init__(self, source: Source) -> None:
        with open_container(source) as container:
            stream, self.warnings = _audio_stream(container, source)
            super().__init__(source, container, stream)
            self.rate = stream.codec_context.sample_rate
            self.channels = tuple(channel.name for channel in stream.codec_context.layout.channels)
            formats = format_names(container)
        self._gapless = bool(formats & GAPLESS_FORMATS)
        with source.open() as file:
            if "mp3" in formats and not _mp3_states_length(file):
                self._stated_end = None
            self._cut = "ogg" in formats and _ogg_is_cut(file)
        if self.rate <= 0:
            raise MediaCorrupt("the sound track states no sample rate", where=self.name)

    def blocks(self) -> Iterator[FloatArray]:
        """Decode from time zero, float32 ``[C, n]``; a late beginning and gaps are filled with silence."""
        position = 0  # samples from time zero to the end of the last block
        begin = 0  # where the stream begins whose timestamps these are; several may be chained

        def reached() -> Fraction:
            return Fraction(position, self.rate)

        with open_container(self._source) as container:
            stream, _ = _audio_stream(container, self._source)
            for frame in self._decode(container, stream, reached):
                block, time = self._block(frame, position), self._time(frame)
                jump = 0 if time is None else round(time * self.rate) + begin - position
                if self._gapless and position and jump < -MIN_GAP_SECONDS * self.rate:
                    begin, jump = begin - jump, 0
                is_gap = abs(jump) > MIN_GAP_SECONDS * self.rate
                if self._gapless and position and (frame.pts is None or (is_gap and jump > 0)):
                    raise self._damaged("the file is damaged; a piece of its sound is missing at", reached())
                if position == 0 or is_gap:
                    if jump > MAX_GAP_SECONDS * self.rate:
                        raise self._damaged(f"the timestamps jump {jump / self.rate:.0f} seconds ahead at", reached())
                    block = block[:, max(0, -jump) :]
                    for start in range(0, jump, self.rate):
                        silence = np.zeros((len(self.channels), min(jump - start, self.rate)), np.float32)
                        position += silence.shape[1]
                        yield silence
                if block.shape[1]:
                    position += block.shape[1]
                    yield block
        if position == 0:
            raise MediaCorrupt("the sound track is empty", where=self.name, hint="Export or record it again.")
        if self._cut:
            raise self._damaged("the file is cut off; its sound stops at", reached())
        self._check_end(reached(), reached(), tolerance=MAX_MISSING_SECONDS)

    def _block(self, frame: AudioFrame, position: int) -> FloatArray:
        channels = len(frame.layout.channels)
        if frame.sample_rate != self.rate or channels != len(self.channels):
            raise self._damaged("the sound changes its sample rate or channels at", Fraction(position, self.rate))
        values = frame.to_ndarray()
        if not frame.format.is_planar:
            values = values.reshape(-1, channels).T
        block = to_float(values)
        check_finite(block, position, self.rate, file=self.name)
        return block


def to_float(values: NDArray[Any]) -> FloatArray:
    """Scale integer samples of any width to [-1, 1); leave floats as they are."""
    if values.dtype.kind == "u":
        half = (np.iinfo(values.dtype).max + 1) // 2
        return ((values.astype(np.float32) - half) / half).astype(np.float32)
    if values.dtype.kind == "i":
        return (values / -float(np.iinfo(values.dtype).min)).astype(np.float32)
    return values.astype(np.float32)


def check_finite(block: FloatArray, position: int, rate: int, *, file: str | None = None) -> None:
    """Check a block ``[C, n]`` that begins at a sample ``position``; the error names the file, or else the sample."""
    if not np.isfinite(block).all():
        channel, at = min(np.argwhere(~np.isfinite(block)).tolist(), key=lambda place: place[1])
        raise NotFiniteError(
            f"the sound holds {block[channel, at]} at second {(position + at) / rate:.3f}",
            where=file or f"sample {position + at}",
            hint=file and "Export it again, as 16 bit for instance.",
        )


def _audio_stream(container: InputContainer, source: Source) -> tuple[AudioStream, list[str]]:
    streams = container.streams.audio
    if not streams:
        hint = "Give the sound as a file of its own with audio=."
        raise MediaTrackMissing("there is no sound track", where=source.name, hint=hint)
    return choose(streams, source, what="sound", hint="Convert it to wav.")


def _mp3_states_length(file: BinaryIO) -> bool:
    """Whether an MP3 file begins with a header frame that counts its frames; otherwise its length is a guess."""
    head = file.read(10)
    if head[:3] == b"ID3":
        size = (head[6] & 127) << 21 | (head[7] & 127) << 14 | (head[8] & 127) << 7 | head[9] & 127
        file.seek(10 + size)
    head = file.read(4096)
    return any(mark in head for mark in (b"Xing", b"Info", b"VBRI"))


def _ogg_is_cut(file: BinaryIO) -> bool:
    """Whether an Ogg file ends inside a page (RFC 3533, section 6)."""
    size = file.seek(0, 2)
    file.seek(max(0, size - 2 * 65307))  # twice the longest page
    tail = file.read()
    at = tail.rfind(b"OggS")
    if at < 0 or at + 27 > len(tail):
        return at >= 0
    lacing = tail[at + 27 : at + 27 + tail[at + 26]]
    return at + 27 + tail[at + 26] + sum(lacing) > len(tail)

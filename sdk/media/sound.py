"""A container's sound track, decoded onto a gapless timeline."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, BinaryIO, Final

import numpy as np
from av import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from numpy.typing import NDArray

from sdk.data import FloatArray
from sdk.errors import MediaCorrupt, MediaTrackMissing, NotFiniteError
from sdk.media.source import Source, open_container, stated_end, time_origin

GAP: Final = Fraction(15, 1000)
"""Seconds by which timestamps may stray from the count of samples before it is a gap: above the rounding of containers
that keep milliseconds, below one lost frame of AAC or MP3."""

UNBROKEN: Final = {"flac", "ogg"}
"""Containers whose timestamps only count samples: a gap in them is a piece that its checksum ruled out."""

LONGEST_GAP: Final = 600
"""Seconds of silence that a timestamp may ask for; beyond it the file is damaged, or meant to fill the disk."""

MISSING: Final = Fraction(1, 10)
"""Seconds that a track may end before its header says; beyond it the file is cut off."""


class SoundTrack:
    """The first sound track of a file.

    Attributes:
        name: The file's name, for errors.
        rate: Samples a second.
        channels: The channels' names, such as ``FL`` and ``FR``.
        duration: Seconds as the container states them, or None.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.name = source.name
        with open_container(source) as container:
            stream = _sound(container, source)
            context = stream.codec_context
            self.rate = context.sample_rate
            self.channels = tuple(channel.name for channel in context.layout.channels)
            self._origin = time_origin(container)
            self._stated = stated_end(container, stream, self._origin)
            self.duration = self._stated
            if self.duration is None and container.duration is not None:
                self.duration = Fraction(container.duration, 1_000_000)
            formats = set(container.format.name.split(","))
            self._unbroken = bool(formats & UNBROKEN)
        with source.open() as file:
            if "mp3" in formats and not _mp3_states_length(file):
                self._stated = None
            self._cut = "ogg" in formats and _ogg_is_cut(file)
        if self.rate <= 0:
            raise MediaCorrupt("the sound track states no sample rate", where=self.name)

    def blocks(self) -> Iterator[FloatArray]:
        """Decode from the beginning.

        Yields:
            float32 ``[C, n]``, without a gap from time zero on: late beginnings and gaps are silence.

        Raises:
            MediaCorrupt: Damaged or cut off, naming the second.
            NotFiniteError: A sample is NaN or infinite, naming the second.
        """
        position = 0  # samples from time zero to the end of the last block
        with open_container(self._source) as container:
            stream = _sound(container, self._source)
            frames = self._frames(container, stream)
            while True:
                try:
                    frame = next(frames, None)
                except (FFmpegError, ValueError) as error:
                    raise self._broken("the file is damaged or cut off; its sound stops at", position) from error
                if frame is None:
                    break
                block, begin = self._block(frame, position), position
                if frame.pts is not None and frame.time_base is not None:
                    begin = round((frame.pts * frame.time_base - self._origin) * self.rate)
                jump = begin - position
                lost = frame.pts is None or jump > GAP * self.rate
                if self._unbroken and position and lost:
                    raise self._broken("the file is damaged; a piece of its sound is missing at", position)
                if position == 0 or abs(jump) > GAP * self.rate:
                    if jump > LONGEST_GAP * self.rate:
                        raise self._broken(f"the timestamps jump {jump / self.rate:.0f} seconds ahead at", position)
                    if jump > 0:
                        position += jump
                        yield from _silence(len(self.channels), jump, self.rate)
                    elif jump < 0:
                        block = block[:, -jump:]
                if block.shape[1]:
                    position += block.shape[1]
                    yield block
        if position == 0:
            raise MediaCorrupt("the sound track is empty", where=self.name, hint="Export or record it again.")
        if self._cut:
            raise self._broken("the file is cut off; its sound stops at", position)
        if self._stated is not None and Fraction(position, self.rate) < self._stated - MISSING:
            raise self._broken(
                f"the file is cut off; of {float(self._stated):.2f} seconds the sound stops at", position
            )

    def _frames(self, container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
        for packet in container.demux(stream):
            if packet.is_corrupt:
                raise ValueError("a corrupt packet")
            yield from packet.decode()

    def _block(self, frame: AudioFrame, position: int) -> FloatArray:
        channels = len(frame.layout.channels)
        if frame.sample_rate != self.rate or channels != len(self.channels):
            raise self._broken("the sound changes its sample rate or channels at", position)
        values = frame.to_ndarray()
        if not frame.format.is_planar:
            values = values.reshape(-1, channels).T
        block = to_float(values)
        if not np.isfinite(block).all():
            channel, at = min(np.argwhere(~np.isfinite(block)).tolist(), key=lambda place: place[1])
            raise NotFiniteError(
                f"the sound holds {block[channel, at]} at second {(position + at) / self.rate:.3f}",
                where=self.name,
                hint="Export it again, as 16 bit for instance.",
            )
        return block

    def _broken(self, what: str, position: int) -> MediaCorrupt:
        return MediaCorrupt(
            f"{what} second {position / self.rate:.2f}",
            where=self.name,
            hint="Download or export it again; if it is all there is, cut it before that second.",
        )


def to_float(values: NDArray[Any]) -> FloatArray:
    """Scale integer samples of any width to [-1, 1); leave floats as they are."""
    if values.dtype.kind == "u":
        half = (np.iinfo(values.dtype).max + 1) // 2
        return ((values.astype(np.float32) - half) / half).astype(np.float32)
    if values.dtype.kind == "i":
        return (values / -float(np.iinfo(values.dtype).min)).astype(np.float32)
    return values.astype(np.float32)


def _silence(channels: int, count: int, rate: int) -> Iterator[FloatArray]:
    while count > 0:
        yield np.zeros((channels, min(count, rate)), np.float32)
        count -= rate


def _sound(container: InputContainer, source: Source) -> AudioStream:
    streams = container.streams.audio
    if not streams:
        raise MediaTrackMissing(
            "there is no sound track", where=source.name, hint="Give the sound as a file of its own with audio=."
        )
    stream = streams[0]
    if stream.codec_context is None:
        raise MediaCorrupt("the sound is damaged, or in an unknown codec", where=source.name, hint="Convert it to wav.")
    return stream


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

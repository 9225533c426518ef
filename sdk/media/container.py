"""Containers of sound and pictures, opened for reading, and what their tracks have in common.

Containers are read through Python file objects and an allowed list of formats, so that no input can name a network
address or another file (as playlists do).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import Any, ClassVar, Final, TypeVar

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from sdk.errors import MediaCorrupt
from sdk.media.lengths import with_lengths
from sdk.media.source import Source

_Stream = TypeVar("_Stream", AudioStream, VideoStream)

FORMATS: Final = (
    "aac,ac3,aiff,amr,asf,au,avi,caf,eac3,flac,flv,gif,matroska,mov,mp3,mpeg,mpegts,ogg,rm,tta,w64,wav,webm,wv"
)
"""Containers that are read. None of them can point at other files."""

ZERO_BASED_FORMATS: Final = {"mov", "matroska", "avi", "wav", "flac"}
"""Containers whose time begins at zero whatever their tracks do; in the others it begins at the earliest timestamp."""

EXACT_LENGTH_FORMATS: Final = {"aiff", "au", "avi", "caf", "flac", "mov", "mp3", "ogg", "tta", "w64", "wav", "wv"}
"""Containers whose header states the length; the others guess it from the bit rate (as MP3 does without a header)."""


@contextmanager
def open_container(source: Source) -> Iterator[InputContainer]:
    """Open a container for reading; ``MediaCorrupt`` where its format is unknown or its header damaged."""
    with with_lengths(source.open()) as file:
        try:
            container = av.open(file, "r", container_options={"format_whitelist": FORMATS}, metadata_errors="replace")
        except (FFmpegError, ValueError, OSError) as error:
            raise MediaCorrupt(
                "the file is damaged, cut off, or in no known format "
                f"(read up to byte {file.tell()} of {file.seek(0, io.SEEK_END)})",
                where=source.name,
                hint="Play it to see whether it is whole; if it is, convert it to wav or mp4.",
            ) from error
        with container:
            yield container


def format_names(container: InputContainer) -> set[str]:
    """The names of a container's format, such as ``mov`` and ``mp4``."""
    return set(container.format.name.split(","))


def stated_duration(container: InputContainer) -> Fraction | None:
    """Seconds as the container's header states them, or None."""
    return None if container.duration is None else Fraction(container.duration, av.time_base)


def choose(streams: Sequence[_Stream], source: Source, *, what: str, hint: str) -> tuple[_Stream, list[str]]:
    """The first stream that can be decoded, and a warning where there are others; ``what`` names their kind."""
    usable = [stream for stream in streams if stream.codec_context is not None]
    if not usable:
        raise MediaCorrupt(f"the {what} is damaged, or in an unknown codec", where=source.name, hint=hint)
    stream = usable[0]
    if len(streams) == 1:
        return stream, []
    language = stream.language
    named = f" ({language})" if language and language.isalpha() and language != "und" else ""
    return stream, [
        f"the file has {len(streams)} {what} tracks; number {streams.index(stream) + 1}{named} was taken; "
        "to use another, save it as a file of its own"
    ]


class Track:
    """One track of a file: its place in time, and decoding that names the second at which the file is damaged."""

    _stops: ClassVar[str]
    """How errors say that the track ends, such as ``"sound stops"``."""

    def __init__(self, source: Source, container: InputContainer, stream: AudioStream | VideoStream) -> None:
        self._source = source
        self.name = source.name
        zero_based = format_names(container) & ZERO_BASED_FORMATS
        self._origin = Fraction(0) if zero_based else Fraction(container.start_time or 0, av.time_base)
        self._stated_end = _stated_end(container, stream, self._origin)
        self.duration = stated_duration(container) if self._stated_end is None else self._stated_end

    def _decode(
        self, container: InputContainer, stream: AudioStream | VideoStream, reached: Callable[[], Fraction]
    ) -> Iterator[Any]:
        """Decode the frames; ``reached`` returns the second up to which they were read, for errors."""
        try:
            for packet in container.demux(stream):
                if packet.is_corrupt:
                    raise ValueError("a corrupt packet")
                yield from packet.decode()
        except (FFmpegError, ValueError) as error:
            raise self._damaged(f"the file is damaged or cut off; its {self._stops} at", reached()) from error

    def _time(self, frame: av.AudioFrame | av.VideoFrame) -> Fraction | None:
        """The second at which a frame begins, or None where it has no timestamp."""
        return None if frame.pts is None or frame.time_base is None else frame.pts * frame.time_base - self._origin

    def _check_end(self, end: Fraction, reached: Fraction, *, tolerance: Fraction) -> None:
        if self._stated_end is not None and end < self._stated_end - tolerance:
            stated = f"{float(self._stated_end):.2f}"
            raise self._damaged(f"the file is cut off; of {stated} seconds the {self._stops} at", reached)

    def _damaged(self, what: str, second: Fraction) -> MediaCorrupt:
        return MediaCorrupt(
            f"{what} second {float(second):.2f}",
            where=self.name,
            hint="Download or export it again; if it is all there is, cut it before that second.",
        )


def _stated_end(container: InputContainer, stream: AudioStream | VideoStream, origin: Fraction) -> Fraction | None:
    """The second at which a track ends, where the container states it rather than guesses it."""
    formats = format_names(container)
    if stream.duration is not None and stream.time_base is not None and formats & EXACT_LENGTH_FORMATS:
        return (stream.duration + (stream.start_time or 0)) * stream.time_base - origin
    parts = stream.metadata.get("DURATION", "").split(":")  # Matroska's own, as 00:01:02.345000000
    if "matroska" in formats and len(parts) == 3:
        with suppress(ValueError):
            return int(parts[0]) * 3600 + int(parts[1]) * 60 + Fraction(parts[2])
    return None

"""Where media comes from: paths, bytes and file objects, opened as often as needed and never trusted.

Containers are read through Python file objects and an allowed list of formats, so that no input can name a network
address or another file (as playlists do).
"""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias, cast

import av
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from sdk.errors import InputError, MediaCorrupt, MediaError, MediaNotFound

MediaInput: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO
"""A path, a file's bytes, or a binary file object (read as a whole, wherever it stands)."""

FORMATS: Final = (
    "aac,ac3,aiff,amr,asf,au,avi,caf,eac3,flac,flv,gif,matroska,mov,mp3,mpeg,mpegts,ogg,rm,tta,w64,wav,webm,wv"
)
"""Containers that are read. None of them can point at other files."""

ZERO_BASED: Final = ("mov", "matroska", "avi", "wav", "flac")
"""Containers whose time begins at zero whatever their tracks do; in the others it begins at the earliest timestamp."""

EXACT_LENGTH: Final = {"aiff", "au", "avi", "caf", "flac", "mov", "mp3", "ogg", "tta", "w64", "wav", "wv"}
"""Containers whose header states the length, where others guess it from the bit rate (as MP3 does without a header)."""


class Source:
    """A file that can be opened many times, by several readers at once.

    Attributes:
        name: What errors call it.
    """

    def __init__(self, name: str, opener: Callable[[], BinaryIO]) -> None:
        self.name = name
        self._opener = opener

    def open(self) -> BinaryIO:
        """Open it for reading, at its beginning.

        Raises:
            MediaNotFound: There is no such file.
            MediaCorrupt: It is empty.
            MediaError: It cannot be read.
        """
        try:
            file = self._opener()
        except FileNotFoundError as error:
            raise MediaNotFound("there is no such file", where=self.name, hint="Check the path.") from error
        except IsADirectoryError as error:
            raise MediaNotFound("this is a folder, not a file", where=self.name, hint="Name a file in it.") from error
        except OSError as error:
            raise MediaError(f"the file cannot be read: {error.strerror}", where=self.name) from error
        if file.seek(0, io.SEEK_END) == 0:
            file.close()
            raise MediaCorrupt("the file is empty (0 bytes)", where=self.name, hint="Export or download it again.")
        file.seek(0)
        return file


class _View(io.RawIOBase):
    """A reader of its own over a file object that others read too."""

    def __init__(self, file: BinaryIO, lock: threading.Lock) -> None:
        self._file, self._lock, self._at = file, lock, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._lock:
            self._file.seek(self._at)
            data = self._file.read(len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            with self._lock:
                offset += self._file.seek(0, io.SEEK_END)
        elif whence == io.SEEK_CUR:
            offset += self._at
        self._at = max(offset, 0)
        return self._at


def as_source(value: MediaInput) -> Source:
    """Take a path, bytes or a binary file object; a file object that cannot seek is copied to a temporary file.

    Raises:
        InputError: It is none of these.
    """
    if isinstance(value, str | os.PathLike):
        path = Path(value)
        return Source(str(path), lambda: _open_path(path))
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
        return Source(f"{len(data)} bytes", lambda: io.BytesIO(data))
    if callable(getattr(value, "read", None)):
        file, copy = value, None
        if not (callable(getattr(file, "seekable", None)) and file.seekable()):
            file = cast("BinaryIO", tempfile.TemporaryFile())  # noqa: SIM115 lives as long as the source
            shutil.copyfileobj(value, file)
            copy = file
        if isinstance(file, io.TextIOBase):
            raise InputError("a file object must be binary", where=str(value), hint='Open it with mode "rb".')
        lock = threading.Lock()
        name = str(getattr(value, "name", "a file object"))
        source = Source(name, lambda: cast("BinaryIO", io.BufferedReader(_View(file, lock))))
        if copy is not None:
            weakref.finalize(source, copy.close)
        return source
    raise InputError(
        f"{type(value).__name__} is not media", hint="Give a path, the bytes of a file, or a binary file object."
    )


def _open_path(path: Path) -> BinaryIO:
    if path.is_dir():  # Windows says "permission denied" here
        raise IsADirectoryError(str(path))
    return path.open("rb")


@contextmanager
def open_container(source: Source) -> Iterator[InputContainer]:
    """Open a container for reading.

    Raises:
        MediaNotFound: There is no such file.
        MediaCorrupt: It is in no known format, or its header is damaged.
    """
    with source.open() as file:
        try:
            container = av.open(file, "r", container_options={"format_whitelist": FORMATS}, metadata_errors="replace")
        except (FFmpegError, ValueError, OSError) as error:
            raise MediaCorrupt(
                f"the file is damaged, cut off, or in no known format (read up to byte {file.tell()} of {_size(file)})",
                where=source.name,
                hint="Play it to see whether it is whole; if it is, convert it to wav or mp4.",
            ) from error
        try:
            yield container
        finally:
            container.close()


def time_origin(container: InputContainer) -> Fraction:
    """The timestamp, in seconds, that counts as time zero for every track of a container."""
    if set(container.format.name.split(",")) & set(ZERO_BASED):
        return Fraction(0)
    return Fraction(container.start_time or 0, av.time_base)


def stated_end(container: InputContainer, stream: AudioStream | VideoStream, origin: Fraction) -> Fraction | None:
    """The second at which a track ends, where the container states it and does not merely guess it."""
    formats = set(container.format.name.split(","))
    if stream.duration is not None and stream.time_base is not None and formats & EXACT_LENGTH:
        return (stream.duration + (stream.start_time or 0)) * stream.time_base - origin
    parts = stream.metadata.get("DURATION", "").split(":")  # Matroska's own, as 00:01:02.345000000
    if "matroska" in formats and len(parts) == 3:
        try:
            return int(parts[0]) * 3600 + int(parts[1]) * 60 + Fraction(parts[2])
        except ValueError:
            return None
    return None


def _size(file: BinaryIO) -> int:
    at = file.tell()
    size = file.seek(0, io.SEEK_END)
    file.seek(at)
    return size

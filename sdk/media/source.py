"""Where media comes from: paths, bytes and file objects, opened as often as needed."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias, cast

from sdk.errors import InputError, MediaCorrupt, MediaError, MediaNotFound
from sdk.places import temporary_folder

MediaInput: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO
"""A path, a file's bytes, or a binary file object (read as a whole, wherever it stands)."""


class Source:
    """A file that can be opened many times, by several readers at once; ``name`` is for errors."""

    def __init__(self, name: str, opener: Callable[[], BinaryIO]) -> None:
        self.name = name
        self._opener = opener

    def open(self) -> BinaryIO:
        """Open it for reading, at its beginning; ``MediaError`` where that fails or it is empty."""
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
    """An independent reader over a shared file object."""

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


def as_source(value: MediaInput | Source) -> Source:
    """Take a path, bytes or a binary file object; a file object that cannot seek is copied to a temporary file."""
    if isinstance(value, Source):
        return value
    if isinstance(value, str | os.PathLike):
        path = Path(value)
        return Source(str(path), lambda: _open_path(path))
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
        return Source(f"{len(data)} bytes", lambda: io.BytesIO(data))
    if callable(getattr(value, "read", None)):
        file = value
        if not (callable(getattr(file, "seekable", None)) and file.seekable()):
            file = cast("BinaryIO", tempfile.TemporaryFile(dir=temporary_folder()))  # noqa: SIM115 lives as long as the source
            shutil.copyfileobj(value, file)
        if isinstance(file, io.TextIOBase):
            raise InputError("a file object must be binary", where=str(value), hint='Open it with mode "rb".')
        lock = threading.Lock()
        name = str(getattr(value, "name", "a file object"))
        source = Source(name, lambda: cast("BinaryIO", io.BufferedReader(_View(file, lock))))
        if file is not value:
            weakref.finalize(source, file.close)
        return source
    hint = "Give a path, the bytes of a file, or a binary file object."
    raise InputError(f"{type(value).__name__} is not media", hint=hint)


def _open_path(path: Path) -> BinaryIO:
    if path.is_dir():  # Windows says "permission denied" here
        raise IsADirectoryError(str(path))
    return path.open("rb")

"""Where media comes from: paths, bytes and file objects, opened as often as needed."""

from __future__ import annotations

import io
import os
import re
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeAlias, cast

from sdk.arguments import read_path, shown
from sdk.errors import InputError, MediaCorrupt, MediaError, MediaNotFound
from sdk.places import temporary_folder

MediaInput: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO | Mapping[str, Any] | tuple[Any, None]
"""A path, a file's bytes, or a binary file object (read as a whole, wherever it stands); also as ``{"path": ...}`` or
``{"bytes": ...}``, or as Gradio gives a video without subtitles, ``(path, None)``."""

ADDRESS: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]+)://|data:[\w/+.-]*[;,]")


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
        except ValueError as error:  # a null character
            raise MediaNotFound(f"this is no path: {error}", where=repr(self.name), hint="Check the path.") from error
        try:
            size = file.seek(0, io.SEEK_END)
            file.seek(0)
        except (OSError, ValueError) as error:  # a file object that was closed meanwhile
            raise MediaError(f"the file cannot be read: {error}", where=self.name, hint="Keep it open.") from error
        if size == 0:
            file.close()
            raise MediaCorrupt("the file is empty (0 bytes)", where=self.name, hint="Export or download it again.")
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


def as_source(value: MediaInput | Source, *, what: str = "media") -> Source:
    """Take a file in any form of ``MediaInput``; a file object that cannot seek is copied to a temporary file.

    Raises:
        InputError: It is in none, and ``what`` was meant; an address; or a file object that is closed or not binary.
        MediaError: A file object cannot be read.
    """
    if isinstance(value, Source):
        return value
    given: Any = value
    if isinstance(value, tuple) and len(value) == 2 and value[1] is None:
        value = value[0]
    if isinstance(value, Mapping):
        found = next((value[key] for key in ("bytes", "path") if value.get(key) is not None), None)
        value = cast("MediaInput", None if isinstance(found, Mapping) else found)
    if isinstance(value, str | os.PathLike):
        return _at_path(value)
    if isinstance(value, bytes | bytearray | memoryview):
        data = bytes(value)
        return Source(f"{len(data)} bytes", lambda: io.BytesIO(data))
    if callable(getattr(value, "read", None)):
        return _of_file(value)
    hint = "Give a path, the bytes of a file, or a file object that was opened for reading in binary mode."
    raise InputError(f"{shown(given)} is not {what}", where=type(given).__name__, hint=hint)


def _at_path(value: str | os.PathLike[str]) -> Source:
    address = ADDRESS.match(value) if isinstance(value, str) else None
    if address is not None:
        hint = "Download it first, and give the file or its bytes."
        if address["scheme"] == "file":
            hint = "Give its path, without file://."
        raise InputError("an address is not read from", where=shown(value), hint=hint)
    path = read_path(value, error=InputError)
    return Source(str(path), lambda: _open_path(path))


def _of_file(value: Any) -> Source:
    name = str(getattr(value, "name", "a file object"))
    hint = 'Open it with mode "rb", and keep it open.'
    file = value
    try:
        start = value.read(0)
        if not isinstance(start, bytes):
            if callable(getattr(start, "close", None)):
                start.close()  # a coroutine, of an asynchronous file
                hint = "Give the file below it, or the bytes that it gives."
            raise InputError("a file object must be binary and give its bytes at once", where=name, hint=hint)
        if not (callable(getattr(value, "seekable", None)) and value.seekable()):
            file = tempfile.TemporaryFile(dir=temporary_folder())  # noqa: SIM115 lives as long as the source
            shutil.copyfileobj(value, file)
    except InputError:
        raise
    except Exception as error:  # whatever somebody else's file raises
        raise MediaError(f"the file object cannot be read: {error}", where=name, hint=hint) from error
    lock = threading.Lock()
    source = Source(name, lambda: cast("BinaryIO", io.BufferedReader(_View(file, lock))))
    if file is not value:
        weakref.finalize(source, file.close)
    return source


def _open_path(path: Path) -> BinaryIO:
    if path.is_dir():  # Windows says "permission denied" here
        raise IsADirectoryError(str(path))
    return path.open("rb")

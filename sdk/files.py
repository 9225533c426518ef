"""Files and folders that readers see complete or not at all.

What is not whole yet stands in a hidden folder beside its place, ``.talkstyle-*``, with a lock that its process holds:
what a process that was killed has left is known by its free lock, and is removed at the next save beside it.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import stat
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from sdk.arguments import read_path
from sdk.errors import ConfigError, OutputError

__all__ = ["atomic_file", "atomic_folder", "check_apart", "check_file", "check_folder", "make_folder"]

PREFIX: Final = ".talkstyle-"
LOCK: Final = "lock"
NEW: Final = "new"
OLD: Final = "old"
"""What stands in a folder of unfinished work; the folder ``old`` holds what is being replaced, under its own name."""

UNTOUCHED_SECONDS: Final = 3600.0
"""After so long without a change, unfinished work of another machine is taken for dead if its lock is free: some
network file systems show locks to the machine alone that holds them."""

ROOM_BYTES: Final = 1 << 16
"""Written and removed before the work begins: a disk without as much has no room for its result."""


@contextmanager
def _output_errors(what: str, target: Path, *, hint: str | None = None) -> Iterator[None]:
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"{what}: {error.strerror or error}", where=str(target), hint=hint) from error
    except ValueError as error:  # a null character
        raise OutputError(f"{what}: {error}", where=repr(str(target)), hint="Choose another name.") from error


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Create a folder and its parents if they are missing, and check that files can be made in it.

    Raises:
        OutputError: It cannot be created, or not written to.
    """
    folder = read_path(path)
    with _output_errors("the folder cannot be made", folder, hint="Choose another one."):
        folder.mkdir(parents=True, exist_ok=True)
    with _workplace(folder, folder):
        pass
    return folder


def check_file(path: str | os.PathLike[str]) -> None:
    """Raise at once the ``OutputError`` with which ``atomic_file`` would begin; nothing is changed."""
    target = _file(path)
    with _workplace(target.parent, target):
        pass


def check_folder(path: str | os.PathLike[str]) -> None:
    """Raise at once the ``OutputError`` with which ``atomic_folder`` would begin; nothing is changed."""
    target = _folder(path)
    there = target.absolute().parent
    while not there.exists():
        there = there.parent
    with _workplace(there, target):
        pass


def check_apart(output: str | os.PathLike[str], inputs: Iterable[object]) -> None:
    """Check that a result does not replace one of the files that it is made from; what is no path is passed over.

    Raises:
        ConfigError: It would.
    """
    if any(_is_same(output, given) for given in inputs if isinstance(given, str | os.PathLike)):
        what = "the output is also an input, and would replace it"
        raise ConfigError(what, where=os.fspath(output), hint="Choose another name.")


def _is_same(one: str | os.PathLike[str], other: str | os.PathLike[str]) -> bool:
    try:
        return read_path(one).samefile(read_path(other))
    except (OSError, ValueError):  # one of them is not there
        return False


@contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Write a file under a temporary name, and move it to its place if the block succeeds.

    Yields:
        The temporary path, with the target's suffix. After an error it is removed, and the old file stays as it was.

    Raises:
        OutputError: The folder is missing, not writable or full, something else than a file is there, or the move
            failed.
    """
    target = _file(path)
    with _workplace(target.parent, target) as place:
        temporary = place / f"{NEW}{target.suffix}"
        temporary.touch()
        mode = stat.S_IMODE(temporary.stat().st_mode)
        yield temporary
        _flush(temporary)
        temporary.chmod(mode)  # an ordinary file's, whatever the writer made of it
        with _output_errors("cannot move the finished file into place", target):
            temporary.replace(target)


@contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Fill a folder under a temporary name, and move it to its place if the block succeeds.

    An old folder is moved aside first and removed last, so readers see the old or the new one, except for the instant
    between the two moves.

    Raises:
        OutputError: The parent cannot be written to or is full, something that is no folder is there, or a move failed.
    """
    target = _folder(path)
    with _output_errors(f"cannot write into {target.parent}", target):
        target.parent.mkdir(parents=True, exist_ok=True)
    with _workplace(target.parent, target) as place:
        temporary, aside = place / NEW, place / OLD / target.name
        temporary.mkdir()
        aside.parent.mkdir()
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                _flush(file)
        try:
            with _output_errors("cannot move the finished folder into place", target):
                if target.exists():
                    target.replace(aside)
                temporary.replace(target)
        finally:
            _bring_back(place)


def _file(path: str | os.PathLike[str]) -> Path:
    """The path of a file to be written, where nothing but a file may be."""
    target = read_path(path)
    with _output_errors("this cannot be written", target, hint="Choose another name."):
        found = _status(target)
        if found is not None and target.is_dir():
            what = "there is a folder where the file should go"
            raise OutputError(what, where=str(target), hint="Choose a name in it.")
        if found is not None and target.exists() and not target.is_file():
            raise OutputError("this is no ordinary file", where=str(target), hint="Choose another name.")
    return target


def _folder(path: str | os.PathLike[str]) -> Path:
    """The path of a folder to be written, where nothing but a folder may be."""
    target = read_path(path)
    with _output_errors("this cannot be written", target, hint="Choose another name."):
        if _status(target) is not None and not target.is_dir():
            what = "there is a file where the folder should go"
            raise OutputError(what, where=str(target), hint="Choose a new folder.")
    return target


def _status(target: Path) -> os.stat_result | None:
    """What is there, or None; an ``OSError`` if it cannot be replaced or its name cannot be used."""
    try:
        found = target.lstat()
    except (FileNotFoundError, NotADirectoryError):  # which making the temporary folder explains
        return None
    folder = target.parent.stat()
    if folder.st_mode & stat.S_ISVTX and os.getuid() not in (0, found.st_uid, folder.st_uid):  # never so on Windows
        raise PermissionError(0, "in this folder only its owner may replace it")
    return found


@contextmanager
def _workplace(parent: Path, target: Path) -> Iterator[Path]:
    """A hidden folder in ``parent``, locked while the block runs, and removed after it whatever happens."""
    owner = os.getpid()
    sweep(parent)
    hint = "Create the folder first, or choose one that can be written to."
    with _output_errors(f"cannot write into {parent}", target, hint=hint):
        place, lock = locked_folder(parent)
    try:
        with _output_errors(f"there is no room in {parent}", target, hint="Free some, or choose another disk."):
            (place / NEW).write_bytes(bytes(ROOM_BYTES))
            (place / NEW).unlink()
        yield place
    finally:
        if os.getpid() == owner:  # a fork that ends inside the block leaves it to its parent
            lock.release()
            shutil.rmtree(place, ignore_errors=True)


def locked_folder(parent: Path) -> tuple[Path, FileLock]:
    """Make a folder that no other user can look into; it is swept once its lock is free."""
    while True:
        place = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{_machine()}-", dir=parent))
        lock = FileLock(place / LOCK, thread_local=False)
        try:
            lock.acquire(blocking=False)
        except (Timeout, FileNotFoundError):  # another process took it for dead, in the instant before
            continue
        except OSError:  # no locks here; so nobody will sweep it either
            pass
        return place, lock


def sweep(parent: Path) -> None:
    """Remove what dead processes left in a folder; what cannot be removed is no reason not to save."""
    with suppress(OSError), os.scandir(parent) as entries:
        for entry in list(entries):
            if entry.name.startswith(PREFIX) and entry.is_dir(follow_symlinks=False):
                with suppress(OSError):
                    _remove_if_dead(Path(entry.path))


def _remove_if_dead(place: Path) -> None:
    if hasattr(os, "getuid") and place.lstat().st_uid != os.getuid():
        return
    ours = place.name.startswith(f"{PREFIX}{_machine()}-") and (place / LOCK).exists()
    if not ours:
        touched = max(file.lstat().st_mtime for file in (place, *place.rglob("*")))
        if time.time() - touched < UNTOUCHED_SECONDS:
            return
    lock = FileLock(place / LOCK, thread_local=False)
    lock.acquire(blocking=False)  # Timeout is an OSError
    try:
        _bring_back(place)
    finally:
        lock.release()
    shutil.rmtree(place, ignore_errors=True)


def _bring_back(place: Path) -> None:
    """Put a folder that was moved aside back, where nothing has come in its place."""
    for aside in (place / OLD).glob("*"):
        target = place.parent / aside.name
        if not target.exists():
            aside.replace(target)


@cache
def _machine() -> str:
    """This machine in a file's name, which says nothing of it."""
    return hashlib.sha256(platform.node().encode()).hexdigest()[:6]


def _flush(path: Path) -> None:
    """Flush a file to the disk: a power cut after the move must not leave it empty."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())

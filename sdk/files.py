"""Files and folders that readers see complete or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sdk.errors import OutputError

__all__ = ["atomic_file", "atomic_folder", "make_folder"]


@contextmanager
def _output_errors(what: str, target: Path, *, hint: str | None = None) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(f"{what}: {error.strerror or error}", where=str(target), hint=hint) from error


def make_folder(path: str | os.PathLike[str]) -> Path:
    """Create a folder and its parents if they are missing.

    Raises:
        OutputError: It cannot be created.
    """
    folder = Path(path)
    with _output_errors("the folder cannot be made", folder, hint="Choose another one."):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def atomic_file(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Write a file under a temporary name beside its place, and move it there if the block succeeds.

    Yields:
        The temporary path, with the target's suffix. After an error it is removed, and the old file stays as it was.

    Raises:
        OutputError: The folder is missing or not writable, or the move failed.
    """
    target = Path(path)
    hint = "Create the folder first, or choose one that can be written to."
    with _output_errors(f"cannot write into {target.parent}", target, hint=hint):
        handle, name = tempfile.mkstemp(prefix=f".{target.stem[:40]}-", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _flush(temporary)
        # mkstemp gives 0600; a result is an ordinary file.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        with _output_errors("cannot move the finished file into place", target):
            temporary.replace(target)
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Fill a folder under a temporary name beside its place, and move it there if the block succeeds.

    An old folder is moved aside first and removed last, so readers see the old or the new one, except for the instant
    between the two moves.

    Raises:
        OutputError: The parent cannot be written to, something that is no folder is there, or a move failed.
    """
    target = Path(path)
    if target.exists() and not target.is_dir():
        raise OutputError("there is a file where the folder should go", where=str(target), hint="Choose another name.")
    with _output_errors(f"cannot write into {target.parent}", target):
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{target.name[:40]}-", dir=target.parent))
    aside = temporary.with_name(temporary.name + ".old")
    try:
        yield temporary
        for file in temporary.rglob("*"):
            if file.is_file():
                _flush(file)
        temporary.chmod(0o755)
        with _output_errors("cannot move the finished folder into place", target):
            if target.exists():
                target.replace(aside)
            temporary.replace(target)
    finally:
        if aside.exists() and not target.exists():
            aside.replace(target)
        shutil.rmtree(temporary, ignore_errors=True)
        if target.exists():
            shutil.rmtree(aside, ignore_errors=True)


def _flush(path: Path) -> None:
    """Flush a file to the disk: a power cut after the move must not leave it empty."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())

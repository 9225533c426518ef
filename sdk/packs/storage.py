"""The files of a pack's folder, opened as hostile: regular, inside the pack, of bounded size, and each only once."""

from __future__ import annotations

import io
import json
import os
import re
import stat
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

from sdk.errors import OutputError, PackInvalid, StyleNotFound
from sdk.files import check_folder
from sdk.packs.config import CARD, CONFIG, CONFIG_MAX_BYTES, DELTA, FORMAT, GET_AGAIN, PackConfig

PREVIEW_MAX_BYTES: Final = 4 * 1024 * 1024
MAX_PREVIEWS: Final = 8
_PREVIEW: Final = re.compile(r"preview([^\W_]|-)*\.(png|webp|gif)")
_PLAIN: Final = {"loop", "duration", "background", "timestamp", "transparency", "version", "extension", "default_image"}
"""What Pillow reports of a picture's format itself; anything else is text, a camera's notes, or a profile."""

# Never waiting for a pipe, and never following what has become a link since it was looked at.
_FLAGS: Final = os.O_RDONLY | sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
_CLUTTER: Final = {".DS_Store", "Thumbs.db", "desktop.ini"}


@contextmanager
def open_file(path: Path, *, root: Path | None = None, limit: int) -> Iterator[tuple[BinaryIO, int]]:
    """Open a regular file of at most ``limit`` bytes; yields it with its size.

    Links must not lead out of ``root``, which is the file's own folder if left out.

    Raises:
        StyleNotFound: There is no such file.
        PackInvalid: It is not regular, leads out of the root, is too large, or cannot be read.
    """
    where = str(path)
    irregular = PackInvalid("it is not a regular file", where=where, hint=GET_AGAIN)
    try:
        real = path.resolve(strict=True)
        inside = real.is_relative_to((root or path.parent).resolve(strict=True))
        handle = os.open(real, _FLAGS) if inside and real.is_file() else None
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StyleNotFound("there is no such file", where=where) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise PackInvalid(f"it cannot be opened: {error}", where=where, hint="Check its permissions.") from error
    if not inside:
        raise PackInvalid("a link leads out of the pack", where=where, hint="Copy the file itself into the pack.")
    if handle is None:
        raise irregular
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise irregular
        if status.st_size > limit:
            raise PackInvalid(f"it has {status.st_size} bytes, over the limit of {limit}", where=where, hint=GET_AGAIN)
        try:
            yield file, status.st_size
        except OSError as error:
            raise PackInvalid(f"it cannot be read: {error.strerror}", where=where, hint=GET_AGAIN) from error


def read_file(path: Path, *, root: Path | None = None, limit: int) -> bytes:
    """The bytes of a file; arguments and errors as for ``open_file``."""
    with open_file(path, root=root, limit=limit) as (file, size):
        return file.read(size)


def read_config(folder: Path) -> PackConfig:
    """Read and check the ``config.json`` of a folder; errors as for ``StylePack.load``."""
    return PackConfig.parse(read_file(folder / CONFIG, limit=CONFIG_MAX_BYTES), where=str(folder / CONFIG))


def check_target(target: Path) -> None:
    """Raise ``OutputError`` if a pack cannot be saved there, or would replace a folder with anything but a pack."""
    check_folder(target)
    if not target.exists():
        return
    names = {entry.name for entry in target.iterdir()} - _CLUTTER
    foreign = sorted(name for name in names if name not in (CONFIG, DELTA, CARD) and not _PREVIEW.fullmatch(name))
    if names and (foreign or not _holds_pack(target)):
        why = f"it holds {foreign[0]!r}" if foreign else "its config.json is not a pack's"
        what = f"this folder is not a style pack ({why}), and saving would replace it"
        raise OutputError(what, where=str(target), hint="Choose a new folder.")


def _holds_pack(folder: Path) -> bool:
    """Whether the config is a pack's, of whatever version and in whatever state."""
    path = folder / CONFIG
    try:
        if not path.is_file():  # opening a pipe would wait
            return False
        with path.open("rb") as file:
            found = json.loads(file.read(CONFIG_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("format") == FORMAT


def check_preview(name: str, data: bytes) -> None:
    """Check that a preview is a picture, and says nothing of the machine or the people that made it.

    Raises:
        OutputError: The name is no preview's, or the bytes are no such picture, too many, or hold metadata.
    """
    from PIL import Image

    if not _PREVIEW.fullmatch(name):
        raise OutputError(f"{name!r} is not the name of a preview", hint="Use preview*.png, .webp or .gif.")
    if len(data) > PREVIEW_MAX_BYTES:
        what = f"the preview has {len(data)} bytes, over {PREVIEW_MAX_BYTES}"
        raise OutputError(what, where=name, hint="Make it shorter or smaller.")
    form = name.rpartition(".")[2].upper()
    try:
        # Pillow only warns of a picture that unpacks to far too many pixels.
        with warnings.catch_warnings(action="error"), Image.open(io.BytesIO(data), formats=[form]) as picture:
            picture.load()
            told = sorted(picture.info.keys() - _PLAIN)
    except Exception as error:  # decoders raise anything on hostile bytes
        what = f"the preview is not a valid {form} picture: {error}"
        raise OutputError(what, where=name, hint="Make it again.") from error
    if told:
        what = f"the preview holds more than pixels: {', '.join(map(str, told))[:200]}"
        raise OutputError(what, where=name, hint="Save it again without metadata.")


def read_previews(folder: Path) -> dict[str, bytes]:
    """Read the previews of a pack's folder, by name.

    Raises:
        SdkError: One is not a regular file, too large, or fails ``check_preview``.
    """
    names = sorted(entry.name for entry in folder.iterdir() if _PREVIEW.fullmatch(entry.name))
    if len(names) > MAX_PREVIEWS:
        raise OutputError(f"{len(names)} previews", where=str(folder), hint=f"Keep {MAX_PREVIEWS} at most.")
    found = {name: read_file(folder / name, limit=PREVIEW_MAX_BYTES) for name in names}
    for name, data in found.items():
        check_preview(name, data)
    return found

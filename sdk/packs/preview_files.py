"""The pictures next to a pack: few, small, and with nothing in them but pixels."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Final

from sdk.errors import OutputError
from sdk.packs.config import PREVIEW_FORMATS, is_preview
from sdk.packs.storage import read_file

MAX_BYTES: Final = 4 * 1024 * 1024
MAX_PREVIEWS: Final = 8
_PLAIN: Final = {"loop", "duration", "background", "timestamp", "transparency", "version", "extension", "default_image"}
"""What Pillow reports of a picture's format itself; anything else is text, a camera's notes, or a profile."""


def check_preview(name: str, data: bytes) -> None:
    """Check that a preview is a picture, and says nothing of the machine or the people that made it.

    Raises:
        OutputError: The name is no preview's, or the bytes are no such picture, too many, or hold metadata.
    """
    from PIL import Image

    if not is_preview(name):
        raise OutputError(f"{name!r} is no name of a preview", hint="Use preview*.png, .webp or .gif.")
    if len(data) > MAX_BYTES:
        raise OutputError(
            f"the preview has {len(data)} bytes, over {MAX_BYTES}", where=name, hint="Make it shorter or smaller."
        )
    form = PREVIEW_FORMATS[name.rpartition(".")[2]]
    try:
        # Pillow only warns of a picture that unpacks to far too many pixels.
        with warnings.catch_warnings(action="error"), Image.open(io.BytesIO(data), formats=[form]) as picture:
            picture.load()
            told = sorted(picture.info.keys() - _PLAIN)
    except Exception as error:  # decoders raise anything on hostile bytes
        raise OutputError(
            f"the preview is no sound {form} picture: {error}", where=name, hint="Make it again."
        ) from error
    if told:
        raise OutputError(
            f"the preview holds more than pixels: {', '.join(map(str, told))[:200]}",
            where=name,
            hint="Save it again without metadata.",
        )


def read_previews(folder: Path) -> dict[str, bytes]:
    """Read the previews of a pack's folder, by name.

    Raises:
        SdkError: One is no regular file, too large, or fails ``check_preview``.
    """
    names = sorted(entry.name for entry in folder.iterdir() if is_preview(entry.name))
    if len(names) > MAX_PREVIEWS:
        raise OutputError(f"{len(names)} previews", where=str(folder), hint=f"Keep {MAX_PREVIEWS} at most.")
    found = {name: read_file(folder / name, limit=MAX_BYTES) for name in names}
    for name, data in found.items():
        check_preview(name, data)
    return found

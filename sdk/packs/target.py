"""Where a pack may be saved: nothing but an old pack is ever replaced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from sdk.errors import OutputError, PackIncompatible, PackInvalid, StyleNotFound
from sdk.packs.config import CARD, CONFIG, CONFIG_MAX_BYTES, DELTA, FORMAT
from sdk.packs.preview_files import is_preview
from sdk.packs.storage import read_config

__all__ = ["check_target"]

_CLUTTER: Final = {".DS_Store", "Thumbs.db", "desktop.ini"}


def check_target(target: Path) -> None:
    """Refuse to replace a file, or a folder that holds anything but a pack."""
    if not target.exists():
        return
    if not target.is_dir():
        raise OutputError("there is a file where the folder should go", where=str(target), hint="Choose a new folder.")
    names = {entry.name for entry in target.iterdir()} - _CLUTTER
    if not names:
        return
    foreign = sorted(n for n in names if n not in (CONFIG, DELTA, CARD) and not is_preview(n))
    if foreign or not _holds_pack(target):
        what = f"it holds {foreign[0]!r}" if foreign else "its config.json is not a pack's"
        raise OutputError(
            f"this folder is not a style pack ({what}), and saving would replace it",
            where=str(target),
            hint="Choose a new folder.",
        )


def _holds_pack(folder: Path) -> bool:
    """Whether the config is a pack's, of whatever version and in whatever state."""
    try:
        read_config(folder)
    except PackIncompatible:
        return True
    except PackInvalid:
        try:
            with (folder / CONFIG).open("rb") as file:
                found = json.loads(file.read(CONFIG_MAX_BYTES))
            return isinstance(found, dict) and found.get("format") == FORMAT
        except (OSError, ValueError, RecursionError):
            return False
    except StyleNotFound:
        return False
    return True

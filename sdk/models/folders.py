"""Where model files are, and the environment variables that say so."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

MODELS_VARIABLE: Final = "TALKSTYLE_MODELS"
"""Names a folder of model files; it is read, never written."""
CACHE_VARIABLE: Final = "TALKSTYLE_CACHE"
"""Names the folder for downloads, instead of the platform's own for caches."""
MIRROR_VARIABLE: Final = "TALKSTYLE_MODELS_URL"
"""Names the address of a mirror, which serves ``<address>/<file name>``."""


def models_folder() -> Path | None:
    """The folder that TALKSTYLE_MODELS names, or None."""
    folder = os.environ.get(MODELS_VARIABLE)
    return Path(folder).expanduser() if folder else None


def cache_folder() -> Path:
    """The folder for downloads: ``models`` under TALKSTYLE_CACHE, or under the platform's folder for caches."""
    if folder := os.environ.get(CACHE_VARIABLE):
        return Path(folder).expanduser() / "models"
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "talkstyle" / "models"


def mirrored(url: str, name: str) -> str:
    """The address to download from: the mirror's if one is set."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    return f"{mirror.rstrip('/')}/{name}" if mirror else url

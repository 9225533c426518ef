"""Where model files lie, and what the environment says about it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

__all__ = ["CACHE_VARIABLE", "MIRROR_VARIABLE", "MODELS_VARIABLE", "cache_folder", "mirrored", "models_folder"]

MODELS_VARIABLE: Final = "TALKSTYLE_MODELS"
"""Names a folder of model files that somebody put there; it is read, never written."""
CACHE_VARIABLE: Final = "TALKSTYLE_CACHE"
"""Names the folder that downloads are kept under, instead of the platform's own for caches."""
MIRROR_VARIABLE: Final = "TALKSTYLE_MODELS_URL"
"""Names the address of a mirror: files then come from ``<address>/<file name>``."""


def models_folder() -> Path | None:
    """The folder that TALKSTYLE_MODELS names, or None."""
    folder = os.environ.get(MODELS_VARIABLE)
    return Path(folder).expanduser() if folder else None


def cache_folder() -> Path:
    """Where downloads are kept: ``models`` under TALKSTYLE_CACHE, or under the platform's folder for caches."""
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
    """The address to download from: the mirror's where one is set."""
    mirror = os.environ.get(MIRROR_VARIABLE)
    return f"{mirror.rstrip('/')}/{name}" if mirror else url

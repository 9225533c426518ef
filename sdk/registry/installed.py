"""Names and versions of installed distributions, read from the head of their metadata.

``importlib.metadata`` parses the whole file for them, long description and all: with many plugins that takes longer
than everything else that listing them does.
"""

from __future__ import annotations

import re
from importlib import metadata
from typing import Final

__all__ = ["installed_version", "name_and_version"]

_NAME: Final = re.compile(r"^Name: *(\S+)", re.MULTILINE)
_VERSION: Final = re.compile(r"^Version: *(\S+)", re.MULTILINE)


def name_and_version(distribution: metadata.Distribution) -> tuple[str, str]:
    """A distribution's name and version."""
    text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
    name, version = _NAME.search(text), _VERSION.search(text)
    if name is None or version is None:
        return distribution.name or "unknown", distribution.version or ""
    return name[1], version[1]


def installed_version(name: str) -> str | None:
    """The version of an installed distribution, or None."""
    try:
        return name_and_version(metadata.distribution(name))[1]
    except metadata.PackageNotFoundError:
        return None

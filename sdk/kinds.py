"""The kinds of component and their versions. Apart from the Protocols, so that listing plugins loads no NumPy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["API", "KINDS"]

KINDS: Final = ("audio-encoder", "landmark-detector", "motion-generator", "style-transfer-net", "renderer")
"""One for each interface."""

API: Final[Mapping[str, int]] = dict.fromkeys(KINDS, 1)
"""The version of each interface; raised when an implementation of the old one would no longer work."""

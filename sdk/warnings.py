"""What is usable but worth knowing is a warning, and points at the caller's own line."""

from __future__ import annotations

import sys
import warnings
from typing import Final

__all__ = ["TalkstyleWarning", "warn"]

LIBRARY: Final = ("sdk.", "talkstyle_", "contextlib.")
"""Prefixes of the modules between a warning and the caller's line."""


class TalkstyleWarning(UserWarning):
    """Something usable, but worth knowing: a short reference, a blurred clip, a style without gain."""


def warn(message: str) -> None:
    """Issue a ``TalkstyleWarning`` at the line outside the library that led to it."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and f"{frame.f_globals.get('__name__')}.".startswith(LIBRARY):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, TalkstyleWarning, stacklevel=level)

"""Figures without a window or any global state: made, filled by ``sdk.plots.panels``, saved whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sdk.errors import ComponentUnavailable, OutputError
from sdk.files import atomic_file
from sdk.registry import install_line, unmet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SUFFIXES: Final = (".png", ".svg", ".pdf")


def require_extra(extra: str) -> None:
    """Check that one of talkstyle's extras, such as ``"plots"``, is installed; imports nothing.

    Raises:
        ComponentUnavailable: Something is missing; the hint is the command that installs it.
    """
    wanted = f"talkstyle[{extra}]"
    if unmet([wanted]):
        raise ComponentUnavailable(
            f"the extra {extra!r} is not installed", where="talkstyle", hint=f"Run: {install_line([wanted])}"
        )


def figure(width: float = 12.0, height: float = 4.0) -> Figure:
    """Make an empty figure, its size in inches of 100 pixels.

    Raises:
        ComponentUnavailable: matplotlib is not installed.
    """
    require_extra("plots")
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=100, layout="constrained")


def check_path(path: str | os.PathLike[str]) -> None:
    """Check the suffix of a figure's file, before any work is done for it.

    Raises:
        OutputError: The suffix names another format.
    """
    suffix = Path(path).suffix
    if suffix.lower() not in SUFFIXES:
        raise OutputError(
            f"figures are not written as {suffix!r}", where=os.fspath(path), hint=f"Use {', '.join(SUFFIXES)}."
        )


def save(drawn: Figure, path: str | os.PathLike[str]) -> Path:
    """Write a figure, in the format that the suffix names: PNG, SVG or PDF.

    Raises:
        OutputError: It cannot be written there, or not in that format.
    """
    target = Path(path)
    check_path(target)
    with atomic_file(target) as temporary:
        try:
            drawn.savefig(temporary)
        except (OSError, ValueError) as error:
            raise OutputError(f"the picture cannot be written: {error}", where=str(target)) from error
    return target

"""What to send in when the command line meets an error that nobody foresaw: enough to find it, and nothing private."""

from __future__ import annotations

import platform
import re
import traceback
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource

from sdk import defaults
from sdk._version import __version__
from sdk.cli.wording import running, spelling
from sdk.packs import shipped_styles

PACKAGES: Final = ("av", "click", "huggingface-hub", "mediapipe", "numba", "numpy", "pillow", "torch")
FRAMES: Final = 6
"""How many of the traceback's last places are named."""

_PATH: Final = re.compile(r"""(?<![\w/.])(?:~|\.{1,2}|[A-Za-z]:)?[\\/][^\s'"`,;:()]+""")


def describe(error: Exception) -> dict[str, Any]:
    """An unforeseen error as data, without paths, and without what was given to the command's options."""
    return {
        "talkstyle": __version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: version for name in PACKAGES if (version := _version(name)) is not None},
        "command": _command(),
        "error": type(error).__name__,
        "at": [_place(frame) for frame in traceback.extract_tb(error.__traceback__)[-FRAMES:]],
    }


def lines(description: dict[str, Any]) -> list[str]:
    """The same as text."""
    shown = description | {
        "packages": ", ".join(f"{name} {version}" for name, version in description["packages"].items()),
        "at": " > ".join(description["at"]),
    }
    return [f"{name}: {value}" for name, value in shown.items()]


def hint() -> str:
    """What to do with it."""
    try:
        urls = metadata.metadata("talkstyle").get_all("Project-URL") or []
    except metadata.PackageNotFoundError:
        urls = []
    places = {label.strip().lower(): url.strip() for label, _, url in (line.partition(",") for line in urls)}
    known = next((places[label] for label in ("issues", "bug tracker", "tracker") if label in places), None)
    where = "open an issue where you got talkstyle" if known is None else f"open an issue at {known}"
    return (
        f"This is a fault of talkstyle or of a plugin: {where}, with the report, which names no file. "
        "Run it again with --debug for the traceback, which does."
    )


def without_paths(text: str, words: Sequence[str]) -> str:
    """An error's text without paths, and without the command line's own words, which may be files' names."""
    given = [Path(word) for word in words if not word.startswith("-")]
    private = {part for path in given for part in (str(path), path.name, path.stem) if len(part) > 2}
    private |= {str(Path.cwd()), _home()} - {""}
    for word in sorted(private, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", "<...>", text)
    return _PATH.sub("<...>", text)


def _home() -> str:
    try:
        return str(Path.home())
    except RuntimeError:
        return ""


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def _place(frame: traceback.FrameSummary) -> str:
    """Where a frame is, from the package's folder on."""
    path = Path(frame.filename)
    top = path.parent
    while (top / "__init__.py").is_file():
        top = top.parent
    return f"{path.relative_to(top).as_posix()}:{frame.lineno} in {frame.name}"


def _command() -> str:
    """The command and the options that were given; of their values only those that are one of a few, or a number."""
    ctx = running.get()
    if ctx is None:
        return "talkstyle"
    parts = [ctx.command_path]
    for param in ctx.command.params:
        name = param.name or ""
        if ctx.get_parameter_source(name) is not ParameterSource.COMMANDLINE:
            continue
        word = spelling(param)
        parts.append(word)
        if isinstance(param, click.Option) and not param.is_flag:
            parts.append(_shown(param, ctx.params.get(name)))
    return " ".join(parts)


def _shown(param: click.Option, value: Any) -> str:
    harmless = isinstance(param.type, click.Choice) or isinstance(value, int | float) or value in _known()
    return str(value) if harmless else "..."


def _known() -> list[str]:
    """Names that talkstyle itself gives."""
    own = (defaults.DETECTOR, defaults.GENERATOR, defaults.NET, defaults.RENDERER, "auto", "cpu", "cuda", "mps")
    return [*own, *shipped_styles()]

"""Where a style is: a folder, a repository on the Hub, or among those that ship. The form alone tells which."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from sdk.arguments import read_path, shown
from sdk.errors import ConfigError, StyleNotFound
from sdk.packs.config import CONFIG
from sdk.warnings import warn

_HUB: Final = re.compile(
    r"(?P<repo>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(@(?P<revision>[\w./+-]{1,200}))?", re.ASCII
)
_BARE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_LOCAL: Final = re.compile(r"\A(\.{1,2}(/|\Z)|[~/]|[A-Za-z]:)|\\|/\Z")


@dataclass(frozen=True)
class StyleLocation:
    """A style's path, its repository ``org/name`` at a branch, tag or commit, or its bare name.

    ``by_name`` says that it was read from a text that a folder here may be called too.
    """

    kind: Literal["local", "hub", "shipped"]
    name: str
    revision: str | None = None
    by_name: bool = field(default=False, compare=False, repr=False)

    @classmethod
    def parse(cls, text: str | Path | StyleLocation) -> StyleLocation:
        """Read a location by its form, without asking disk or network.

        A ``Path``, or a string with ``./``, ``../``, ``~`` or ``/`` at its start, a trailing slash, a backslash or a
        drive letter is local; ``org/name[@revision]`` or ``hf://org/name`` is the Hub; a bare name is a style that
        ships.

        Raises:
            ConfigError: It is none of these.
        """
        if isinstance(text, StyleLocation):
            return text
        if isinstance(text, os.PathLike):
            return cls("local", str(read_path(text, "style")))
        if not isinstance(text, str):
            hint = "Give a pack, a name such as rap, a folder such as ./mine, org/name on the Hub, or a mix of these."
            raise ConfigError(f"{shown(text)} is not the location of a style", where="style", hint=hint)
        if not text.startswith("hf://") and _LOCAL.search(text):
            return cls("local", text)
        hub = _HUB.fullmatch(text.removeprefix("hf://"))
        if hub is not None:
            return cls("hub", hub["repo"], hub["revision"], by_name=not text.startswith("hf://"))
        if _BARE.fullmatch(text):
            return cls("shipped", text, by_name=True)
        hint = "Write ./folder for a folder, org/name or org/name@revision for the Hub, or the name of one that ships."
        if _exists(text):
            hint = f"{_meant(text)} {hint}"
        raise ConfigError(f"{text[:200]!r} is not the location of a style", hint=hint)

    def folder(self) -> Path:
        """The folder of a local or shipped style.

        Raises:
            StyleNotFound: There is none.
        """
        if self.kind == "shipped":
            shipped = shipped_styles()
            if self.name in shipped:
                return shipped[self.name]
            hint = f"Those that do: {', '.join(shipped) or 'none'}."
            raise self.not_found(f"no style called {self.name!r} ships with talkstyle", hint)
        try:
            path = read_path(self.name)
            if path.is_dir():
                return path
            what, hint = "there is no such folder", "Check the path."
            if path.is_file():
                what, hint = "a style pack is a folder, and this is a file", "If it is an archive, unpack it first."
                if path.name == CONFIG:
                    hint = "Name the folder that it is in."
        except (OSError, ValueError, RuntimeError) as error:
            what, hint = f"this is not a path: {error}", "Check the path."
        raise StyleNotFound(what, where=self.name, hint=hint)

    def not_found(self, what: str, hint: str) -> StyleNotFound:
        """The error for a missing Hub or shipped style."""
        return StyleNotFound(what, where=str(self), hint=self.or_folder(hint))

    def or_folder(self, hint: str) -> str:
        """What to do about a Hub or shipped style that cannot be had: first, name the folder that may be meant."""
        return f"{_meant(self.name)} {hint}" if Path(self.name).is_dir() else hint

    def warn_of_folder(self) -> None:
        """Warn where a folder here holds a pack, and may be meant by the name of this Hub or shipped style."""
        if self.by_name and (Path(self.name) / CONFIG).is_file():
            place = "ships with talkstyle" if self.kind == "shipped" else "is on the Hub"
            warn(f"{str(self)!r} is taken for the style that {place}. {_meant(self.name)}")

    def __str__(self) -> str:
        return self.name if self.revision is None else f"{self.name}@{self.revision}"


def _meant(name: str) -> str:
    return f"If you mean what is here under that name, write ./{name}."


def _exists(text: str) -> bool:
    try:
        return text.strip() != "" and Path(text).exists()
    except (OSError, ValueError):  # no path can be that
        return False


def shipped_styles() -> dict[str, Path]:
    """The styles that ship with the SDK, by name: in a wheel beside the modules, in a checkout under ``styles/``."""
    package = Path(__file__).resolve().parents[1]
    home = package / "_styles"
    if not home.is_dir():
        # Only in a checkout: beside an installed package, a folder of that name would be somebody else's.
        home = package.parent / "styles"
        if not (package.parent / "pyproject.toml").is_file() or not home.is_dir():
            return {}
    return {entry.name: entry for entry in sorted(home.iterdir()) if (entry / "config.json").is_file()}

"""What a style is called by: a folder, a repository on the Hub, or a style that ships. No guessing between them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from sdk.errors import ConfigError, StyleNotFound

__all__ = ["StyleLocation", "shipped_styles"]

_HUB: Final = re.compile(
    r"(?P<repo>[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95})(@(?P<revision>[\w./+-]{1,200}))?", re.ASCII
)
_BARE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_DRIVE: Final = re.compile(r"[A-Za-z]:")


@dataclass(frozen=True)
class StyleLocation:
    """A parsed reference to a style.

    Attributes:
        kind: ``"local"``, ``"hub"`` or ``"shipped"``.
        name: The path, the repository ``org/name``, or the bare name.
        revision: A branch, tag or commit of the repository, where one was given.
    """

    kind: Literal["local", "hub", "shipped"]
    name: str
    revision: str | None = None

    @classmethod
    def parse(cls, ref: str | Path | StyleLocation) -> StyleLocation:
        """Tell what kind of reference it is, by its form alone: neither disk nor network is asked.

        A ``Path``, or a string with ``./``, ``../``, ``~`` or ``/`` at its start, a trailing slash, a backslash or a
        drive letter is local; ``org/name[@revision]`` or ``hf://org/name`` is the Hub; a bare name is a style that
        ships.

        Raises:
            ConfigError: It is none of these.
        """
        if isinstance(ref, StyleLocation):
            return ref
        if isinstance(ref, Path):
            return cls("local", str(ref))
        hub = _HUB.fullmatch(ref.removeprefix("hf://"))
        if ref.startswith("hf://"):
            if hub is None:
                raise _unclear(ref)
            return cls("hub", hub["repo"], hub["revision"])
        local = ref in (".", "..") or ref.startswith(("./", "../", "~", "/")) or ref.endswith("/")
        if local or "\\" in ref or _DRIVE.match(ref):
            return cls("local", ref)
        if hub is not None:
            return cls("hub", hub["repo"], hub["revision"])
        if _BARE.fullmatch(ref):
            return cls("shipped", ref)
        raise _unclear(ref)

    def folder(self) -> Path:
        """Where a local or shipped style lies.

        Raises:
            StyleNotFound: There is none.
        """
        if self.kind == "shipped":
            shipped = shipped_styles()
            if self.name in shipped:
                return shipped[self.name]
            raise self.not_found(
                f"no style called {self.name!r} ships with talkstyle", f"Those that do: {_listed(shipped)}."
            )
        try:
            path = Path(self.name).expanduser()
            if path.is_dir():
                return path
            what = "a style pack is a folder, and this is a file" if path.is_file() else "there is no such folder"
        except (OSError, ValueError, RuntimeError) as error:
            what = f"this is no path: {error}"
        raise StyleNotFound(what, where=self.name, hint="Check the path.")

    def not_found(self, what: str, hint: str) -> StyleNotFound:
        """The error for a Hub or shipped style that is not there; it names the folder that may have been meant."""
        if Path(self.name).is_dir():
            hint = f"If you mean the folder here, write ./{self.name}."
        return StyleNotFound(what, where=str(self), hint=hint)

    def __str__(self) -> str:
        return self.name if self.revision is None else f"{self.name}@{self.revision}"


def _listed(shipped: dict[str, Path]) -> str:
    return ", ".join(shipped) or "none"


def _unclear(ref: str) -> ConfigError:
    return ConfigError(
        f"{ref[:200]!r} is no reference to a style",
        hint="Write ./folder for a folder, org/name or org/name@revision for the Hub, or the name of one that ships.",
    )


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

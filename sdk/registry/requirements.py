"""What is installed, and whether it meets a requirement: read from metadata, without importing anything."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from importlib import metadata
from typing import Final

from sdk.errors import ComponentUnavailable

_NAME: Final = re.compile(r"^Name: *(\S+)", re.MULTILINE)
_VERSION: Final = re.compile(r"^Version: *(\S+)", re.MULTILINE)


def name_and_version(distribution: metadata.Distribution) -> tuple[str, str]:
    """A distribution's name and version, read from the head of its metadata.

    ``importlib.metadata`` parses the whole file for them, long description and all: with many plugins that takes longer
    than the rest of listing them.
    """
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


def is_met(text: str) -> bool:
    """Whether one requirement is installed in a fitting version, its extras included."""
    from packaging.requirements import Requirement

    requirement = Requirement(text)
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    version = installed_version(requirement.name)
    if version is None or not requirement.specifier.contains(version, prereleases=True):
        return False
    return all(_extra_met(requirement.name, extra) for extra in requirement.extras)


def unmet(requires: Iterable[str], *, met: Callable[[str], bool] = is_met) -> tuple[str, ...]:
    """The PEP 508 requirements that are not installed in a fitting version, as they were written."""
    return tuple(text for text in requires if not met(text))


def _extra_met(name: str, extra: str) -> bool:
    """Whether what a distribution requires for one of its extras is installed too."""
    from packaging.requirements import Requirement

    for text in metadata.requires(name) or ():
        requirement = Requirement(text)
        marker, requirement.marker = requirement.marker, None
        # An extra's requirement is one that its marker wants with the extra and not without it.
        if marker is None or marker.evaluate({"extra": ""}) or not marker.evaluate({"extra": extra}):
            continue
        if not is_met(str(requirement)):
            return False
    return True


def install_line(requirements: Iterable[str]) -> str:
    """The command that installs requirements into this environment."""
    quoted = ('"' + text.replace('"', "'") + '"' for text in requirements)
    return "python -m pip install " + " ".join(quoted)


def require_extra(extra: str) -> None:
    """Check that one of talkstyle's extras, such as ``"plots"``, is installed; imports nothing.

    Raises:
        ComponentUnavailable: Something is missing; the hint is the command that installs it.
    """
    wanted = [f"talkstyle[{extra}]"]
    if unmet(wanted):
        hint = f"Run: {install_line(wanted)}"
        raise ComponentUnavailable(f"the extra {extra!r} is not installed", where="talkstyle", hint=hint)

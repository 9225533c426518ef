"""Whether what a component requires is installed, told from metadata without importing it."""

from __future__ import annotations

from collections.abc import Iterable
from importlib import metadata

__all__ = ["install_line", "unmet"]


def unmet(requires: Iterable[str]) -> tuple[str, ...]:
    """Return the requirements (PEP 508) that are not installed in a fitting version, as they were written.

    Raises:
        packaging.requirements.InvalidRequirement: One of them cannot be read.
    """
    return tuple(text for text in requires if not _met(text))


def _met(text: str) -> bool:
    from packaging.requirements import Requirement

    requirement = Requirement(text)
    if requirement.marker is not None and not requirement.marker.evaluate():
        return True
    version = _installed(requirement.name)
    if version is None or not requirement.specifier.contains(version, prereleases=True):
        return False
    return all(_extra_met(requirement.name, extra) for extra in requirement.extras)


def _extra_met(name: str, extra: str) -> bool:
    """Whether what a distribution requires for one of its extras is installed too."""
    from packaging.requirements import Requirement

    for text in metadata.requires(name) or ():
        requirement = Requirement(text)
        marker, requirement.marker = requirement.marker, None
        # An extra's requirement is one that its marker wants with the extra and not without it.
        if marker is None or marker.evaluate({"extra": ""}) or not marker.evaluate({"extra": extra}):
            continue
        if not _met(str(requirement)):
            return False
    return True


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def install_line(requirements: Iterable[str]) -> str:
    """The command that installs requirements into this environment."""
    quoted = ('"' + text.replace('"', "'") + '"' for text in requirements)
    return "python -m pip install " + " ".join(quoted)

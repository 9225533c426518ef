"""Whether what a component requires is installed, told from metadata without importing it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import metadata

from sdk.registry.installed import installed_version

__all__ = ["install_line", "is_met", "unmet"]


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
    """Return the requirements that are not installed in a fitting version, as they were written.

    Args:
        requires: PEP 508 strings.
        met: ``is_met``, or a cache of it.

    Raises:
        packaging.requirements.InvalidRequirement: One of them cannot be read.
    """
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

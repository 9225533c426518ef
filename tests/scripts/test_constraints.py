"""The constraints pin everything that the README's commands install, and to what the tests run with."""

from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CONSTRAINTS = Path(__file__).resolve().parents[2] / "constraints.txt"


def pinned():
    lines = CONSTRAINTS.read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(pin.name): pin.specifier for pin in pins}


def installed(name, extras=()):
    """A distribution and all that it requires here, from metadata; what is not installed is left out."""
    found, todo = set(), [(name, frozenset(extras))]
    while todo:
        name, extras = todo.pop()
        if (name, extras) in found:
            continue
        try:
            requires = metadata.requires(name) or ()
        except metadata.PackageNotFoundError:
            continue
        found.add((name, extras))
        for requirement in map(Requirement, requires):
            wanted = [{"extra": extra} for extra in ("", *extras)]
            if requirement.marker is None or any(requirement.marker.evaluate(e) for e in wanted):
                todo.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return {name for name, _ in found}


def unpinned(names):
    missing = names - set(pinned()) - {"talkstyle", "talkstyle-lab"}
    return {name for name in missing if not name.startswith(("nvidia-", "cuda-", "triton"))}


@pytest.mark.parametrize("extra", ["demo", "test", "lint"])
def test_everything_that_an_extra_brings_is_pinned(extra):
    assert not unpinned(installed("talkstyle", [extra]))


def test_everything_that_the_lab_brings_is_pinned():
    assert "torch" in installed("talkstyle-lab")
    assert not unpinned(installed("talkstyle-lab", ["kokoro"]))


def test_every_pin_is_one_exact_version_without_a_local_part():
    for name, specifier in pinned().items():
        (clause,) = specifier
        assert clause.operator == "==", name
        assert "+" not in clause.version, name
        assert "*" not in clause.version, name

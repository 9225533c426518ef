"""Installed distributions, made on the spot: a module, and the metadata that pip would have written."""

from __future__ import annotations

import sys
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from textwrap import dedent

import pytest

HOOK = """
from sdk.registry import Component, hookimpl

@hookimpl
def talkstyle_components():
    return [{components}]
"""


def plugin(*components: str) -> str:
    """The source of a plugin's root that provides components, each given as the arguments of ``Component``."""
    return HOOK.format(components=", ".join(f"Component({c})" for c in components))


def install(folder: Path, name: str, modules: dict[str, str], *, version: str = "1.0", requires: str = "") -> None:
    """Lay a distribution out in a folder, each of its modules an entry point of the same name."""
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    metadata = f"Metadata-Version: 2.4\nName: {name}\nVersion: {version}\n{requires}\n"
    (info / "METADATA").write_text(metadata, encoding="utf-8")
    points = "\n".join(f"{module} = {module}" for module in modules)
    (info / "entry_points.txt").write_text(f"[talkstyle.plugins]\n{points}\n", encoding="utf-8")
    for module, source in modules.items():
        (folder / f"{module}.py").write_text(dedent(source), encoding="utf-8")


def points(folder: Path) -> list[EntryPoint]:
    """The entry points of everything installed in a folder."""
    return [point for d in distributions(path=[str(folder)]) for point in d.entry_points]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to install into, on the path; what is imported from it is forgotten afterwards."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    before = set(sys.modules)
    yield folder
    for name in set(sys.modules) - before:
        if str(folder) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]

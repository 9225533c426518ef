"""Rules of the tree that no linter checks: what plugins, the laboratory and the docs import, and how long files are."""

from __future__ import annotations

import ast
import re
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
OUTSIDERS = [path for folder in ("plugins", "lab") for path in sorted((ROOT / folder).rglob("*.py"))]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "lab").glob("*.md"))]
SOURCES = sorted(
    path for folder in ("sdk", "plugins", "lab", "scripts", "tests") for path in (ROOT / folder).rglob("*.py")
)
MAX_LINES = 400
BLOCK = re.compile(r"^( *)```python\n(.*?)^\1```", re.DOTALL | re.MULTILINE)


def private_imports(source: str) -> list[str]:
    """The modules and names of ``sdk`` that are imported though they are private."""
    imported = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            imported += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            imported.append(node.module)
            if node.module.partition(".")[0] == "sdk":
                imported += [f"{node.module}.{alias.name}" for alias in node.names if alias.name.startswith("_")]
    sdk = [name.split(".") for name in imported if name.partition(".")[0] == "sdk"]
    return [".".join(parts) for parts in sdk if is_private(parts)]


def is_private(parts: list[str]) -> bool:
    """Public are ``sdk`` and ``sdk.<room>``; ``__version__`` is a public name."""
    return len(parts) > 2 or any(part.startswith("_") and part != "__version__" for part in parts)


@pytest.mark.parametrize("path", OUTSIDERS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_plugins_and_laboratory_import_only_what_is_public(path):
    assert private_imports(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_docs_import_only_what_is_public(path):
    blocks = [textwrap.dedent(match[2]) for match in BLOCK.finditer(path.read_text(encoding="utf-8"))]
    assert [name for block in blocks for name in private_imports(block)] == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import sdk", []),
        ("import sdk.packs as packs\nfrom sdk.packs import styled\nfrom sdk import __version__", []),
        ("import sdk.packs.styling", ["sdk.packs.styling"]),
        ("def f():\n    from sdk.packs.styling import styled", ["sdk.packs.styling"]),
        ("from sdk._version import version", ["sdk._version"]),
        ("from sdk.packs import _hidden", ["sdk.packs._hidden"]),
        ("from talkstyle_warp.renderer import Warp\nimport sdkish.a.b", []),
    ],
)
def test_what_counts_as_private(source, found):
    assert private_imports(source) == found


def test_no_source_file_is_long():
    lines = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8").count("\n") for path in SOURCES}
    assert len(lines) > 300
    assert {name: count for name, count in lines.items() if count > MAX_LINES} == {}

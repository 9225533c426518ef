"""What the README shows is there, and its commands are the ones that continuous integration runs."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_two_commands_and_no_more():
    commands = runpy.run_path(str(ROOT / "scripts" / "readme_command.py"))["commands"](TEXT)
    last = [command.splitlines()[-1] for command in commands]
    assert last == ["talkstyle demo", "python -m pytest -n auto --dist loadfile"]
    assert all(command.startswith("python -m pip install -c constraints.txt -e ") for command in commands)


def test_every_link_leads_somewhere():
    for page in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_picture_is_small():
    (path,) = (ROOT / link for link in re.findall(r"!\[[^]]*\]\(([^)]+)\)", TEXT))
    assert path.stat().st_size < 400_000
    with Image.open(path) as picture:
        assert picture.format == "PNG"
        assert picture.width > 800

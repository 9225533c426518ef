"""Print one of the commands that the README gives under ``## Start``: ``python scripts/readme_command.py 2``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).resolve().parent.parent / "README.md"


def commands(text: str) -> list[str]:
    """Find the fenced ``sh`` blocks between ``## Start`` and the next heading of its level."""
    start = re.search(r"^## Start\s*$(.*?)(?=^## |\Z)", text, flags=re.MULTILINE | re.DOTALL)
    if start is None:
        sys.exit("README.md has no section ## Start")
    return re.findall(r"^```sh\n(.*?)^```\s*$", start[1], flags=re.MULTILINE | re.DOTALL)


if __name__ == "__main__":
    number = int(sys.argv[1])
    found = commands(README.read_text(encoding="utf-8"))
    if len(found) < number:
        sys.exit(f"README.md has {len(found)} commands under ## Start, not {number}")
    sys.stdout.write(found[number - 1])

"""Runs the example on a door's page, as it stands there."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def said(page):
    """What the page's last block prints, which has at most 40 lines."""
    code = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL)[-1]
    assert len(code.splitlines()) <= 40, len(code.splitlines())
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout

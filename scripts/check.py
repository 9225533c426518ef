"""Run everything that continuous integration runs: linters, types, the direction of imports, tests.

    python scripts/check.py             # all of it
    python scripts/check.py --no-tests  # without pytest
    python scripts/check.py -k registry # what is not ours goes to pytest

It needs talkstyle with the extras "test" and "lint", and talkstyle-lab. All steps are run; the exit code is 1 where any
failed.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

LINTERS = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "mypy": ["-m", "mypy"],
    "import-linter": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
}


def main(arguments: list[str]) -> int:
    """Run the steps, and say which of them failed."""
    steps = dict(LINTERS)
    if "--no-tests" in arguments:
        arguments.remove("--no-tests")
    else:
        steps["pytest"] = ["-m", "pytest", "-n", "auto", "--dist", "loadfile", *arguments]
    failed = []
    for name, command in steps.items():
        sys.stderr.write(f"--- {name}\n")
        if subprocess.run([sys.executable, *command], cwd=ROOT, check=False).returncode != 0:
            failed.append(name)
    if failed:
        sys.stderr.write(f"failed: {', '.join(failed)}\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

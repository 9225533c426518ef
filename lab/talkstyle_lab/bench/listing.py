"""Time what has to be quick: ``import sdk``, and ``talkstyle plugins`` with and without twenty more plugins.

    python -m talkstyle_lab.bench.listing

Prints the least processor time of several runs, in milliseconds, a bare ``python -c pass`` included.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RUNS = 15
PLUGINS = "import sys; from sdk.cli import main; main(['plugins'])"
ROOT_SOURCE = """
from sdk.registry import Component, hookimpl

@hookimpl
def talkstyle_components():
    return [Component("renderer", "bench-{k}", "bench_{k}:Renderer", requires=["numpy>=1.26", "pillow"])]
"""


def install(folder: Path, k: int) -> None:
    """Lay out one plugin as pip would."""
    info = folder / f"bench_{k}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.4\nName: bench-{k}\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text(f"[talkstyle.plugins]\nbench = bench_{k}\n", encoding="utf-8")
    (folder / f"bench_{k}.py").write_text(ROOT_SOURCE.format(k=k), encoding="utf-8")


def least(code: str, path: str = "") -> float:
    """The least processor time of a new interpreter that runs this, in milliseconds, by its own clock."""
    clock = f"import atexit, sys, time; atexit.register(lambda: print(time.process_time(), file=sys.stderr)); {code}"
    environment = {**os.environ, "PYTHONPATH": path}
    times = []
    for _ in range(RUNS):
        process = subprocess.run(
            [sys.executable, "-c", clock], env=environment, capture_output=True, text=True, check=True
        )
        times.append(float(process.stderr.split()[-1]))
    return 1000 * min(times)


def main() -> None:
    """Print the table."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for k in range(20):
            install(Path(folder), k)
        rows = {
            "python": least("pass"),
            "import sdk": least("import sdk"),
            "talkstyle plugins": least(PLUGINS),
            "the same with 20 more plugins": least(PLUGINS, folder),
        }
    for name, milliseconds in rows.items():
        sys.stdout.write(f"{name:32}{milliseconds:6.0f} ms\n")
    sys.stdout.write(f"{RUNS} runs each, {time.monotonic() - began:.0f} s in all\n")


if __name__ == "__main__":
    main()

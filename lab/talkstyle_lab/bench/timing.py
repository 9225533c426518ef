"""What the benches share: a clock, a folder to throw away, and the machine."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from tempfile import TemporaryDirectory


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def scratch_folder() -> TemporaryDirectory[str]:
    """A folder for the block."""
    return TemporaryDirectory(prefix="talkstyle-bench-", ignore_cleanup_errors=True)


def machine() -> dict[str, str | int | None]:
    """Processor and cores."""
    return {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()}

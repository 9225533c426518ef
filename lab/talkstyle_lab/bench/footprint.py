"""What a process holds: memory and threads."""

from __future__ import annotations

import gc
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from talkstyle_lab.bench.memory import MIB, resident

KIB_OF_MIB: Final = MIB // 1024


@dataclass(frozen=True)
class Footprint:
    """Memory in MiB and threads, each as the system counts them."""

    resident: float
    unique: float | None  # the part of it that no other process shares; None where the system does not tell it
    threads: int  # of the system; where it does not tell them, Python's own


def footprint() -> Footprint:
    """What this process holds now, once what nothing refers to is gone.

    Raises:
        ConfigError: The system does not tell a process's memory.
    """
    gc.collect()
    return Footprint(resident(), _unique(), _threads())


def _unique() -> float | None:
    try:
        lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    except OSError:
        return None
    private = [int(line.split()[1]) for line in lines if line.startswith(("Private_Clean:", "Private_Dirty:"))]
    return sum(private) / KIB_OF_MIB


def _threads() -> int:
    tasks = Path("/proc/self/task")
    return sum(1 for _ in tasks.iterdir()) if tasks.exists() else threading.active_count()

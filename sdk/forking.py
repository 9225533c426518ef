"""Forked processes: told of, where they would hang or die.

The native threads of MediaPipe, OpenMP and Numba do not follow a process into its forks, where their pools wait for
them for ever. A process that forks before it has used a component is as good as new.
"""

from __future__ import annotations

import os

from sdk.errors import ProcessForked

__all__ = ["check_process"]

_used_by: int | None = None


def check_process() -> None:
    """Record that this process uses native threads.

    Raises:
        ProcessForked: It is the fork of one that did.
    """
    global _used_by
    here = os.getpid()
    if _used_by not in (None, here):
        what = f"process {here} was forked from one in which talkstyle has worked already ({_used_by})"
        hint = 'Start it by multiprocessing.get_context("spawn") instead, or fork before the first use of talkstyle.'
        raise ProcessForked(what, hint=hint)
    _used_by = here

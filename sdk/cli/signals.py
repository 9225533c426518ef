"""Signals that end a program end a command as Ctrl-C does: what is half done is removed, and the status says why."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

ENDING: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP", "SIGBREAK") if hasattr(signal, name))


@contextmanager
def as_interrupts() -> Iterator[list[int]]:
    """Turn the first of those signals into a ``KeyboardInterrupt``; the list given holds it once it has come.

    Further ones are ignored, or they would end the tidying up: a supervisor may send two at once. A signal that is
    ignored, as under nohup, or handled by whoever calls the command line from a program of theirs, stays so. Only the
    main thread can be interrupted, so in any other nothing is done.
    """
    came: list[int] = []

    def interrupt(number: int, _frame: Any) -> None:
        came.append(number)
        if len(came) == 1:
            raise KeyboardInterrupt

    ours = ENDING if threading.current_thread() is threading.main_thread() else ()
    ours = tuple(number for number in ours if signal.getsignal(number) is signal.SIG_DFL)
    for number in ours:
        signal.signal(number, interrupt)
    try:
        yield came
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)

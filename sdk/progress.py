"""Progress and cancelling of long work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from sdk.arguments import instance, shown
from sdk.errors import Cancelled, ConfigError

__all__ = ["CancelToken", "Progress", "ProgressCallback", "Reporter"]


@dataclass(frozen=True, kw_only=True)
class Progress:
    """The progress of a piece of work.

    Attributes:
        stage: What is being done: "decode", "detect", "fit", "render", ...
        fraction: Of this stage, from 0 to 1; None if the end is not known.
        seconds_left: An estimate for this stage, or None.
        message: For people, such as the loss; may be empty.
    """

    stage: str
    fraction: float | None
    seconds_left: float | None = None
    message: str = ""


ProgressCallback: TypeAlias = Callable[[Progress], None]
"""Called between steps, on the thread that does the work. What it raises stops the work and reaches the caller."""


class CancelToken:
    """Stops work from another thread or a signal handler: ``token.cancel()``."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """Ask the work to stop at its next step."""
        self._event.set()

    @property
    def cancelled(self) -> bool:
        """Whether ``cancel`` was called."""
        return self._event.is_set()


class Reporter:
    """Called by the work between its steps: reports progress, and raises ``Cancelled`` once the token is cancelled."""

    def __init__(self, on_progress: ProgressCallback | None = None, cancel: CancelToken | None = None) -> None:
        if on_progress is not None and not callable(on_progress):
            hint = "Give a function that takes one Progress."
            raise ConfigError(f"on_progress={shown(on_progress)} is no function", where="on_progress", hint=hint)
        if cancel is not None:
            instance(cancel, CancelToken, "cancel", "Give an sdk.CancelToken().")
        self._on_progress = on_progress
        self._cancel = cancel
        self._stage = ""
        self._began = 0.0

    def __call__(self, stage: str, fraction: float | None = None, message: str = "") -> None:
        """Report a step of a stage.

        Raises:
            Cancelled: The caller's token was cancelled.
        """
        if self._cancel is not None and self._cancel.cancelled:
            raise Cancelled("the work was cancelled", where=stage, hint="A fit with a checkpoint can be resumed.")
        if self._on_progress is None:
            return
        now = time.monotonic()
        if stage != self._stage:
            self._stage, self._began = stage, now
        left = (now - self._began) * (1 - fraction) / fraction if fraction else None
        self._on_progress(Progress(stage=stage, fraction=fraction, seconds_left=left, message=message))

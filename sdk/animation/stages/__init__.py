"""Stages between the generator's motion and the renderer: each takes motion piece by piece, and cuts change nothing."""

from __future__ import annotations

from typing import Protocol

from sdk.data import Motion


class Stage(Protocol):
    """Changes motion that arrives in pieces, in order."""

    def push(self, motion: Motion) -> Motion:
        """Take the next frames; return those that are now certain, which may be none."""

    def finish(self) -> Motion:
        """Return the frames that remain; a stage that holds none back has none."""
        return Motion.empty()


class Chain(Stage):
    """Stages one after the other, as one."""

    def __init__(self, *stages: Stage) -> None:
        self._stages = stages

    def push(self, motion: Motion) -> Motion:
        """Push the frames through every stage."""
        for stage in self._stages:
            motion = stage.push(motion)
        return motion

    def finish(self) -> Motion:
        """Finish each stage, and push what it held back through those after it."""
        rest = Motion.empty()
        for stage in self._stages:
            rest = Motion.concat([stage.push(rest), stage.finish()])
        return rest

"""When frames are due: a clock, and the pace that a session keeps by it."""

from __future__ import annotations

import asyncio
import math
import time
from fractions import Fraction
from typing import Final, Protocol

MAX_LATE_SECONDS: Final = 1
"""What a late consumer misses at most; after a longer absence the session goes on where it was left."""


class Clock(Protocol):
    """What a session reads the time from, and waits by."""

    def time(self) -> float:
        """Seconds since any moment, never less than before."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    async def sleep_async(self, seconds: float) -> None:
        """Wait, and let the event loop go on."""


class SystemClock:
    """The machine's own clock."""

    def time(self) -> float:
        """Seconds, by ``time.monotonic``."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Wait, and let the event loop go on."""
        await asyncio.sleep(seconds)


class SimulatedClock:
    """A clock that only moves when somebody waits by it or calls ``advance``: hours in tests pass at once."""

    def __init__(self) -> None:
        self._ticks = 0  # nanoseconds, so that nothing is lost in a long sum

    def time(self) -> float:
        """Seconds from its beginning."""
        return self._ticks / 1e9

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._ticks += max(0, math.ceil(seconds * 1e9))

    def sleep(self, seconds: float) -> None:
        """Let that time pass, at once."""
        self.advance(seconds)

    async def sleep_async(self, seconds: float) -> None:
        """Let that time pass, after whatever else the event loop has to do."""
        self.advance(seconds)
        await asyncio.sleep(0)


class Pace:
    """The times of a session's frames: frame ``k`` is due ``k / fps`` seconds after the first was asked for.

    Each is computed from its index, so that nothing adds up. Without a clock every frame is due at once.
    """

    def __init__(self, fps: Fraction, clock: Clock | None) -> None:
        self._fps, self._clock = fps, clock
        self._began: float | None = None

    def until(self, index: int) -> float:
        """Seconds until a frame is due; 0 if it is."""
        return 0.0 if self._clock is None else max(0.0, self.due(index) - self._clock.time())

    def due(self, index: int) -> float:
        """The time at which a frame is due, by the clock; the first one's is the present when first asked for."""
        assert self._clock is not None
        if self._began is None:
            self._began = self._clock.time() - float(index / self._fps)
        return self._began + float(index / self._fps)

    def newest(self, index: int) -> int:
        """Of the frames from ``index`` on, the last that is due."""
        if self._clock is None:
            return index
        late = self._clock.time() - self.due(index)
        if late > MAX_LATE_SECONDS:
            self._began = self._clock.time() - float(index / self._fps)
            return index
        return index + max(0, math.floor(late * self._fps + 1e-6))

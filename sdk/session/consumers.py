"""Who takes a session's frames: a loop in a thread, or one on an event loop."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Protocol

from sdk.session.clock import Clock
from sdk.session.frame import LiveFrame, Notice


class Source(Protocol):
    """What an iterator needs of its session."""

    notice: Notice

    @property
    def clock(self) -> Clock | None:
        """What paces the frames."""

    @property
    def closed(self) -> bool:
        """Whether there are no more."""

    def claim(self, taker: object) -> None:
        """Make sure that nobody else takes them."""

    def release(self) -> None:
        """Somebody else may."""

    def wait_seconds(self) -> float:
        """Until the next frame is due."""

    def take(self) -> LiveFrame:
        """Make it."""

    def delivered(self, frame: LiveFrame) -> None:
        """It has arrived."""


class _Consumer:
    def __init__(self, session: Source) -> None:
        self._session = session
        self._first = True

    def _deliver(self, frame: LiveFrame) -> LiveFrame:
        self._session.delivered(frame)
        if self._first:
            self._first = False
            return replace(frame, notice=self._session.notice)
        return frame


class Frames(_Consumer):
    """An iteration over a session's frames, which ends when the session is closed."""

    def __iter__(self) -> Frames:
        return self

    def __next__(self) -> LiveFrame:
        session = self._session
        session.claim(self)
        try:
            while not session.closed and (seconds := session.wait_seconds()) > 0 and session.clock is not None:
                session.clock.sleep(seconds)
            if session.closed:
                raise StopIteration
            return self._deliver(session.take())
        except BaseException:
            session.release()
            raise


class AsyncFrames(_Consumer):
    """The same for ``async for``: frames are made in a worker thread.

    A loop that is cancelled while its frame is made loses nothing: the next one begins with that frame.
    """

    def __aiter__(self) -> AsyncFrames:
        return self

    async def __anext__(self) -> LiveFrame:
        session = self._session
        session.claim(self)
        try:
            while not session.closed and (seconds := session.wait_seconds()) > 0 and session.clock is not None:
                await session.clock.sleep_async(seconds)
            if session.closed:
                raise StopAsyncIteration
            return self._deliver(await asyncio.to_thread(session.take))
        except BaseException:
            session.release()
            raise

"""A live session: sound in as it is spoken, a talking face out."""

from __future__ import annotations

import math
import threading
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from sdk.animation import Speaker
from sdk.data import MOTION_RATE, Controls, Motion, read_controls
from sdk.errors import ComponentBroken, LiveClosed, LiveInUse
from sdk.forking import check_process
from sdk.interfaces import Renderer
from sdk.session.clock import Clock, Pace
from sdk.session.consumers import AsyncFrames, Frames
from sdk.session.frame import LiveFrame, Notice, cover
from sdk.session.motion import LiveMotion
from sdk.session.queue import SoundQueue
from sdk.session.timeline import Heard, Timeline

_Taker = TypeVar("_Taker", Frames, AsyncFrames)

Box = tuple[int, int, int, int]

LEAD_STEP_SECONDS: Final = 0.002
"""By which the lead of the sound over the pictures grows where it does not suffice for a frame."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Staged:
    """What a session plays with, as ``sdk.session.opening`` makes it ready."""

    motion: LiveMotion
    controls: Controls
    renderer: Renderer
    prepared: Any
    box: Box
    speaker: Callable[..., Speaker]
    """Makes what speaks in another style; arguments as for ``LiveSession.set_style``."""


class LiveSession:
    """A portrait that listens, speaks what is pushed, can be interrupted, and idles in between, for hours.

    ``sdk.live`` opens it. One consumer takes its frames, ``for frame in session`` or ``async for frame in session``,
    each when it is due; the work is done while the consumer waits, in its thread or, from an event loop, in a worker
    thread. Everything else may be called from any thread, and returns at once.

    Use it as a context manager, or call ``close``.

    Attributes:
        fps: Frames a second, exact.
        rate: Samples a second of ``LiveFrame.sound``.
        size: Width and height of the portrait in pixels.
        box: Where the frames' images belong in it, ``(left, top, right, bottom)``.
        still: The whole portrait at rest, uint8 ``[H, W, 3 or 4]``.
        cover: The same with the notice along its lower edge, for an app to show before the first frame.
        notice: That the pictures are generated, to be passed on; also on the first frame of each iteration.
        lookahead: Seconds of sound that the generator and the encoder need past a frame's own time.
        warnings: What is worth knowing about portrait and style.
    """

    def __init__(
        self, staged: Staged, *, fps: Fraction, queue: SoundQueue, reserve: int, rate: int, clock: Clock | None
    ) -> None:
        self.fps, self.rate, self.box = fps, rate, staged.box
        self.notice: Notice = Notice()
        self.warnings: tuple[str, ...] = ()
        self.lookahead = float(staged.motion.lookahead - 1 / MOTION_RATE)
        self._staged, self._motion, self._queue = staged, staged.motion, queue
        self._timeline = Timeline(queue, reserve=reserve)
        self._pace = Pace(fps, clock)
        self._clock = clock
        self._controls = staged.controls
        self._lock = threading.RLock()  # the course of sound and motion
        self._taking = threading.Lock()  # one frame at a time
        self._taker: weakref.ref[object] | None = None
        self._next = 0
        self._carried: list[tuple[Motion, Heard]] = []
        self._made: LiveFrame | None = None
        self._closed = False
        # The first frame lays down its own sound, and shows the face at its beginning.
        self._lay(max(0, math.ceil(staged.motion.lookahead * rate) - self._edge(1)))
        self.still = self._render(Motion(np.zeros((1, 68, 3), np.float32), np.zeros((1, 6), np.float32), fps))
        self.size = (self.still.shape[1], self.still.shape[0])
        self.cover = cover(self.still, self.notice)

    def push_audio(self, pcm: Any, rate: int) -> None:
        """Add sound to the present utterance, or begin one.

        Args:
            pcm: One channel: int16 as bytes (little-endian) or an array, or floats in [-1, 1]; ``[N]``, N from 0 on.
            rate: Samples a second, from 8000 to 192000. At another rate than the session's, the sound is resampled.

        Raises:
            InputError: It is no such sound.
            NotFiniteError: A sample is NaN or infinite.
            LiveQueueFull: More would wait than ``queue_seconds``; nothing of it was taken.
            LiveClosed: The session was closed.
        """
        self._check_open("push_audio")
        self._queue.push(pcm, rate)

    def flush(self) -> None:
        """End the utterance: what waits is spoken to its end, and the frame with its last sample says so.

        Raises:
            LiveClosed: The session was closed.
        """
        self._check_open("flush")
        self._queue.flush()

    def interrupt(self) -> Fraction:
        """Stop speaking: drop all sound that is not in a frame yet, and close the mouth within 160 ms of motion.

        Head and lids go on. Sound that is pushed afterwards begins a new utterance.

        Returns:
            Seconds of the interrupted utterance that were given out in frames; 0 where there was none.

        Raises:
            LiveClosed: The session was closed.
        """
        self._check_open("interrupt")
        with self._lock:
            said = self._timeline.interrupt()
            self._motion.interrupt()
        return Fraction(said, self.rate)

    def set_style(self, style: Any, *, strength: float = 1.0, allow_other_base: bool = False) -> None:
        """Pass to another style over half a second; arguments and errors as for ``sdk.live``.

        The generator stays, so the style must have been made for it.
        """
        self._check_open("set_style")
        speaker = self._staged.speaker(style, strength=strength, allow_other_base=allow_other_base)
        with self._lock:
            self._motion.change_style(speaker.generator)
            self.warnings = tuple(dict.fromkeys((*self.warnings, *speaker.warnings)))

    @property
    def controls(self) -> Controls:
        """How strongly mouth, brows, lids and head move; others, or a dictionary of some, take over in 300 ms."""
        return self._controls

    @controls.setter
    def controls(self, controls: Controls | Mapping[str, float]) -> None:
        self._check_open("controls")
        self._controls = read_controls(controls)
        with self._lock:
            self._motion.change_controls(self._controls)

    @property
    def queued_seconds(self) -> float:
        """How much pushed sound waits to be spoken."""
        return self._queue.seconds

    @property
    def delay_seconds(self) -> float:
        """From the frame that is due when a sample comes to the one that shows it: the look-ahead and its rounding."""
        return self._timeline.ahead / self.rate + float(1 / self.fps)

    @property
    def speaking(self) -> bool:
        """Whether an utterance is under way or waits, or is in a frame that is being made."""
        with self._lock:
            return self._timeline.speaking or bool(self._carried) or self._made is not None

    @property
    def gaps(self) -> int:
        """How often an utterance ran dry before its ``flush``, so that silence had to be put between."""
        return self._timeline.gaps

    @property
    def closed(self) -> bool:
        """Whether the session was closed."""
        return self._closed

    def close(self) -> None:
        """End the session: iterations stop at their next frame, and all further calls but this one raise."""
        self._closed = True
        self._queue.clear()

    def __enter__(self) -> LiveSession:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Frames:
        """Take the frames, each when it is due; those that are due already are left out but for the newest.

        Raises:
            LiveInUse: Another iteration has not ended.
        """
        return self._given_to(Frames(self))

    def __aiter__(self) -> AsyncFrames:
        """The same from an event loop."""
        return self._given_to(AsyncFrames(self))

    def _given_to(self, taker: _Taker) -> _Taker:
        self.claim(taker)
        return taker

    def claim(self, taker: object) -> None:
        """Let an iterator be the one that takes the frames; for the iterators.

        Raises:
            LiveInUse: Another one is.
        """
        present = None if self._taker is None else self._taker()
        if present is not None and present is not taker and not self._closed:
            what = "another iteration takes the session's frames"
            raise LiveInUse(what, where="LiveSession", hint="End it first, or give its frames on from there.")
        self._taker = weakref.ref(taker)

    def release(self) -> None:
        """The iterator has ended; for the iterators. One that is left by ``break`` need not say so."""
        self._taker = None

    def wait_seconds(self) -> float:
        """Seconds until the next frame is due; for the iterators."""
        return 0.0 if self._made is not None else self._pace.until(self._next)

    def take(self) -> LiveFrame:
        """Make the newest frame that is due, or give what was made for a consumer that went; for the iterators."""
        with self._taking:
            if self._made is None:
                self._make()
            assert self._made is not None
            return self._made

    def delivered(self, frame: LiveFrame) -> None:
        """A frame has reached the consumer; for the iterators.

        Raises:
            LiveInUse: It has reached another thread before.
        """
        if self._made is not frame:
            what = "another thread takes the session's frames"
            raise LiveInUse(what, where="LiveSession", hint="Let one take them.")
        self._made = None

    @property
    def clock(self) -> Clock | None:
        """What the frames are paced by; None if they are not."""
        return self._clock

    def _make(self) -> None:
        check_process()
        for index in range(self._next, self._pace.newest(self._next) + 1):
            with self._lock:
                self._carried.append(self._step(index))
            self._next = index + 1
        motion, sounds = self._carried[-1][0], [heard for _, heard in self._carried]
        left, top, right, bottom = self.box
        image = self._render(motion)[top:bottom, left:right]
        self._made = LiveFrame(
            image=image if self.box == (0, 0, *self.size) else image.copy(),
            box=self.box,
            sound=np.concatenate([heard.samples for heard in sounds]),
            spoken=sum(heard.spoken for heard in sounds),
            index=self._next - 1,
            time=(self._next - 1) / self.fps,
            skipped=len(sounds) - 1,
            end_of_utterance=any(heard.ends for heard in sounds),
            motion=motion,
        )
        self._carried = []  # only now: if the renderer fails, the next frame still has this one's sound

    def _step(self, index: int) -> tuple[Motion, Heard]:
        """Lay down a frame's worth of sound; the motion and the sound of the frame that this completes."""
        self._lay(self._edge(index + 1) - self._edge(index))
        motion, limit = self._motion.take(), self._timeline.ahead + 60 * self.rate
        while motion is None:
            self._lay(math.ceil(LEAD_STEP_SECONDS * self.rate))
            motion = self._motion.take()
            if self._timeline.ahead > limit:
                raise ComponentBroken("encoder and generator gave no motion for a minute of sound")
        return motion, self._timeline.give(self._edge(index + 1))

    def _edge(self, index: int) -> int:
        """The first sample of a frame."""
        return math.floor(index * self.rate / self.fps)

    def _lay(self, count: int) -> None:
        self._motion.push(self._timeline.lay(count))

    def _render(self, motion: Motion) -> NDArray[np.uint8]:
        pictures = list(self._staged.renderer.render(self._staged.prepared, [motion]))
        if len(pictures) != 1:
            raise ComponentBroken(f"the renderer {self._staged.renderer.name!r} made {len(pictures)} frames of 1")
        return pictures[0]

    def _check_open(self, where: str) -> None:
        if self._closed:
            raise LiveClosed("the live session was closed", where=where, hint="Open another one.")

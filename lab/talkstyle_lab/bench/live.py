"""A live session in real time: what comes when, and what it costs."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import cycle
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.animation import Animator
from sdk.data import FloatArray, Motion
from sdk.demo import load_assets
from sdk.drawing import drawn_face
from sdk.geometry import JAW, MOUTH
from sdk.media import ImageInput
from sdk.progress import ProgressCallback, Reporter
from sdk.session import LiveFrame, LiveSession, open_session
from talkstyle_lab.bench.memory import resident

RATE: Final = 24_000
SPOKEN_PIECE: Final = 0.02
"""Seconds of a piece that comes as it is spoken."""

BURST_PIECE, BURST_PACE = 0.1, 5.0
"""Seconds of a piece of a synthesised reply, and how many seconds of it come in one."""

PAUSES: Final = (0.3, 3.0)
LATE_SECONDS: Final = 0.040
INTERRUPTIONS: Final = 8
AT_REST: Final = 1e-4
"""Eye distances within which lips count as closed."""


@dataclass(frozen=True, kw_only=True)
class LiveBench:
    """What was measured, in milliseconds unless it says otherwise; of several sessions, the worst."""

    sessions: int
    generator: str
    size: tuple[int, int]
    seconds: float  # for which each ran
    opening_seconds: float  # loading everything, once
    first_frame: float  # from asking for it to having it
    lookahead: float  # of generator and encoder
    sound_to_picture_p95: float  # in all, of sound that comes as it is spoken
    beyond_lookahead_p95: float  # the same without the generator's look-ahead
    fps: float  # frames a second that were given
    skipped: int  # frames left out
    late_share: float  # of frames over 40 ms after they were due
    lateness_p95: float
    drift_frames: int  # frames given and left out, against those of the time that passed
    samples_in: int
    samples_out: int
    gaps: int  # times that sound ran dry
    processor_a_frame: float
    interruption_p95: float  # from interrupting to the frame with closed lips
    fastest_after_interruption: float  # of the landmarks, eye distances a second
    fastest_in_speech: float
    resident_after_a_minute: float  # MiB
    resident_at_the_end: float  # MiB


def run_live(
    *,
    minutes: float = 1.0,
    sessions: int = 1,
    size: int = 512,
    fps: float = 25,
    generator: str | None = None,
    portrait: ImageInput | None = None,
    on_progress: ProgressCallback | None = None,
) -> LiveBench:
    """Run sessions at once, in which replies in bursts, speech as it is spoken, and pauses alternate."""
    report = Reporter(on_progress)
    report("prepare")
    resident()  # raises now if it cannot be read
    picture = drawn_face(size).pixels if portrait is None else portrait
    began = time.perf_counter()
    animator = Animator(generator=generator)
    opened = [open_session(animator, picture, fps=fps, rate=RATE, seed=k) for k in range(sessions)]
    opening = time.perf_counter() - began
    courses = [_Course(session, minutes * 60, seed=k) for k, session in enumerate(opened)]
    readings: list[float] = []
    for course in courses:
        course.start()
    start = time.perf_counter()
    while any(course.is_alive() for course in courses):
        courses[0].join(1.0)
        passed = time.perf_counter() - start
        if not readings or passed < min(60, 30 * minutes):
            readings = [resident()]
        report("live", min(1.0, passed / (60 * minutes)))
    for course in courses:
        course.join()
        if course.failed is not None:
            raise course.failed
    name = "the base's own" if generator is None else generator
    speaker = animator.speaker(None)
    return LiveBench(
        sessions=sessions,
        generator=speaker.generator.name or name,
        size=opened[0].size,
        seconds=minutes * 60,
        opening_seconds=opening,
        first_frame=max(course.first_frame for course in courses) * 1e3,
        lookahead=opened[0].lookahead * 1e3,
        sound_to_picture_p95=max(float(np.quantile(course.delays, 0.95)) for course in courses) * 1e3,
        beyond_lookahead_p95=max(float(np.quantile(course.delays, 0.95)) for course in courses) * 1e3
        - speaker.generator.lookahead / 60 * 1e3,
        fps=min(len(course.lateness) / (minutes * 60) for course in courses),
        skipped=sum(course.skipped for course in courses),
        late_share=max(float((np.array(course.lateness) > LATE_SECONDS).mean()) for course in courses),
        lateness_p95=max(float(np.quantile(course.lateness, 0.95)) for course in courses) * 1e3,
        drift_frames=max((course.drift for course in courses), key=abs),
        samples_in=sum(course.pushed for course in courses),
        samples_out=sum(course.spoken for course in courses),
        gaps=sum(course.gaps for course in courses),
        processor_a_frame=max(course.processor / len(course.lateness) for course in courses) * 1e3,
        interruption_p95=max(float(np.quantile(course.closings, 0.95)) for course in courses) * 1e3,
        fastest_after_interruption=max(course.fastest_closing for course in courses),
        fastest_in_speech=min(course.fastest for course in courses),
        resident_after_a_minute=readings[0],
        resident_at_the_end=resident(),
    )


class _Course(threading.Thread):
    """A session's consumer, and what it sees; a thread of its own speaks."""

    def __init__(self, session: LiveSession, seconds: float, *, seed: int) -> None:
        super().__init__(daemon=True)
        self._session, self._seconds = session, seconds
        self._speaker = _Speaker(session, seed)
        self.failed: BaseException | None = None
        self.first_frame = self.processor = self.fastest = self.fastest_closing = 0.0
        self.lateness: list[float] = []
        self.delays: list[float] = []
        self.closings: list[float] = []
        self.skipped = self.drift = self.pushed = self.spoken = self.gaps = 0

    def run(self) -> None:
        try:
            with self._session:
                self._run()
        except BaseException as error:
            self.failed = error
        finally:
            self._speaker.stop()

    def _run(self) -> None:
        session, frames = self._session, iter(self._session)
        began = time.perf_counter()
        worked = time.thread_time()
        first = next(frames)
        self.first_frame = time.perf_counter() - began
        self._speaker.start()
        last: Motion = first.motion
        for frame in frames:
            now = time.perf_counter()
            self.lateness.append(now - began - float(frame.time))
            self.skipped += frame.skipped
            self._hear(frame, now)
            self.fastest = max(self.fastest, _speed(last, frame) if not frame.skipped else 0.0)
            last = frame.motion
            if now - began >= self._seconds:
                self.drift = frame.index - int((now - began) * session.fps)
                break
        self.processor = time.thread_time() - worked
        self._speaker.stop()
        for frame in frames:  # what is still on its way
            self.spoken += frame.spoken
            if not session.speaking:
                break
        self.pushed, self.gaps = self._speaker.pushed, session.gaps
        self._interrupt(frames)

    def _hear(self, frame: LiveFrame, now: float) -> None:
        self.spoken += frame.spoken
        count = frame.spoken
        waiting = self._speaker.waiting
        while count and waiting:
            samples, pushed, live = waiting[0]
            taken = min(samples, count)
            if live:
                self.delays += [now - pushed] * max(1, taken // 24)  # one for each millisecond
            count -= taken
            waiting[0] = (samples - taken, pushed, live)
            if samples == taken:
                waiting.popleft()

    def _interrupt(self, frames: Iterator[LiveFrame]) -> None:
        session, sentence = self._session, _sentences()[0]
        for k in range(INTERRUPTIONS):
            session.push_audio(sentence, RATE)
            last = next(frames).motion
            for _ in range(12 + 5 * k):
                last = next(frames).motion
            session.interrupt()
            interrupted, closed = time.perf_counter(), False
            for _ in range(12):
                frame = next(frames)
                self.fastest_closing = max(self.fastest_closing, _speed(last, frame))
                last = frame.motion
                if not closed and _open(frame.motion) < AT_REST:
                    self.closings.append(time.perf_counter() - interrupted)
                    closed = True
            if not closed:
                self.closings.append(float("inf"))


class _Speaker(threading.Thread):
    """Pushes replies in bursts and speech as it is spoken, by turns, with pauses between."""

    def __init__(self, session: LiveSession, seed: int) -> None:
        super().__init__(daemon=True)
        self._session, self._random = session, np.random.default_rng(seed)
        self._stopped = threading.Event()
        self.waiting: deque[tuple[int, float, bool]] = deque()
        self.pushed = 0

    def run(self) -> None:
        live = True
        for sentence in cycle(_sentences()):
            piece, pace = (SPOKEN_PIECE, 1.0) if live else (BURST_PIECE, BURST_PACE)
            size, began = round(piece * RATE), time.perf_counter()
            for at in range(0, len(sentence), size):
                samples = sentence[at : at + size]
                # A microphone gives a piece when its last sample was spoken.
                due = began + (at + len(samples)) / RATE / pace
                if self._stopped.wait(max(0.0, due - time.perf_counter())):
                    break
                self.waiting.append((len(samples), time.perf_counter(), live))
                self._session.push_audio(samples, RATE)
                self.pushed += len(samples)
            self._session.flush()
            rest = 0.0 if live else self._session.queued_seconds
            if self._stopped.wait(rest + float(self._random.uniform(*PAUSES))):
                return
            live = not live

    def stop(self) -> None:
        """End, and wait for it."""
        self._stopped.set()
        if self.is_alive():
            self.join()


def _sentences() -> list[NDArray[np.int16]]:
    """What is said: the demonstration's sentence and reference, at the bench's rate."""
    from sdk.media import read_audio

    assets = load_assets()
    read = (read_audio(one, rate=RATE).samples for one in (assets.sentence, assets.speech))
    return [np.asarray(np.clip(samples * 32767, -32767, 32767), dtype=np.int16) for samples in read]


def _mouth(motion: Motion) -> FloatArray:
    return np.concatenate([motion.expression[0, JAW], motion.expression[0, MOUTH]])


def _open(motion: Motion) -> float:
    return float(np.abs(_mouth(motion)).max())


def _speed(before: Motion, frame: LiveFrame) -> float:
    """Of the fastest landmark of lips and jaw, eye distances a second."""
    way = np.linalg.norm(_mouth(frame.motion) - _mouth(before), axis=1).max()
    return float(way * Fraction(frame.motion.rate))

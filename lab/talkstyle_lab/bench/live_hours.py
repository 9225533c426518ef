"""Hours of a live session by a simulated clock: does it keep its memory and its time?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Final

import numpy as np

from sdk.animation import Animator
from sdk.drawing import drawn_face
from sdk.progress import ProgressCallback, Reporter
from sdk.session import SimulatedClock, open_session
from talkstyle_lab.bench.live import RATE, _sentences
from talkstyle_lab.bench.memory import resident

SETTLED_SECONDS: Final = 60


@dataclass(frozen=True, kw_only=True)
class LiveHours:
    """What was measured."""

    minutes: float  # simulated
    size: tuple[int, int]
    fps: float
    resident_after_a_minute: float  # MiB
    resident_at_the_end: float  # MiB
    resident_at_most: float  # MiB, between the two
    drift_frames: int
    samples_in: int
    samples_out: int
    seconds: float  # what it took


def run_live_hours(
    *,
    minutes: float = 60.0,
    size: int = 256,
    fps: float = 25,
    generator: str | None = None,
    on_progress: ProgressCallback | None = None,
) -> LiveHours:
    """Run a session for so long: replies, pauses, an interruption every fifth, another style every twentieth."""
    report, clock, random = Reporter(on_progress), SimulatedClock(), np.random.default_rng(0)
    session = open_session(Animator(generator=generator), drawn_face(size).pixels, fps=fps, rate=RATE, clock=clock)
    sentences, readings = _sentences(), [0.0]
    pushed = spoken = replies = 0
    next_reply, began = 0.0, time.perf_counter()
    for frame in session:
        spoken += frame.spoken
        now = float(frame.time)
        if now >= SETTLED_SECONDS and frame.index % 50 == 0:
            readings.append(resident())
        if now >= minutes * 60:
            break
        if not session.speaking and now >= next_reply:
            sentence = sentences[replies % 2]
            session.push_audio(sentence, RATE)
            session.flush()
            replies += 1
            if replies % 5 == 0:
                next_reply = now + 3.0
            else:
                pushed += len(sentence)
                next_reply = now + float(random.uniform(1, 20))
            if replies % 20 == 0:
                session.set_style(("lively", None)[replies // 20 % 2])
            counted = spoken
        elif replies % 5 == 0 and session.speaking and now >= next_reply:
            session.interrupt()
            spoken = counted
        report("live", min(1.0, now / (minutes * 60)))
    drift = frame.index - int((clock.time() + 1e-6) * session.fps)
    while session.speaking:
        spoken += next(iter(session)).spoken
    session.close()
    return LiveHours(
        minutes=minutes,
        size=session.size,
        fps=fps,
        resident_after_a_minute=readings[1],
        resident_at_the_end=readings[-1],
        resident_at_most=max(readings),
        drift_frames=drift,
        samples_in=pushed,
        samples_out=spoken,
        seconds=time.perf_counter() - began,
    )

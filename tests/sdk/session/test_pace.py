"""Frames at their times, by a clock that tests move."""

import asyncio
import gc
import tracemalloc
from fractions import Fraction
from itertools import islice

import numpy as np
import pytest

from sdk.errors import LiveInUse
from sdk.session import SimulatedClock
from sdk.session.clock import Pace
from tests.sdk.animation.fakes import RATE
from tests.sdk.session.sessions import opened, sound, speech, until_end


def test_frames_come_when_they_are_due():
    clock = SimulatedClock()
    clock.advance(1234.5)
    times = []
    for frame in islice(opened(clock=clock, fps=29.97), 300):
        times.append(clock.time())
        assert frame.skipped == 0
        clock.advance(0.011)  # what the consumer does with it
    expected = 1234.5 + np.arange(300) * 1001 / 30000
    np.testing.assert_allclose(times, expected, atol=1e-6)


def test_nothing_drifts_in_ten_years():
    for fps in (Fraction(25), Fraction(30000, 1001)):
        clock = SimulatedClock()
        pace = Pace(fps, clock)
        assert pace.until(0) == 0
        index = 10 * 365 * 86400 * 25
        assert pace.until(index) == pytest.approx(float(index / fps), abs=1e-6)
        clock.advance(pace.until(index))
        assert pace.newest(index) == index
        assert pace.until(index + 1) == pytest.approx(float(1 / fps), abs=1e-6)


def test_a_late_consumer_gets_the_newest_frame_and_all_of_the_sound():
    clock = SimulatedClock()
    session, pcm = opened(clock=clock), speech(4)
    session.push_audio(pcm, RATE)
    session.flush()
    frames, skipped = [], 0
    for frame in session:
        frames.append(frame)
        assert frame.time <= Fraction(round(clock.time() * 1e6), 10**6) < frame.time + Fraction(2, 25)
        if frame.end_of_utterance:
            break
        clock.advance(0.21)
    skipped = sum(frame.skipped for frame in frames)
    assert skipped == frames[-1].index + 1 - len(frames)
    assert 0.7 < skipped / frames[-1].index < 0.9  # four of five or so
    heard = sound(frames)
    np.testing.assert_array_equal(heard[heard != 0], pcm)
    assert len(heard) == (frames[-1].index + 1) * RATE // 25


def test_after_a_long_absence_the_session_goes_on_where_it_was_left():
    clock = SimulatedClock()
    session, pcm = opened(clock=clock), speech(2)
    session.push_audio(pcm, RATE)
    session.flush()
    frames = list(islice(session, 20))
    clock.advance(7200)
    back = clock.time()
    frames += until_end(session)
    assert all(frame.skipped == 0 for frame in frames)
    assert clock.time() - back == pytest.approx((len(frames) - 21) / 25, abs=1e-6)  # and at its pace
    heard = sound(frames)
    np.testing.assert_array_equal(heard[heard != 0], pcm)


def test_its_memory_and_its_time_are_kept():
    """By bursts and pauses; ``talkstyle bench live`` does so for an hour."""
    clock = SimulatedClock()
    session, random = opened(clock=clock), np.random.default_rng(0)
    tracemalloc.start()
    try:
        held, pushed, spoken = [], 0, 0
        for frame in session:
            spoken += frame.spoken
            if frame.index % 100 == 0:
                pcm = speech(float(random.uniform(0.1, 3)), seed=frame.index)
                session.push_audio(pcm, RATE)
                session.flush()
                pushed += len(pcm)
            if frame.index in (300, 1300):
                gc.collect()
                held.append(tracemalloc.get_traced_memory()[0])
                if len(held) == 2:
                    break
    finally:
        tracemalloc.stop()
    assert held[1] - held[0] < 200_000
    assert clock.time() == pytest.approx(1300 / 25, abs=1e-6)
    assert pushed - 3 * RATE < spoken <= pushed


def test_an_event_loop_takes_frames_and_goes_on_meanwhile():
    async def run():
        session, pcm, ticks = opened(clock=SimulatedClock()), speech(1), 0

        async def tick():
            nonlocal ticks
            while True:
                ticks += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(tick())
        session.push_audio(pcm, RATE)
        session.flush()
        frames = []
        async for frame in session:
            frames.append(frame)
            if frame.end_of_utterance:
                break
        task.cancel()
        heard = sound(frames)
        np.testing.assert_array_equal(heard[heard != 0], pcm)
        assert frames[0].notice is not None
        assert ticks > len(frames)
        async for frame in session:  # the loop before has ended
            assert frame.index == frames[-1].index + 1
            session.close()
        assert session.closed

    asyncio.run(run())


def test_a_loop_that_is_cancelled_loses_no_frame():
    async def run():
        session, pcm = opened(), speech(1)
        session.push_audio(pcm, RATE)
        session.flush()
        frames = []

        async def take():
            async for frame in session:
                frames.append(frame)  # noqa: PERF401 those before it is cancelled are kept

        for _ in range(20):
            task = asyncio.create_task(take())
            await asyncio.sleep(0.002)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
        async for frame in session:
            frames.append(frame)
            if len(frames) > 60:
                break
        assert [frame.index for frame in frames] == [*range(len(frames))]
        heard = sound(frames)
        np.testing.assert_array_equal(heard[heard != 0], pcm)

    asyncio.run(run())


def test_a_frame_goes_to_one_taker():
    session = opened()
    frame = session.take()
    session.delivered(frame)
    with pytest.raises(LiveInUse):
        session.delivered(frame)

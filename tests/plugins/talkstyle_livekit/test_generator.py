"""The face of a LiveKit agent, run by LiveKit's own ``AvatarRunner``; only the room is ours."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import numpy as np
import pytest

from sdk.errors import ConfigError
from tests.sdk.animation.fakes import RATE, Renderer
from tests.sdk.session.sessions import opened, speech

pytest.importorskip("livekit.agents", reason="the extra livekit is not installed")
pytestmark = pytest.mark.filterwarnings("default")

from livekit import rtc  # noqa: E402
from livekit.agents.voice.avatar import AudioSegmentEnd, AvatarRunner, QueueAudioOutput  # noqa: E402

from talkstyle_livekit import FaceGenerator  # noqa: E402


class Room:
    """A room that takes tracks, and sends them nowhere."""

    def __init__(self):
        self.local_participant = self
        self.tracks = []

    def isconnected(self):
        return True

    def on(self, *_):
        pass

    off = on

    async def publish_track(self, track, options):
        self.tracks.append(track)
        return self

    async def wait_for_subscription(self):
        pass


class Stage:
    """An agent's sound, the runner, and everything that the runner pushes on, with its time."""

    def __init__(self, session):
        self.session, self.face = session, FaceGenerator(session)
        self.sound, self.finished, self.pushed = QueueAudioOutput(sample_rate=session.rate), [], []
        self.sound.on("playback_finished", self.finished.append)

    async def __aenter__(self):
        self.runner = AvatarRunner(Room(), audio_recv=self.sound, video_gen=self.face, options=self.face.options)
        push = self.runner.av_sync.push

        async def watched(frame, timestamp=None):
            self.pushed.append((time.monotonic(), frame))
            await push(frame, timestamp)

        self.runner.av_sync.push = watched
        await self.runner.start()
        return self

    async def __aexit__(self, *_):
        self.session.close()
        await self.runner.aclose()

    async def say(self, pcm, *, piece=2400, flush=True):
        for at in range(0, len(pcm), piece):
            part = pcm[at : at + piece]
            await self.sound.capture_frame(rtc.AudioFrame(part.tobytes(), RATE, 1, len(part)))
        if flush:
            self.sound.flush()

    def of(self, kind):
        return [frame for _, frame in self.pushed if isinstance(frame, kind)]


async def until(condition, *, seconds=20):
    for _ in range(seconds * 50):
        if condition():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("it did not happen")


def test_an_utterance_faster_than_real_time_comes_out_whole_and_in_step():
    async def run():
        pcm = speech(1.5)
        async with Stage(opened(paced=True)) as stage:
            began = time.monotonic()
            await stage.say(pcm)
            assert time.monotonic() - began < 1.0
            await until(lambda: stage.finished)
            (event,) = stage.finished
            assert not event.interrupted
            heard = np.concatenate([np.frombuffer(frame.data, np.int16) for frame in stage.of(rtc.AudioFrame)])
            np.testing.assert_array_equal(heard[heard != 0], pcm)
            assert event.playback_position == pytest.approx(len(heard) / RATE)
            # Each piece of sound follows its own picture, and they are of one length.
            kinds = [type(frame) for _, frame in stage.pushed]
            spoken = [k for k, kind in enumerate(kinds) if kind is rtc.AudioFrame]
            assert all(kinds[k - 1] is rtc.VideoFrame for k in spoken)
            assert len(heard) / RATE == pytest.approx(sum(kinds[k - 1] is rtc.VideoFrame for k in spoken) / 25, abs=0.2)
            await asyncio.sleep(0.3)
            assert len(stage.of(rtc.AudioFrame)) == len(spoken)  # idling is silent, and goes on
            assert isinstance(stage.pushed[-1][1], rtc.VideoFrame)
            assert len(stage.of(rtc.VideoFrame)) > len([kind for kind in kinds if kind is rtc.VideoFrame])

    asyncio.run(run())


def test_the_segment_ends_after_its_last_sound():
    async def run():
        session, pcm = opened(paced=True), speech(0.5)
        face, given = FaceGenerator(session), []
        await face.push_audio(rtc.AudioFrame(pcm.tobytes(), RATE, 1, len(pcm)))
        await face.push_audio(AudioSegmentEnd())
        async for frame in face:
            given.append(frame)
            if isinstance(frame, AudioSegmentEnd):
                break
        session.close()
        kinds = [type(frame) for frame in given]
        assert kinds[-3:] == [rtc.VideoFrame, rtc.AudioFrame, AudioSegmentEnd]
        heard = np.concatenate([np.frombuffer(one.data, np.int16) for one in given if isinstance(one, rtc.AudioFrame)])
        assert np.count_nonzero(heard) == len(pcm)
        assert (given[0].width, given[0].height) == session.size

    asyncio.run(run())


def test_clearing_the_buffer_stops_within_two_frames():
    async def run():
        async with Stage(opened(paced=True)) as stage:
            await stage.say(speech(20), flush=False)
            await until(lambda: len(stage.of(rtc.AudioFrame)) > 10)
            stage.sound.flush()  # an agent that is interrupted ends its segment, then clears
            stage.sound.clear_buffer()
            stopped = time.monotonic()
            await until(lambda: stage.finished)
            await asyncio.sleep(0.4)
            assert stage.finished[0].interrupted
            late = [at - stopped for at, frame in stage.pushed if isinstance(frame, rtc.AudioFrame) and at > stopped]
            assert len(late) <= 2
            assert isinstance(stage.pushed[-1][1], rtc.VideoFrame)
            pcm = speech(0.4, seed=5)
            await stage.say(pcm)
            await until(lambda: len(stage.finished) == 2)
            assert not stage.finished[1].interrupted
            heard = np.concatenate([np.frombuffer(one.data, np.int16) for one in stage.of(rtc.AudioFrame)])
            np.testing.assert_array_equal(heard[heard != 0][-len(pcm) :], pcm)

    asyncio.run(run())


def test_what_does_not_fit_waits_and_is_dropped_when_cleared():
    async def run():
        session = opened(paced=True, queue_seconds=1)
        face = FaceGenerator(session)
        frame = rtc.AudioFrame(speech(0.8).tobytes(), RATE, 1, RATE * 4 // 5)
        await face.push_audio(frame)
        waits = asyncio.create_task(face.push_audio(frame))
        await asyncio.sleep(0.25)
        assert not waits.done()
        face.clear_buffer()
        await asyncio.wait_for(waits, 1)
        assert session.queued_seconds == 0
        session.close()
        face.clear_buffer()

    asyncio.run(run())


def test_several_channels_are_mixed_and_other_rates_taken():
    async def run():
        session, pcm = opened(paced=False), speech(0.5, rate=48_000)
        face = FaceGenerator(session)
        both = np.stack([pcm, -pcm], axis=1)
        await face.push_audio(rtc.AudioFrame(both.tobytes(), 48_000, 2, len(pcm)))
        await face.push_audio(AudioSegmentEnd())
        heard = [np.zeros(0, np.int16)]
        async for frame in face:
            if isinstance(frame, rtc.AudioFrame):
                heard.append(np.frombuffer(frame.data, np.int16))
            if isinstance(frame, AudioSegmentEnd):
                break
        assert np.abs(np.concatenate(heard)).max() <= 1
        assert len(np.concatenate(heard)) == pytest.approx(RATE // 2, abs=RATE // 12)

    asyncio.run(run())


def test_a_region_is_refused():
    class Patch(Renderer):
        def region(self, prepared):
            return (8, 4, 40, 30)

    with pytest.raises(ConfigError, match="whole pictures"):
        FaceGenerator(opened(parts={"renderer": Patch()}, region="face"))
    assert SimpleNamespace(**vars(FaceGenerator(opened()).options)).video_fps == 25.0

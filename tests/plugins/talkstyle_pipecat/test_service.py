"""The face of a Pipecat bot, in Pipecat's own pipeline, behind a service that speaks recorded sound."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import numpy as np
import pytest

from sdk.errors import ConfigError
from tests.sdk.animation.fakes import RATE, Renderer
from tests.sdk.session.sessions import opened, speech

pytestmark = pytest.mark.filterwarnings("default")
pytest.importorskip("pipecat.services.ai_service", reason="the extra pipecat is not installed")

from pipecat.frames.frames import (  # noqa: E402
    EndFrame,
    ErrorFrame,
    InterruptionFrame,
    OutputImageRawFrame,
    TTSAudioRawFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
)
from pipecat.pipeline.pipeline import Pipeline  # noqa: E402
from pipecat.pipeline.worker import PipelineWorker  # noqa: E402
from pipecat.processors.frame_processor import FrameProcessor  # noqa: E402
from pipecat.tests.utils import SleepFrame, run_test  # noqa: E402
from pipecat.workers.runner import WorkerRunner  # noqa: E402

from talkstyle_pipecat import FaceService  # noqa: E402


def reply(pcm, *, piece=1600, stop=True):
    pieces = [TTSAudioRawFrame(pcm[at : at + piece].tobytes(), RATE, 1) for at in range(0, len(pcm), piece)]
    return [TTSStartedFrame(), *pieces, *[TTSStoppedFrame()] * stop]


def heard(frames):
    sound = [np.frombuffer(frame.audio, np.int16) for frame in frames if isinstance(frame, TTSAudioRawFrame)]
    return np.concatenate([np.zeros(0, np.int16), *sound])


def of(frames, kind):
    return [frame for frame in frames if isinstance(frame, kind)]


def ran(session, sent):
    """What comes out downstream and upstream."""

    async def run():
        return await run_test(FaceService(session), frames_to_send=sent)

    return asyncio.run(run())


def test_speech_comes_out_whole_each_piece_behind_its_picture():
    session, pcm = opened(paced=True), speech(1.2)
    down, _ = ran(session, reply(pcm))
    sound = heard(down)
    np.testing.assert_array_equal(sound[sound != 0], pcm)
    media = [frame for frame in down if isinstance(frame, TTSAudioRawFrame | OutputImageRawFrame | TTSStoppedFrame)]
    pictures = [before for before, frame in pairwise(media) if isinstance(frame, TTSAudioRawFrame)]
    assert all(isinstance(frame, OutputImageRawFrame) for frame in pictures)
    said = [frame for frame in media if not isinstance(frame, OutputImageRawFrame)]
    assert isinstance(said[-1], TTSStoppedFrame)  # after the last sound
    assert len(of(down, TTSStoppedFrame)) == len(of(down, TTSStartedFrame)) == 1
    first = of(down, OutputImageRawFrame)[0]
    assert (first.size, first.format, len(first.image)) == ((64, 48), "RGB", 64 * 48 * 3)
    assert "digitalsourcetype" in first.metadata["notice"]
    assert session.closed


def test_the_face_idles_before_anything_is_said():
    down, _ = ran(opened(paced=True), [SleepFrame(0.5)])
    assert len(of(down, OutputImageRawFrame)) > 5
    assert len(heard(down)) == 0


def test_an_interruption_stops_the_speech():
    session = opened(paced=True)
    down, _ = ran(session, [*reply(speech(20), stop=False), SleepFrame(1.2), InterruptionFrame(), SleepFrame(0.4)])
    at = next(k for k, frame in enumerate(down) if isinstance(frame, InterruptionFrame))
    assert 0 < len(heard(down)) < 2 * RATE
    assert len(heard(down[at:])) <= 2 * RATE // 25
    assert len(of(down[at:], OutputImageRawFrame)) > 4


def test_after_an_interruption_the_next_reply_is_whole():
    pcm = speech(0.6, seed=4)
    sent = [*reply(speech(5)), SleepFrame(0.8), InterruptionFrame(), SleepFrame(0.2), *reply(pcm)]
    down, _ = ran(opened(paced=True), sent)
    sound = heard(down)
    np.testing.assert_array_equal(sound[sound != 0][-len(pcm) :], pcm)
    assert len(of(down, TTSStoppedFrame)) == 1  # that of the interrupted reply went with it


def test_if_the_face_fails_the_speech_goes_on():
    pcm, more = speech(1.5), speech(0.4, seed=2)
    session = opened(paced=True, parts={"renderer": Renderer(fail_at=25)})
    down, up = ran(session, [*reply(pcm), SleepFrame(1.5), *reply(more)])
    sound = heard(down)
    np.testing.assert_array_equal(sound[sound != 0], np.concatenate([pcm, more]))
    assert len(of(down, OutputImageRawFrame)) == 24
    assert len(of(down, TTSStoppedFrame)) == 2
    assert any("the face failed" in frame.error for frame in of(up, ErrorFrame))


def test_a_reply_that_does_not_fit_waits():
    pcm = speech(2.5)
    down, _ = ran(opened(paced=True, queue_seconds=1), reply(pcm))
    sound = heard(down)
    np.testing.assert_array_equal(sound[sound != 0], pcm)


def test_in_a_pipeline_with_a_voice_and_a_sink():
    """The voice speaks when the pipeline starts; the sink is what a transport would be."""
    pcm, got = speech(0.8), []

    class Voice(FrameProcessor):
        async def process_frame(self, frame, direction):
            await super().process_frame(frame, direction)
            if isinstance(frame, EndFrame):
                for one in reply(pcm):
                    await self.push_frame(one)
            await self.push_frame(frame, direction)

    class Sink(FrameProcessor):
        async def process_frame(self, frame, direction):
            await super().process_frame(frame, direction)
            got.append(frame)
            await self.push_frame(frame, direction)

    async def run():
        worker = PipelineWorker(
            Pipeline([Voice(), FaceService(opened(paced=True)), Sink()]), cancel_on_idle_timeout=False
        )
        await worker.queue_frame(EndFrame())
        runner = WorkerRunner()
        await runner.add_workers(worker)
        await runner.run()

    asyncio.run(run())
    sound = heard(got)
    np.testing.assert_array_equal(sound[sound != 0], pcm)


def test_a_region_is_refused():
    class Patch(Renderer):
        def region(self, prepared):
            return (8, 4, 40, 30)

    with pytest.raises(ConfigError, match="whole pictures"):
        FaceService(opened(parts={"renderer": Patch()}, region="face"))

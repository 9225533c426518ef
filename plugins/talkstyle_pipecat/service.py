"""Pipecat's ``AIService``: speech in, pictures and the speech in step out."""

from __future__ import annotations

import asyncio
from collections import deque
from fractions import Fraction
from typing import Any, Final

import numpy as np
from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    Frame,
    InterruptionFrame,
    OutputImageRawFrame,
    StartFrame,
    TTSAudioRawFrame,
    TTSStoppedFrame,
)
from pipecat.processors.frame_processor import FrameDirection
from pipecat.services.ai_service import AIService
from pipecat.services.settings import ServiceSettings

from sdk.errors import ConfigError, LiveQueueFull
from sdk.session import LiveFrame, LiveSession
from talkstyle_pipecat.unheard import Unheard

_ROOM_SECONDS: Final = 0.1
"""Between two looks whether a full queue has room: a reply is pushed faster than it is spoken."""

_SLACK_SECONDS: Final = 5.0
"""Beyond what waits, how long the end of a pipeline waits for the last words."""


class FaceService(AIService):
    """Speaks with a face what a speech service says; put it between that and the transport's output.

    ``TTSAudioRawFrame`` goes in. Out come, 25 times a second, an ``OutputImageRawFrame`` and, where something is said,
    the ``TTSAudioRawFrame`` that is heard with it; ``TTSStoppedFrame`` follows its last sound. An ``InterruptionFrame``
    stops the speech and closes the mouth. If the face fails, an error is pushed, and the speech goes on without it.

    The transport needs ``video_out_enabled`` and ``video_out_is_live``, with the session's size and frame rate.

    Args:
        session: Open, with whole pictures, at its own pace, best at the transport's sample rate. It is closed at the
            pipeline's end.
        sync_with_audio: Show each picture once all sound before it was sent, for transports that are not live.
        kwargs: For ``AIService``.

    Raises:
        ConfigError: The session gives a region instead of pictures.
    """

    def __init__(self, session: LiveSession, *, sync_with_audio: bool = False, **kwargs: Any) -> None:
        if session.box != (0, 0, *session.size):
            hint = 'Open the session with region="picture".'
            raise ConfigError("Pipecat's video is of whole pictures", where="FaceService", hint=hint)
        super().__init__(settings=ServiceSettings(model=None), **kwargs)
        self._session = session
        self._sync_with_audio = sync_with_audio
        self._unheard = Unheard()
        self._stops: deque[TTSStoppedFrame] = deque()
        self._context: str | None = None
        self._showing: asyncio.Task[None] | None = None
        self._shown = 0
        self._failed = False
        self._passed_on = asyncio.Event()

    async def start(self, frame: StartFrame) -> None:
        """Begin to show the face."""
        await super().start(frame)
        self._showing = self.create_task(self._show())

    async def stop(self, frame: EndFrame) -> None:
        """Speak to the end, then go."""
        await super().stop(frame)
        if not self._failed and not self._session.closed:
            self._session.flush()
            limit = self._session.queued_seconds + self._session.delay_seconds + _SLACK_SECONDS
            shown = self._shown
            # After the last word one more frame, so that the one before it has gone out whole.
            while (self._session.speaking or self._shown == shown) and not self._failed and limit > 0:
                shown = self._shown if self._session.speaking else shown
                await asyncio.sleep(float(1 / self._session.fps))
                limit -= float(1 / self._session.fps)
        await self._end()

    async def cancel(self, frame: CancelFrame) -> None:
        """Go at once."""
        await super().cancel(frame)
        await self._end()

    async def cleanup(self) -> None:
        """Go, if that has not happened."""
        await super().cleanup()  # type: ignore[no-untyped-call]
        await self._end()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Keep speech and its end until they are shown, stop at interruptions, and pass everything else on."""
        await super().process_frame(frame, direction)
        if self._failed:
            await self._passed_on.wait()
        if self._failed or direction is not FrameDirection.DOWNSTREAM:
            await self.push_frame(frame, direction)
        elif isinstance(frame, InterruptionFrame):
            self._unheard.clear()
            self._stops.clear()
            self._session.interrupt()
            await self.push_frame(frame, direction)
        elif isinstance(frame, TTSAudioRawFrame):
            await self._speak(frame)
        elif isinstance(frame, TTSStoppedFrame) and self._session.speaking:
            self._stops.append(frame)
            self._session.flush()
        else:
            await self.push_frame(frame, direction)

    async def _speak(self, frame: TTSAudioRawFrame) -> None:
        audio = frame.audio
        if frame.num_channels > 1:
            channels = np.frombuffer(audio, np.int16).reshape(-1, frame.num_channels)
            audio = np.asarray(channels.mean(axis=1).round(), dtype=np.int16).tobytes()
        while not self._failed:
            try:
                self._session.push_audio(audio, frame.sample_rate)
            except LiveQueueFull:
                await asyncio.sleep(_ROOM_SECONDS)
                continue
            self._context = frame.context_id
            self._unheard.add(audio, frame.sample_rate)
            return
        await self._passed_on.wait()
        await self.push_frame(frame)

    async def _show(self) -> None:
        try:
            async for frame in self._session:
                await self._give(frame)
        except Exception as error:
            self._failed = True
            try:
                await self.push_error(f"the face failed, and the speech goes on without it: {error}", error)
                for audio, rate in self._unheard.take():
                    await self.push_frame(TTSAudioRawFrame(audio, rate, 1, context_id=self._context))
                while self._stops:
                    await self.push_frame(self._stops.popleft())
            finally:
                self._passed_on.set()

    async def _give(self, frame: LiveFrame) -> None:
        height, width, channels = frame.image.shape
        picture = OutputImageRawFrame(frame.image.tobytes(), (width, height), "RGBA" if channels == 4 else "RGB")
        picture.sync_with_audio = self._sync_with_audio
        if frame.notice is not None:
            picture.metadata["notice"] = dict(frame.notice.tags)
        await self.push_frame(picture)
        if frame.spoken:
            self._unheard.heard(Fraction(frame.spoken, self._session.rate))
            sound = TTSAudioRawFrame(frame.sound.tobytes(), self._session.rate, 1, context_id=self._context)
            await self.push_frame(sound)
        if frame.end_of_utterance and self._stops:
            await self.push_frame(self._stops.popleft())
        self._shown += 1

    async def _end(self) -> None:
        if self._showing is not None:
            showing, self._showing = self._showing, None
            await self.cancel_task(showing)
        self._session.close()

"""LiveKit's ``VideoGenerator``: audio frames in, video and audio frames in step out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Final

import numpy as np
from livekit import rtc
from livekit.agents.voice.avatar import AudioSegmentEnd, AvatarOptions, VideoGenerator
from numpy.typing import NDArray

from sdk.errors import ConfigError, LiveClosed, LiveQueueFull
from sdk.session import LiveFrame, LiveSession

_ROOM_SECONDS: Final = 0.1
"""Between two looks whether a full queue has room: a reply is pushed faster than it is spoken."""


class FaceGenerator(VideoGenerator):
    """Speaks what an agent says, with a face.

    Give it to LiveKit's ``AvatarRunner``, with ``options``. Whatever the agent does, it idles in between; an agent that
    is interrupted clears its buffer, and the face closes its mouth.

    Args:
        session: Open, with whole pictures, at its own pace. It stays the caller's, who closes it.

    Raises:
        ConfigError: The session gives a region instead of pictures.
    """

    def __init__(self, session: LiveSession) -> None:
        if session.box != (0, 0, *session.size):
            hint = 'Open the session with region="picture".'
            raise ConfigError("LiveKit's video is of whole pictures", where="FaceGenerator", hint=hint)
        self._session = session
        self._cleared = 0

    @property
    def options(self) -> AvatarOptions:
        """What ``AvatarRunner`` has to know of the session."""
        width, height = self._session.size
        return AvatarOptions(
            video_width=width,
            video_height=height,
            video_fps=float(self._session.fps),
            audio_sample_rate=self._session.rate,
            audio_channels=1,
        )

    async def push_audio(self, frame: rtc.AudioFrame | AudioSegmentEnd) -> None:
        """Take an audio frame, several channels as their mean, or the end of a segment; waits while too much waits."""
        if isinstance(frame, AudioSegmentEnd):
            self._session.flush()
            return
        samples, cleared = _mono(frame), self._cleared
        while cleared == self._cleared:
            try:
                self._session.push_audio(samples, frame.sample_rate)
                return
            except LiveQueueFull:
                await asyncio.sleep(_ROOM_SECONDS)

    def clear_buffer(self) -> None:
        """Stop speaking at once."""
        self._cleared += 1
        try:
            self._session.interrupt()
        except LiveClosed:
            return  # nothing speaks any more

    async def __aiter__(self) -> AsyncIterator[rtc.VideoFrame | rtc.AudioFrame | AudioSegmentEnd]:  # type: ignore[override]
        """Give out each picture, then its sound if something is said, then the segment's end after its last sound."""
        async for frame in self._session:
            yield _picture(frame)
            if frame.spoken:
                yield rtc.AudioFrame(frame.sound.tobytes(), self._session.rate, 1, len(frame.sound))
            if frame.end_of_utterance:
                yield AudioSegmentEnd()


def _mono(frame: rtc.AudioFrame) -> NDArray[np.int16]:
    samples = np.frombuffer(frame.data, dtype=np.int16)
    if frame.num_channels == 1:
        return samples
    return np.asarray(samples.reshape(-1, frame.num_channels).mean(axis=1).round(), dtype=np.int16)


def _picture(frame: LiveFrame) -> rtc.VideoFrame:
    height, width, channels = frame.image.shape
    kind = rtc.VideoBufferType.RGBA if channels == 4 else rtc.VideoBufferType.RGB24
    return rtc.VideoFrame(width, height, kind, frame.image.tobytes())

"""An mp4 that plays everywhere: H.264 and AAC, in exact sync, whole or not at all."""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from sdk._version import __version__
from sdk.data import FloatArray
from sdk.errors import ConfigError, InputError, OutputError, SdkError
from sdk.files import atomic_file
from sdk.media.audio import AudioReader

__all__ = ["VideoWriter", "write_video"]

logger = logging.getLogger(__name__)

AUDIO_RATE: Final = 48000
"""Samples a second of the sound track."""

AAC_FRAME: Final = 1024

WAITING: Final = 4
"""Frames that may wait for the encoder: rendering and encoding overlap, and memory stays small."""

THREADS: Final = 4
"""x264's threads. Fixed, because its output depends on their number: the same frames give one file everywhere."""

BT709, LIMITED_RANGE, FULL_RANGE = 1, 1, 2


class VideoWriter:
    """Write an mp4 frame by frame, in constant memory; the old file stays until the new one is whole.

    Encoding runs in a thread of its own; what goes wrong there is raised by the next ``write`` or at the end of the
    ``with`` block. The sound is read as the frames come, cut off at the end of the last frame, or filled up with
    silence to it.

    Args:
        path: Where to; the suffix is .mp4 or .m4v.
        size: ``(width, height)`` in pixels. The file's are even: an odd one gets one replicated row or column.
        rate: Frames a second, exact, such as ``Fraction(30000, 1001)``.
        audio: The sound, or None for a silent video.
        crf: x264's quality, 0 to 51; lower is better.
        preset: x264's trade of speed for size.
        background: What shows through transparent frames, RGB.
        metadata: Further tags of the file.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        size: tuple[int, int],
        rate: Fraction | int,
        audio: AudioReader | None = None,
        crf: int = 18,
        preset: str = "veryfast",
        background: tuple[int, int, int] = (255, 255, 255),
        metadata: Mapping[str, str] | None = None,
    ) -> None:
        self.path = Path(path)
        self.size = size
        self.rate = Fraction(rate)
        self.frames = 0
        if self.path.suffix.lower() not in (".mp4", ".m4v"):
            raise ConfigError(f"videos are written as .mp4, not {self.path.suffix!r}", where=str(self.path))
        if min(size) < 2 or max(size) > 16384:
            raise ConfigError(f"a video of {size[0]} x {size[1]} pixels cannot be written", where=str(self.path))
        if not 1 <= self.rate <= 240:
            raise ConfigError(f"a rate of {self.rate} frames a second makes no sense", where=str(self.path))
        if not 0 <= crf <= 51:
            raise ConfigError(f"crf={crf} is out of range", where=str(self.path), hint="Give a number from 0 to 51.")
        self._audio = audio
        self._options = {"crf": str(crf), "preset": preset, "threads": str(THREADS)}
        self._background = np.array(background, dtype=np.uint16)
        self._metadata = {
            **(metadata or {}),
            "comment": "AI-generated: made with talkstyle",
            "talkstyle": f"version={__version__}; ai-generated=true",
        }
        self._stack = ExitStack()
        self._queue: queue.Queue[av.VideoFrame | None] = queue.Queue(maxsize=WAITING)
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> VideoWriter:
        """Begin the file under a temporary name.

        Raises:
            OutputError: The folder is missing or not writable.
        """
        temporary = self._stack.enter_context(atomic_file(self.path))
        self._thread = threading.Thread(target=self._run, args=(temporary,), name="talkstyle-encoder", daemon=True)
        self._thread.start()
        return self

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Append a frame, uint8 ``[H, W, 3]``, or ``[H, W, 4]`` to be laid over the background.

        Raises:
            InputError: The frame has another shape or dtype.
            OutputError: The disk or the encoder failed, at this frame or one before it.
        """
        if self._thread is None:
            raise OutputError("the writer is not open", where=str(self.path), hint="Use it in a with block.")
        width, height = self.size
        channels = frame.shape[2] if frame.ndim == 3 else 0
        if frame.dtype != np.uint8 or frame.shape[:2] != (height, width) or channels not in (3, 4):
            raise InputError(
                f"frame {self.frames} is {frame.dtype} {list(frame.shape)}, not uint8 [{height}, {width}, 3 or 4]",
                where=str(self.path),
            )
        if channels == 4:
            frame = self._composite(frame)
        if width % 2 or height % 2:
            frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")  # copies
        picture.pts = self.frames
        picture.time_base = 1 / self.rate
        self._raise()
        self._queue.put(picture)
        self.frames += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Finish the file and move it into place; after an error, leave what stood there before.

        Raises:
            OutputError: The disk or the encoder failed, or no frame was written.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return
        if error is not None:
            self._stop.set()
        self._queue.put(None)
        thread.join()
        with self._stack:  # an exception inside makes atomic_file drop the temporary file
            if error is not None:
                raise error
            self._raise()
            if self.frames == 0:
                raise OutputError("no frame was written", where=str(self.path))

    def _composite(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        alpha = frame[:, :, 3:].astype(np.uint16)
        return ((frame[:, :, :3] * alpha + self._background * (255 - alpha) + 127) // 255).astype(np.uint8)

    def _raise(self) -> None:
        if self._error is None:
            return
        if isinstance(self._error, SdkError):
            raise self._error
        raise OutputError(
            f"the video could not be written: {self._error}",
            where=str(self.path),
            hint="Nothing was left half-written. Check the space on the disk.",
        ) from self._error

    def _run(self, temporary: Path) -> None:
        """The encoder's thread: everything that touches the file."""
        try:
            self._encode(temporary)
        except BaseException as error:
            self._error = error
            while self._queue.get() is not None:  # let the caller's put() go on until it sees the error
                pass

    def _encode(self, temporary: Path) -> None:
        options = {"movflags": "+faststart+use_metadata_tags", "fflags": "+bitexact"}  # bitexact: no dates, no versions
        with av.open(str(temporary), "w", format="mp4", container_options=options) as container:
            container.metadata.update(self._metadata)
            video = self._add_video(container)
            sound = None if self._audio is None else _Sound(container, self._audio.at(AUDIO_RATE))
            count = 0
            while (picture := self._queue.get()) is not None:
                if self._stop.is_set():
                    continue
                yuv = picture.reformat(
                    format="yuv420p",
                    src_color_range=FULL_RANGE,
                    dst_color_range=LIMITED_RANGE,
                    dst_colorspace=BT709,
                )
                yuv.pts, yuv.time_base = picture.pts, picture.time_base
                container.mux(video.encode(yuv))
                count += 1
                if sound is not None:
                    sound.encode_until(round(count / self.rate * AUDIO_RATE))
            if self._stop.is_set() or count == 0:
                return
            container.mux(video.encode(None))
            if sound is not None:
                sound.finish(round(count / self.rate * AUDIO_RATE))

    def _add_video(self, container: OutputContainer) -> VideoStream:
        stream = container.add_stream("libx264", rate=self.rate, options=self._options)
        width, height = self.size
        context = stream.codec_context
        context.width, context.height = width + width % 2, height + height % 2
        context.pix_fmt = "yuv420p"
        context.time_base = 1 / self.rate
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED_RANGE
        return stream


class _Sound:
    """The sound track, encoded as far as the pictures have come."""

    def __init__(self, container: OutputContainer, audio: AudioReader) -> None:
        self._container = container
        self._chunks: Iterator[FloatArray] = iter(audio)
        self._rest: FloatArray = np.zeros(0, np.float32)
        self._done = 0
        self._stream: AudioStream = container.add_stream("aac", rate=AUDIO_RATE)
        self._stream.codec_context.layout = "mono"
        self._stream.codec_context.bit_rate = 128_000
        self._stream.codec_context.flags |= 1 << 23  # bitexact: no version string in the stream

    def encode_until(self, samples: int) -> None:
        """Encode whole AAC frames up to a sample of the track."""
        while self._done + AAC_FRAME <= samples:
            self._encode(AAC_FRAME)

    def finish(self, samples: int) -> None:
        """Encode up to the last sample of the track."""
        self.encode_until(samples)
        if samples > self._done:
            self._encode(samples - self._done)
        self._container.mux(self._stream.encode(None))

    def _encode(self, count: int) -> None:
        while len(self._rest) < count:
            chunk = next(self._chunks, None)
            if chunk is None:
                self._rest = np.pad(self._rest, (0, count - len(self._rest)))
            else:
                self._rest = np.concatenate([self._rest, chunk])
        samples, self._rest = self._rest[:count], self._rest[count:]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples[None]), format="fltp", layout="mono")
        frame.sample_rate = AUDIO_RATE
        frame.pts = self._done
        frame.time_base = Fraction(1, AUDIO_RATE)
        self._container.mux(self._stream.encode(frame))
        self._done += count


def write_video(
    path: str | os.PathLike[str],
    frames: Iterable[NDArray[np.uint8]],
    *,
    rate: Fraction | int,
    audio: AudioReader | None = None,
    **options: Any,
) -> int:
    """Write frames as an mp4 (see ``VideoWriter``, which takes the same options); return how many there were.

    Raises:
        OutputError: There were no frames, or the disk or the encoder failed.
        InputError: A frame differs in shape or dtype from the first.
    """
    iterator = iter(frames)
    first = next(iterator, None)
    if first is None:
        raise OutputError("no frame was given", where=str(path))
    height, width = first.shape[:2]
    with VideoWriter(path, size=(width, height), rate=rate, audio=audio, **options) as writer:
        writer.write(first)
        for frame in iterator:
            writer.write(frame)
    return writer.frames

"""Pictures from a video, each with its exact time, upright and in square pixels."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Any, Final, Literal

import av
import numpy as np
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.stream import VideoStream

from sdk.data import Image
from sdk.errors import MediaCorrupt, MediaError, MediaTrackMissing
from sdk.media.image import open_still
from sdk.media.source import MediaInput, Source, as_source, open_container, stated_end, time_origin

logger = logging.getLogger(__name__)

MAX_PIXELS: Final = 8192 * 8192
"""Pixels in a frame, at most: a hostile header could ask for any amount of memory."""

HDR_TRANSFERS: Final = {16: "PQ (SMPTE 2084)", 18: "HLG (ARIB STD-B67)"}
"""Transfer curves, by their number in ITU-T H.273, that 8-bit sRGB does not hold."""

MISSING: Final = Fraction(1, 2)
"""Seconds that the pictures may end before the header says; beyond it the file is cut off."""

BT709, BT601, FULL_RANGE, LIMITED_RANGE, UNKNOWN_MATRIX = 1, 5, 2, 1, 2


@dataclass(frozen=True, eq=False)
class VideoFrame:
    """One picture of a video.

    Attributes:
        image: uint8 ``[H, W, 3]``, RGB.
        time: Seconds from the beginning, exact.
    """

    image: Image
    time: Fraction


@dataclass(frozen=True, kw_only=True)
class MediaInfo:
    """What a file holds.

    Attributes:
        kind: ``image`` for a still, ``video`` where there are moving pictures, ``audio`` for sound alone.
        duration: Seconds as the container states them; None for stills and where it does not say.
        has_audio: Whether there is a sound track.
        has_video: Whether there are moving pictures; a cover picture is none.
        width: Pixels, upright and square; None for sound.
        height: Pixels, upright and square; None for sound.
        frame_rate: Frames a second on average, or None.
    """

    kind: Literal["audio", "video", "image"]
    duration: Fraction | None = None
    has_audio: bool = False
    has_video: bool = False
    width: int | None = None
    height: int | None = None
    frame_rate: Fraction | None = None


class VideoReader:
    """The frames of a video; each iteration reads them again from the beginning, one at a time.

    Rotation and mirroring that the file states are applied, stretched pixels made square; every frame has the size of
    the first.

    Args:
        source: A path, a file's bytes, or a binary file object.

    Attributes:
        size: ``(width, height)`` in pixels, as delivered.
        duration: Seconds as the container states them, or None.
        frame_rate: Frames a second on average, or None where the container does not say.
        has_audio: Whether there is a sound track too.
        warnings: What is worth knowing about the pictures.

    Raises:
        MediaNotFound: There is no such file.
        MediaCorrupt: It is empty, damaged, or in no known format.
        MediaTrackMissing: It has no moving pictures.
    """

    def __init__(self, source: MediaInput) -> None:
        self._source = as_source(source)
        self.name = self._source.name
        self.warnings: list[str] = []
        with open_container(self._source) as container:
            stream = _pictures(container, self._source)
            self._origin = time_origin(container)
            self.has_audio = bool(container.streams.audio)
            self.frame_rate = stream.average_rate or stream.guessed_rate or None
            self._stated = stated_end(container, stream, self._origin)
            self.duration = self._stated
            if self.duration is None and container.duration is not None:
                self.duration = Fraction(container.duration, 1_000_000)
            first = next(self._decode(container, stream), None)
            if first is None:
                raise MediaCorrupt("the video holds no picture", where=self.name, hint="Export or download it again.")
            self._square = _square(first, stream)
            self._matrix = _display_matrix(first)
            width, height = self._square
            self.size = (height, width) if _turned(self._matrix) else (width, height)
            transfer = HDR_TRANSFERS.get(int(stream.codec_context.color_trc))
        if transfer is not None:
            self.warnings.append(
                f"the video is HDR, {transfer}, and is read without tone mapping: its colours will look flat; "
                "export it as SDR for true colours"
            )

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing stays open between iterations."""

    def __iter__(self) -> Iterator[VideoFrame]:
        """Read from the beginning.

        Yields:
            The frames, with times that only increase.

        Raises:
            MediaCorrupt: Damaged or cut off, naming the second.
        """
        step = 1 / (self.frame_rate or Fraction(25))
        last: Fraction | None = None
        with open_container(self._source) as container:
            stream = _pictures(container, self._source)
            frames = self._decode(container, stream)
            while True:
                try:
                    frame = next(frames, None)
                except (FFmpegError, ValueError) as error:
                    raise self._broken("the file is damaged or cut off; its pictures stop at", last) from error
                if frame is None:
                    break
                time = Fraction(0) if last is None else last + step
                if frame.pts is not None and frame.time_base is not None:
                    time = frame.pts * frame.time_base - self._origin
                if time < 0 or (last is not None and time <= last):
                    logger.debug("%s: a frame at %s s is out of order and dropped", self.name, float(time))
                    continue
                last = time
                yield VideoFrame(self._upright(frame), time)
        if last is None:
            raise MediaCorrupt("the video holds no picture", where=self.name, hint="Export or download it again.")
        if self._stated is not None and last + step < self._stated - max(MISSING, 2 * step):
            raise self._broken(f"the file is cut off; of {float(self._stated):.2f} seconds the pictures stop at", last)

    def _decode(self, container: InputContainer, stream: VideoStream) -> Iterator[av.VideoFrame]:
        stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
        stream.thread_type = "AUTO"
        for packet in container.demux(stream):
            if packet.is_corrupt:
                raise ValueError("a corrupt packet")
            yield from packet.decode()

    def _upright(self, frame: av.VideoFrame) -> Image:
        width, height = self._square
        matrix = int(frame.colorspace)
        if matrix == UNKNOWN_MATRIX and not frame.format.is_rgb:
            matrix = BT709 if frame.height >= 720 else BT601  # what players assume where the file does not say
        full = int(frame.color_range) == FULL_RANGE or frame.format.name.startswith("yuvj")
        rgb = frame.reformat(
            width=width,
            height=height,
            format="rgb24",
            src_colorspace=matrix,
            src_color_range=FULL_RANGE if full or frame.format.is_rgb else LIMITED_RANGE,
            dst_color_range=FULL_RANGE,
        )
        return _orient(np.asarray(rgb.to_ndarray(), dtype=np.uint8), self._matrix)

    def _broken(self, what: str, last: Fraction | None) -> MediaCorrupt:
        return MediaCorrupt(
            f"{what} second {float(last or 0):.2f}",
            where=self.name,
            hint="Download or export it again; if it is all there is, cut it before that second.",
        )


def _pictures(container: InputContainer, source: Source) -> VideoStream:
    streams = [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]
    if not streams:
        raise MediaTrackMissing("there are no moving pictures", where=source.name, hint="Give a video.")
    stream = streams[0]
    if stream.codec_context is None:
        raise MediaCorrupt(
            "the pictures are damaged, or in an unknown codec", where=source.name, hint="Convert it to H.264."
        )
    if stream.codec_context.width * stream.codec_context.height > MAX_PIXELS:
        raise MediaError(
            f"the pictures are too large: {stream.codec_context.width} x {stream.codec_context.height}",
            where=source.name,
            hint=f"At most {MAX_PIXELS // 1_000_000} megapixels are read.",
        )
    return stream


def _square(frame: av.VideoFrame, stream: VideoStream) -> tuple[int, int]:
    """The frame's width and height once its pixels are square; the longer way, so that nothing is lost."""
    aspect = stream.sample_aspect_ratio
    if not aspect or aspect <= 0 or not Fraction(1, 8) <= aspect <= 8:
        return frame.width, frame.height
    if aspect > 1:
        return round(frame.width * aspect), frame.height
    return frame.width, round(frame.height / aspect)


_Matrix = tuple[int, int, int, int]


def _display_matrix(frame: av.VideoFrame) -> _Matrix:
    """How to turn the picture in quarters, ``(a, b, c, d)``: a point (x, y) goes to (a x + c y, b x + d y)."""
    data: Any = next((item for item in _side_data(frame) if item.type.name == "DISPLAYMATRIX"), None)
    if data is None:
        return 1, 0, 0, 1
    a, b, _, c, d, *_ = (int(value) for value in np.frombuffer(bytes(data), dtype=np.int32))
    if abs(a) >= abs(b):
        return (1 if a >= 0 else -1), 0, 0, (1 if d >= 0 else -1)
    return 0, (1 if b >= 0 else -1), (1 if c >= 0 else -1), 0


def _side_data(frame: av.VideoFrame) -> list[Any]:
    return [frame.side_data[index] for index in range(len(frame.side_data))]  # type: ignore[literal-required]


def _turned(matrix: _Matrix) -> bool:
    return matrix[0] == 0


def _orient(image: Image, matrix: _Matrix) -> Image:
    a, b, c, d = matrix
    across, down = (c, b) if a == 0 else (a, d)
    if a == 0:
        image = image.transpose(1, 0, 2)
    return np.ascontiguousarray(image[:: 1 if down >= 0 else -1, :: 1 if across >= 0 else -1])


def probe(source: MediaInput) -> MediaInfo:
    """Say what a file holds: sound, moving pictures, or a still.

    Raises:
        MediaNotFound: There is no such file.
        MediaCorrupt: It is empty, damaged, or in no known format.
    """
    origin = as_source(source)
    still = _still(origin)
    if still is not None:
        return still
    with open_container(origin) as container:
        has_audio = bool(container.streams.audio)
        moving = any(not stream.disposition & Disposition.attached_pic for stream in container.streams.video)
        duration = None if container.duration is None else Fraction(container.duration, 1_000_000)
    if moving:
        video = VideoReader(source)
        width, height = video.size
        return MediaInfo(
            kind="video",
            duration=video.duration,
            has_audio=has_audio,
            has_video=True,
            width=width,
            height=height,
            frame_rate=video.frame_rate,
        )
    if not has_audio:
        raise MediaCorrupt("there is neither sound nor picture", where=origin.name)
    return MediaInfo(kind="audio", duration=duration, has_audio=True)


def has_picture(source: MediaInput) -> bool:
    """Whether a file holds a still or moving pictures."""
    return probe(source).kind != "audio"


def _still(source: Source) -> MediaInfo | None:
    """A still's size, or None where it is no still; an animation counts as video."""
    with open_still(source) as image:
        if image is None or (image.format == "GIF" and getattr(image, "is_animated", False)):
            return None
        turned = image.getexif().get(0x0112, 1) >= 5
        width, height = image.size[::-1] if turned else image.size
    return MediaInfo(kind="image", width=width, height=height)

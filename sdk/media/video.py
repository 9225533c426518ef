"""Pictures from a video, each with its exact time, upright and in square pixels."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Final, Literal

import av
import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from sdk.data import Image
from sdk.errors import MediaCorrupt, MediaError, MediaTrackMissing
from sdk.media.container import Track, choose, open_container, stated_duration
from sdk.media.image import open_still
from sdk.media.interlace import deinterlaced
from sdk.media.source import MediaInput, Source, as_source

logger = logging.getLogger(__name__)

MAX_PIXELS: Final = 8192 * 8192
"""Pixels in a frame, at most: a hostile header could ask for any amount of memory."""

HDR_TRANSFERS: Final = {16: "PQ (SMPTE 2084)", 18: "HLG (ARIB STD-B67)"}
"""Transfer curves, by their number in ITU-T H.273, that 8-bit sRGB does not hold."""

MAX_MISSING_SECONDS: Final = Fraction(1, 2)
"""How long before the stated end the pictures may end; beyond it the file is cut off."""

DEFAULT_INTERVAL: Final = Fraction(1, 25)
"""Seconds between frames where the container does not say."""

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
        has_video: Whether there are moving pictures; a cover picture does not count.
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


class VideoReader(Track):
    """The frames of a video; each iteration reads them again from the beginning, one at a time.

    Rotation and mirroring that the file states are applied, and stretched pixels are made square. Every frame has the
    size of the first. Nothing stays open between iterations.

    Args:
        source: A path, a file's bytes, or a binary file object.

    Attributes:
        size: ``(width, height)`` in pixels, as delivered.
        duration: Seconds as the container states them, or None.
        frame_rate: Frames a second on average, or None where the container does not say.
        has_audio: Whether there is a sound track too.
        warnings: What the caller should know.

    Raises:
        MediaNotFound: There is no such file.
        MediaCorrupt: It is empty, damaged, or in no known format.
        MediaTrackMissing: It has no moving pictures.
    """

    _stops = "pictures stop"

    def __init__(self, source: MediaInput | Source) -> None:
        origin = as_source(source)
        with open_container(origin) as container:
            stream, self.warnings = _video_stream(container, origin)
            super().__init__(origin, container, stream)
            self.has_audio = bool(container.streams.audio)
            self.frame_rate = stream.average_rate or stream.guessed_rate or None
            first = next(self._decode(container, stream, Fraction), None)
            if first is None:
                raise self._empty()
            self._square_size = _square_size(first, stream)
            self._orientation = _orientation(first)
            self.size = self._square_size[::-1] if self._orientation[0] else self._square_size
            transfer = HDR_TRANSFERS.get(int(stream.codec_context.color_trc))
        if first.interlaced_frame:
            self.warnings.append(
                "the video is interlaced: the two fields of each frame are made one picture, which blurs quick "
                "movements; a progressive export shows them better"
            )
        if transfer is not None:
            self.warnings.append(
                f"the video is HDR, {transfer}, and is read without tone mapping: its colours will look flat; "
                "export it as SDR for true colours"
            )

    def __iter__(self) -> Iterator[VideoFrame]:
        """Read from the beginning.

        Yields:
            The frames, with times that only increase.

        Raises:
            MediaCorrupt: Damaged or cut off, naming the second.
        """
        interval = 1 / self.frame_rate if self.frame_rate else DEFAULT_INTERVAL
        last: Fraction | None = None
        with open_container(self._source) as container:
            stream, _ = _video_stream(container, self._source)
            frames = self._decode(container, stream, lambda: last or Fraction())
            for frame in deinterlaced(frames):
                time = self._time(frame)
                if time is None:
                    time = Fraction() if last is None else last + interval
                if time < 0 or (last is not None and time <= last):
                    logger.debug("%s: a frame at %s s is out of order and dropped", self.name, float(time))
                    continue
                last = time
                yield VideoFrame(self._upright(frame), time)
        if last is None:
            raise self._empty()
        self._check_end(last + interval, last, tolerance=max(MAX_MISSING_SECONDS, 2 * interval))

    def _empty(self) -> MediaCorrupt:
        return MediaCorrupt("the video holds no picture", where=self.name, hint="Export or download it again.")

    def _upright(self, frame: av.VideoFrame) -> Image:
        width, height = self._square_size
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
        image = np.asarray(rgb.to_ndarray(), dtype=np.uint8)
        transpose, row_step, column_step = self._orientation
        if transpose:
            image = image.transpose(1, 0, 2)
        return np.ascontiguousarray(image[::row_step, ::column_step])


def _moving(container: InputContainer) -> list[VideoStream]:
    return [stream for stream in container.streams.video if not stream.disposition & Disposition.attached_pic]


def _video_stream(container: InputContainer, source: Source) -> tuple[VideoStream, list[str]]:
    streams = _moving(container)
    if not streams:
        raise MediaTrackMissing("there are no moving pictures", where=source.name, hint="Give a video.")
    stream, warnings = choose(streams, source, what="video", hint="Convert it to H.264.")
    context = stream.codec_context
    if context.width * context.height > MAX_PIXELS:
        what = f"the pictures are too large: {context.width} x {context.height}"
        hint = f"At most {MAX_PIXELS // 1_000_000} megapixels are read."
        raise MediaError(what, where=source.name, hint=hint)
    context.options = {"max_pixels": str(MAX_PIXELS)}
    stream.thread_type = "AUTO"
    return stream, warnings


def _square_size(frame: av.VideoFrame, stream: VideoStream) -> tuple[int, int]:
    """The frame's width and height once its pixels are square; the longer way, so that nothing is lost."""
    aspect = stream.sample_aspect_ratio
    if not aspect or aspect <= 0 or not Fraction(1, 8) <= aspect <= 8:
        return frame.width, frame.height
    if aspect > 1:
        return round(frame.width * aspect), frame.height
    return frame.width, round(frame.height / aspect)


def _orientation(frame: av.VideoFrame) -> tuple[bool, int, int]:
    """How to turn the picture upright: whether to transpose it, then the steps (1 or -1) through rows and columns."""
    for index in range(len(frame.side_data)):
        data: Any = frame.side_data[index]  # type: ignore[literal-required]
        if data.type.name == "DISPLAYMATRIX":
            # A point (x, y) goes to (a x + c y, b x + d y).
            a, b, _, c, d = np.frombuffer(bytes(data), dtype=np.int32)[:5].tolist()
            transpose = abs(a) < abs(b)
            across, down = (c, b) if transpose else (a, d)
            return transpose, (1 if down >= 0 else -1), (1 if across >= 0 else -1)
    return False, 1, 1


def probe(source: MediaInput) -> MediaInfo:
    """Say what a file holds: sound, moving pictures (an animated GIF too), or a still.

    Raises:
        MediaNotFound: There is no such file.
        MediaCorrupt: It is empty, damaged, or in no known format.
    """
    origin = as_source(source)
    with open_still(origin) as image:
        if image is not None and not (image.format == "GIF" and getattr(image, "is_animated", False)):
            turned = image.getexif().get(0x0112, 1) >= 5
            width, height = image.size[::-1] if turned else image.size
            return MediaInfo(kind="image", width=width, height=height)
    with open_container(origin) as container:
        has_audio = bool(container.streams.audio)
        moving = bool(_moving(container))
        duration = stated_duration(container)
    if not moving:
        if not has_audio:
            raise MediaCorrupt("there is neither sound nor picture", where=origin.name)
        return MediaInfo(kind="audio", duration=duration, has_audio=True)
    video = VideoReader(origin)
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

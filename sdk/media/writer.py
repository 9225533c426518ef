"""Videos in exact sync, whole or not at all: mp4 that plays everywhere, and WebM that keeps transparency."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.container import OutputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from sdk.errors import ConfigError, OutputError
from sdk.files import atomic_file
from sdk.media.audio import AudioReader
from sdk.media.framewriter import FrameWriter
from sdk.media.marking import mark_mp4, tags
from sdk.media.soundtrack import BITEXACT, SoundWriter

THREADS: Final = 4
"""Threads of the encoders. Fixed, for their output depends on it: the same frames give one file everywhere."""

BT709, LIMITED_RANGE, FULL_RANGE = 1, 1, 2


@dataclass(frozen=True)
class _Format:
    container: str
    video: str
    sound: str
    keeps_alpha: bool
    crf: int
    worst: int


MP4: Final = _Format("mp4", "libx264", "aac", keeps_alpha=False, crf=18, worst=51)
WEBM: Final = _Format("webm", "libvpx-vp9", "libopus", keeps_alpha=True, crf=24, worst=63)
SUFFIXES: Final = {".mp4": MP4, ".m4v": MP4, ".webm": WEBM}


class VideoWriter(FrameWriter):
    """Write an mp4 (H.264, AAC) or a WebM (VP9, Opus) frame by frame; see ``FrameWriter``.

    Args:
        path: Where to; the suffix is .mp4, .m4v or .webm. WebM keeps the alpha of frames that have one, mp4 lays them
            over the background, or over white.
        size: ``(width, height)`` in pixels. The file's are even: an odd one gets one replicated row or column.
        rate: Frames a second, exact. WebM's timestamps are whole milliseconds.
        audio: The sound, or None for a silent video.
        crf: The encoder's quality, lower is better: 0 to 51 in mp4 (18), 0 to 63 in WebM (24).
        preset: x264's trade of speed for size.
        background: What shows through transparent frames, RGB.
        metadata: Further tags of the file.
        signer: Signs the file by C2PA (mp4 alone: the standard has no place for it in WebM).
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        size: tuple[int, int],
        rate: Fraction | int,
        audio: AudioReader | None = None,
        crf: int | None = None,
        preset: str = "veryfast",
        metadata: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(path, size=size, rate=rate, audio=audio, **options)
        where = str(self.path)
        suffix = self.path.suffix.lower()
        if suffix not in SUFFIXES:
            raise ConfigError(f"videos are written as {', '.join(SUFFIXES)}, not {suffix!r}", where=where)
        self._format = SUFFIXES[suffix]
        self._crf = self._format.crf if crf is None else crf
        if not 0 <= self._crf <= self._format.worst:
            hint = f"Give a number from 0 to {self._format.worst}."
            raise ConfigError(f"crf={crf} is out of range", where=where, hint=hint)
        if self._signer is not None and self._format is WEBM:
            hint = "Save as .mp4, or as a folder of PNG files for transparency."
            raise ConfigError("C2PA has no place for a signature in WebM", where=where, hint=hint)
        self._preset = preset
        self._metadata = tags(metadata)

    def _begin(self) -> AbstractContextManager[Path]:
        return atomic_file(self.path)

    def _encode(self, place: Path, frames: Iterator[NDArray[np.uint8]]) -> None:
        pictures = (self._flat(frame, keeps_alpha=self._format.keeps_alpha) for frame in frames)
        first = next(pictures, None)
        if first is None:
            return
        options = {"fflags": "+bitexact"}  # no dates, no versions
        if self._format is MP4:
            options["movflags"] = "+faststart+use_metadata_tags"
        with av.open(str(place), "w", format=self._format.container, container_options=options) as container:
            container.metadata.update(self._metadata)
            video = self._add_video(container, alpha=first.shape[2] == 4)
            sound = None
            if self._audio is not None:
                sound = SoundWriter(container, self._format.sound, self._audio, rate=self.rate)
            count = 0
            for picture in chain([first], pictures):
                container.mux(video.encode(self._converted(picture, count, video.codec_context.pix_fmt)))
                count += 1
                if sound is not None:
                    sound.encode_until(count)
            if self._stop.is_set():
                return
            container.mux(video.encode(None))
            if sound is not None:
                sound.finish(count)
        if self._format is MP4:
            mark_mp4(place)
        if self._signer is not None:
            self._signer.sign(place, title=self.path.name)

    def _converted(self, picture: NDArray[np.uint8], index: int, pix_fmt: str | None) -> av.VideoFrame:
        width, height = self.size
        if width % 2 or height % 2:
            picture = np.pad(picture, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        rgb = av.VideoFrame.from_ndarray(picture, format="rgba" if picture.shape[2] == 4 else "rgb24")
        yuv = rgb.reformat(
            format=pix_fmt, src_color_range=FULL_RANGE, dst_color_range=LIMITED_RANGE, dst_colorspace=BT709
        )
        yuv.pts, yuv.time_base = index, 1 / self.rate
        return yuv

    def _add_video(self, container: OutputContainer, *, alpha: bool) -> VideoStream:
        options = {"crf": str(self._crf), "threads": str(THREADS)}
        if self._format is MP4:
            options["preset"] = self._preset
        else:
            options |= {"deadline": "good", "cpu-used": "5", "row-mt": "1", "tile-columns": "2"}
        if alpha:
            options["auto-alt-ref"] = "0"  # picture and alpha are two streams, whose hidden frames would not match
        stream: VideoStream = container.add_stream(  # type: ignore[assignment]
            self._format.video, rate=self.rate, options=options
        )
        width, height = self.size
        context = stream.codec_context
        context.width, context.height = width + width % 2, height + height % 2
        context.pix_fmt = "yuva420p" if alpha else "yuv420p"
        context.time_base = 1 / self.rate
        context.colorspace = context.color_primaries = context.color_trc = BT709
        context.color_range = LIMITED_RANGE
        if self._format is WEBM:
            context.bit_rate = 0  # constant quality
            context.flags |= BITEXACT
            if alpha:
                stream.metadata["alpha_mode"] = "1"
        return stream


def write_video(
    path: str | os.PathLike[str],
    frames: Iterable[NDArray[np.uint8]],
    *,
    rate: Fraction | int,
    audio: AudioReader | None = None,
    **options: Any,
) -> int:
    """Write frames as a video (see ``VideoWriter``, which takes the same options); return how many there were.

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

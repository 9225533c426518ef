"""Videos in exact sync, whole or not at all: mp4 that plays everywhere, and WebM that keeps transparency."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
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

from sdk.arguments import read_path
from sdk.errors import ConfigError, OutputError
from sdk.media.audio_writer import BITEXACT, AudioWriter
from sdk.media.frame_writer import FrameWriter
from sdk.media.marking import mark_mp4, tags
from sdk.media.sequence import SequenceWriter
from sdk.media.video import BT709, FULL_RANGE, LIMITED_RANGE
from sdk.places import is_there

THREADS: Final = 4
"""Threads of the encoders: fixed, because their output depends on it and must be the same everywhere."""


@dataclass(frozen=True)
class _Format:
    container: str
    video_codec: str
    audio_codec: str
    keeps_alpha: bool
    crf: int
    max_crf: int


MP4: Final = _Format("mp4", "libx264", "aac", keeps_alpha=False, crf=18, max_crf=51)
WEBM: Final = _Format("webm", "libvpx-vp9", "libopus", keeps_alpha=True, crf=24, max_crf=63)
SUFFIXES: Final = {".mp4": MP4, ".m4v": MP4, ".webm": WEBM}
PRESETS: Final = (
    *("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow", "placebo"),
)


class VideoWriter(FrameWriter):
    """Write an mp4 (H.264, AAC) or a WebM (VP9, Opus) frame by frame.

    An odd width or height gets one replicated column or row. WebM's timestamps are whole milliseconds.

    Args:
        path: Where to; the suffix is .mp4, .m4v or .webm. WebM keeps the alpha of frames that have one, mp4 lays them
            over the background, or over white.
        crf: The encoder's quality, lower is better: 0 to 51 in mp4 (18), 0 to 63 in WebM (24).
        preset: x264's trade of speed for size.
        metadata: Further tags of the file.
        **options: As for ``FrameWriter``. A signer takes mp4 alone: the standard has no place for it in WebM.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        crf: int | None = None,
        preset: str = "veryfast",
        metadata: Mapping[str, str] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(path, **options)
        where = str(self.path)
        self._format = _format(self.path)
        self._crf = self._format.crf if crf is None else crf
        if not isinstance(self._crf, int | float) or not 0 <= self._crf <= self._format.max_crf:
            hint = f"Give a number from 0 to {self._format.max_crf}."
            raise ConfigError(f"crf={crf} is out of range", where=where, hint=hint)
        if preset not in PRESETS:
            raise ConfigError(f"preset={preset!r} is unknown", where=where, hint=f"Use one of {', '.join(PRESETS)}.")
        if self._signer is not None and self._format is WEBM:
            hint = "Save as .mp4, or as a folder of PNG files for transparency."
            raise ConfigError("C2PA has no place for a signature in WebM", where=where, hint=hint)
        self._preset = preset
        self._metadata = tags(metadata)
        for codec in (self._format.video_codec, self._format.audio_codec):
            _check_encoder(codec, where=where)

    def _encode(self, place: Path, frames: Iterator[NDArray[np.uint8]]) -> None:
        pictures = (self._flatten(frame, keep_alpha=self._format.keeps_alpha) for frame in frames)
        first = next(pictures, None)
        if first is None:
            return
        options = {"fflags": "+bitexact"}  # no dates, no versions
        if self._format is MP4:
            options["movflags"] = "+faststart+use_metadata_tags"
        with av.open(str(place), "w", format=self._format.container, container_options=options) as container:
            container.metadata.update(self._metadata)
            video = self._add_video(container, alpha=first.shape[2] == 4)
            audio = None
            if self._audio is not None:
                audio = AudioWriter(container, self._format.audio_codec, self._audio, rate=self.rate)
            count = 0
            for count, picture in enumerate(chain([first], pictures), start=1):
                container.mux(video.encode(self._converted(picture, count - 1, video.codec_context.pix_fmt)))
                if audio is not None:
                    audio.encode_until(count)
            if self._stop.is_set():
                return
            container.mux(video.encode(None))
            if audio is not None:
                audio.finish(count)
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
            self._format.video_codec, rate=self.rate, options=options
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


def _format(path: Path) -> _Format:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        hint = f"Use {', '.join(SUFFIXES)}."
        raise ConfigError(f"videos are not written as {suffix!r}", where=str(path), hint=hint)
    return SUFFIXES[suffix]


def _check_encoder(name: str, *, where: str) -> None:
    try:
        av.codec.Codec(name, "w")
    except av.codec.codec.UnknownCodecError as error:
        hint = "Install PyAV from PyPI, whose wheels have it: python -m pip install --force-reinstall av"
        raise OutputError(f"this PyAV has no encoder {name}", where=where, hint=hint) from error


def open_writer(path: str | os.PathLike[str], **options: Any) -> FrameWriter:
    """The writer of a video (.mp4, .m4v, .webm), or of a folder of PNG files; ``options`` as for ``FrameWriter``.

    Raises:
        ConfigError: The path names no known format, or an option makes no sense.
        OutputError: The folder holds other files.
    """
    target = read_path(path)
    if "%" not in target.name and target.suffix.lower() in SUFFIXES:
        return VideoWriter(target, **options)
    is_folder = is_there(target, folder=True) or os.fspath(path).endswith(("/", os.sep))
    if "%" in target.name or is_folder or not target.suffix:
        return SequenceWriter(target, **options)
    hint = f"Use {', '.join(SUFFIXES)}, a folder for PNG files, or names in one such as frame-%05d.png."
    raise ConfigError(f"nothing is written as {target.suffix!r}", where=str(target), hint=hint)


def check_output(path: str | os.PathLike[str], **options: Any) -> None:
    """Raise at once whatever ``open_writer``, or writing, would first raise for a path; ``options`` as for it.

    Nothing is changed. Size and rate need not be known.
    """
    open_writer(path, **{"size": (2, 2), "rate": 25, **options}).check()


def write_video(
    path: str | os.PathLike[str], frames: Iterable[NDArray[np.uint8]], *, rate: Fraction | int, **options: Any
) -> int:
    """Write frames as a video (``options`` as for ``VideoWriter``); return how many there were.

    Raises:
        ConfigError: The path names no known format, or an option makes no sense; before the first frame is asked for.
        OutputError: There were no frames, or the disk or the encoder failed.
        InputError: A frame differs in shape or dtype from the first.
    """
    VideoWriter(path, **{"size": (2, 2), "rate": rate, **options}).check()
    iterator = iter(frames)
    first = next(iterator, None)
    if first is None:
        raise OutputError("no frame was given", where=str(path))
    height, width = first.shape[:2]
    with VideoWriter(path, size=(width, height), rate=rate, **options) as writer:
        for frame in chain([first], iterator):
            writer.write(frame)
    return writer.frames

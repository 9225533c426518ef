"""Frames as PNG files in a folder of their own, transparency kept, with their sound and rate beside them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from sdk._version import __version__
from sdk.arguments import read_path
from sdk.errors import ConfigError, OutputError
from sdk.files import atomic_folder, check_folder
from sdk.media.audio_writer import AudioWriter
from sdk.media.frame_writer import FrameWriter
from sdk.media.marking import COMMENT, SOURCE_TYPE, png_marks, tags
from sdk.places import is_there

DEFAULT_PATTERN: Final = "frame-%05d.png"
NUMBER: Final = re.compile(r"%0?\d?d")
INDEX: Final = "sequence.json"
SOUND: Final = "sound.wav"
COMPRESSION_LEVEL: Final = 3
"""zlib's: half the time of 6, for a few percent more bytes."""

MAX_NAME_BYTES: Final = 255
"""Of a file's name, on nearly every file system."""


class SequenceWriter(FrameWriter):
    """Write a folder of PNG files, frame ``k`` at ``k / rate`` seconds; see ``FrameWriter``.

    ``sequence.json`` (rate, size, count, names) and ``sound.wav`` stand beside them. The folder appears when it is
    whole. An old folder is replaced only if it is empty or holds nothing but a sequence.

    Args:
        path: The folder, or names in it, such as ``shots/frame-%05d.png``.
        **options: As for ``FrameWriter``. A signer signs each file.

    Raises:
        ConfigError: The name has another form, or an option makes no sense.
        OutputError: The folder holds other files.
    """

    _atomic = staticmethod(atomic_folder)
    _check_place = staticmethod(check_folder)

    def __init__(self, path: str | os.PathLike[str], **options: Any) -> None:
        given = read_path(path)
        self._pattern = DEFAULT_PATTERN
        if "%" in given.name:
            given, self._pattern = given.parent, given.name
            hint = f"Write it as {DEFAULT_PATTERN}."
            if len(NUMBER.findall(self._pattern)) != 1 or self._pattern.count("%") != 1:
                raise ConfigError(f"{self._pattern!r} has no place for one number", where=str(path), hint=hint)
            if not self._pattern.lower().endswith(".png"):
                raise ConfigError("frames are written as .png", where=str(path), hint=hint)
            if len(os.fsencode(self._pattern)) > MAX_NAME_BYTES:
                what = f"file names have at most {MAX_NAME_BYTES} bytes"
                raise OutputError(what, where=str(path), hint="Choose a shorter one.")
        super().__init__(given, **options)
        self._check_folder()

    def _check_folder(self) -> None:
        if not is_there(self.path, folder=True) or not any(self.path.iterdir()):
            return
        try:
            pattern = json.loads((self.path / INDEX).read_text(encoding="utf-8"))["names"]
            before, after = NUMBER.split(pattern)
            ours = re.compile(rf"{re.escape(before)}\d+{re.escape(after)}|{re.escape(INDEX)}|{re.escape(SOUND)}")
        except (OSError, ValueError, KeyError, TypeError):
            ours = re.compile(r"(?!)")
        others = sorted(entry.name for entry in self.path.iterdir() if not ours.fullmatch(entry.name))
        if others:
            hint = "Name a new folder: it is replaced as a whole."
            raise OutputError(f"the folder holds other files, such as {others[0]}", where=str(self.path), hint=hint)

    def _encode(self, place: Path, frames: Iterator[NDArray[np.uint8]]) -> None:
        count, marks = 0, png_marks()
        with ExitStack() as stack:
            audio = None
            if self._audio is not None:
                options = {"fflags": "+bitexact"}
                sound = stack.enter_context(av.open(str(place / SOUND), "w", format="wav", container_options=options))
                sound.metadata.update(tags())
                audio = AudioWriter(sound, "pcm_s16le", self._audio, rate=self.rate)
            for count, frame in enumerate(frames, start=1):
                file = place / (self._pattern % (count - 1))
                picture = Pillow.fromarray(self._flatten(frame, keep_alpha=True))
                picture.save(file, format="PNG", pnginfo=marks, compress_level=COMPRESSION_LEVEL)
                if self._signer is not None:
                    self._signer.sign(file, title=file.name)
                if audio is not None:
                    audio.encode_until(count)
            if audio is not None:
                audio.finish(count)
        index = {
            "comment": COMMENT,
            "digital_source_type": SOURCE_TYPE,
            "talkstyle": __version__,
            "rate": str(self.rate),
            "size": self.size,
            "frames": count,
            "alpha": self._channels == 4 and self._background is None,
            "sound": None if self._audio is None else SOUND,
            "names": self._pattern,
        }
        (place / INDEX).write_text(json.dumps(index, indent=1), encoding="utf-8")

"""Which writer a path asks for."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from sdk.errors import ConfigError
from sdk.media.framewriter import FrameWriter
from sdk.media.sequence import SequenceWriter
from sdk.media.writer import SUFFIXES, VideoWriter


def open_writer(path: str | os.PathLike[str], **options: Any) -> FrameWriter:
    """The writer of a video (.mp4, .m4v, .webm), or of a folder of PNG files; ``options`` as for ``FrameWriter``.

    Raises:
        ConfigError: The path names no form, or an option makes no sense.
        OutputError: The folder holds other files.
    """
    target = Path(path)
    if "%" not in target.name and target.suffix.lower() in SUFFIXES:
        return VideoWriter(target, **options)
    is_folder = target.is_dir() or os.fspath(path).endswith(("/", os.sep))
    if "%" in target.name or is_folder or not target.suffix:
        return SequenceWriter(target, **options)
    raise ConfigError(
        f"nothing is written as {target.suffix!r}",
        where=str(target),
        hint=f"Use {', '.join(SUFFIXES)}, a folder for PNG files, or names in one such as frame-%05d.png.",
    )

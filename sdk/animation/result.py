"""What ``animate`` returns: a video that is made while it is read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdk.animation.resample import frame_count
from sdk.animation.stream import MotionSource
from sdk.data import Motion
from sdk.errors import ComponentBroken
from sdk.interfaces import Renderer
from sdk.progress import CancelToken, ProgressCallback, Reporter

if TYPE_CHECKING:
    from sdk.media.audio import AudioReader

__all__ = ["Animation"]


class Animation:
    """A portrait that speaks: iterate over its frames, or save it.

    Frames are uint8 ``[H, W, 3]``, or ``[H, W, 4]`` where the portrait has alpha, of the portrait's size. Each
    iteration begins again and gives the same. Nothing that has been given is kept, so memory does not grow with
    the sound. Made by ``animate``.
    """

    def __init__(
        self,
        *,
        source: MotionSource,
        audio: AudioReader,
        sound: Fraction,
        renderer: Renderer,
        prepared: Any,
        size: tuple[int, int],
        warnings: tuple[str, ...],
        cancel: CancelToken | None,
    ) -> None:
        self._source = source
        self._audio = audio
        self._sound = sound
        self._renderer = renderer
        self._prepared = prepared
        self._size = size
        self._warnings = warnings
        self._cancel = cancel

    @property
    def fps(self) -> Fraction:
        """Frames a second, exact."""
        return self._source.fps

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._size

    @property
    def duration(self) -> Fraction:
        """Seconds, exact: within half a frame of the sound's, but at least one frame."""
        return len(self) / self.fps

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is worth knowing about the portrait, the sound and the style."""
        return self._warnings

    @cached_property
    def motion(self) -> Motion:
        """The motion that the renderer is given, at ``fps``: with idle motion, blinks and controls, not yet retargeted.

        Computed when first asked for, without rendering.
        """
        pieces = list(self._motions(self._cancel))
        expression = np.concatenate([piece.expression for piece in pieces])
        return Motion(expression, np.concatenate([piece.pose for piece in pieces]), self.fps)

    def __len__(self) -> int:
        """The number of frames."""
        return frame_count(self._sound, self.fps)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the frames from the beginning.

        Raises:
            Cancelled: The token given to ``animate`` was cancelled.
        """
        return self._frames(self._cancel)

    def save(
        self,
        path: str | os.PathLike[str],
        /,
        *,
        on_progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> Path:
        """Write an mp4 (H.264 and AAC) with the sound.

        Args:
            path: Where to; an old file is replaced once the new one is whole.
            on_progress: Called after each frame, stage ``"render"``.
            cancel: Stops the work; the one given to ``animate`` where left out.

        Returns:
            The path.

        Raises:
            OutputError: It cannot be written there.
            Cancelled: A token was cancelled. As after any error, no file is left, and an old one stays as it was.
        """
        from sdk.media.writer import VideoWriter

        token = cancel or self._cancel
        report = Reporter(on_progress, token)
        target = Path(path)
        with VideoWriter(target, rate=self.fps, size=self.size, audio=self._audio) as writer:
            for done, frame in enumerate(self._frames(token)):
                writer.write(frame)
                report("render", (done + 1) / len(self))
        return target

    def _frames(self, cancel: CancelToken | None) -> Iterator[NDArray[np.uint8]]:
        given = 0
        for frame in self._renderer.render(self._prepared, self._motions(cancel)):
            given += 1
            yield frame
        if given != len(self):
            raise ComponentBroken(f"the renderer {self._renderer.name!r} made {given} frames of {len(self)}")

    def _motions(self, cancel: CancelToken | None) -> Iterator[Motion]:
        report = Reporter(cancel=cancel)
        for motion in self._source(self._audio, self._sound):
            report("render")
            yield motion

"""What ``animate`` returns: a video that is rendered while it is read."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdk.animation.stages.resampler import frame_count
from sdk.animation.synthesis import MotionSynthesizer
from sdk.arguments import number, read_path, shown
from sdk.data import Motion
from sdk.errors import ComponentBroken, ConfigError
from sdk.interfaces import Renderer
from sdk.progress import CancelToken, ProgressCallback, Reporter

if TYPE_CHECKING:
    from sdk.media import AudioReader, SignerInput


@dataclass(frozen=True, eq=False, kw_only=True)
class Animation:
    """A portrait that speaks, made by ``animate``: iterate over its frames, or save it.

    Frames are uint8 ``[H, W, 3]``, or ``[H, W, 4]`` if the portrait has alpha, of the portrait's size. Each iteration
    begins again and gives the same frames. None of them is kept, so memory does not grow with the sound.

    Attributes:
        size: Width and height in pixels.
        warnings: What is worth knowing about the portrait, the sound and the style.
        audio: The sound.
        sound_duration: Its seconds, exact.
        prepared: The portrait, prepared by the renderer.
        cancel: Stops the work.
    """

    size: tuple[int, int]
    warnings: tuple[str, ...]
    audio: AudioReader = field(repr=False)
    sound_duration: Fraction = field(repr=False)
    synthesizer: MotionSynthesizer = field(repr=False)
    renderer: Renderer = field(repr=False)
    prepared: Any = field(repr=False)
    cancel: CancelToken | None = field(default=None, repr=False)

    @property
    def fps(self) -> Fraction:
        """Frames a second, exact."""
        return self.synthesizer.fps

    @property
    def duration(self) -> Fraction:
        """Seconds, exact: within half a frame of the sound's, but at least one frame."""
        return len(self) / self.fps

    @cached_property
    def motion(self) -> Motion:
        """The motion that the renderer gets, at ``fps``: with idle motion, blinks and controls, not yet retargeted.

        Computed when first asked for, without rendering.
        """
        return Motion.concat(self._motions(self.cancel))

    def __len__(self) -> int:
        return frame_count(self.sound_duration, self.fps)

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        """Yield the frames from the beginning.

        Raises:
            Cancelled: The token given to ``animate`` was cancelled.
        """
        return self._frames(self.cancel)

    def frame(self, seconds: float | Fraction, /) -> NDArray[np.uint8]:
        """Render the frame that is shown at a time.

        The motion up to it is computed, because it depends on what was said before; no other frame is rendered.

        Args:
            seconds: From 0 to before ``duration``.

        Returns:
            uint8 ``[H, W, 3]`` or ``[H, W, 4]``.

        Raises:
            ConfigError: There is no frame at that time.
            Cancelled: The token given to ``animate`` was cancelled.
        """
        # A float such as 14 / 25 can be a rounding error short of its frame.
        try:
            time = seconds if isinstance(seconds, Fraction) else Fraction(number(seconds, "seconds"))
        except ConfigError:
            time = Fraction(-1)
        index = math.floor(time * self.fps + Fraction(1, 10**6))
        if not 0 <= index < len(self):
            hint = f"Give a time from 0 to before {float(self.duration):g}."
            raise ConfigError(f"there is no frame at second {shown(seconds)}", where="Animation.frame", hint=hint)
        for motion in self._motions(self.cancel):
            if index < len(motion):
                pictures = list(self.renderer.render(self.prepared, [motion[index : index + 1]]))
                if len(pictures) != 1:
                    raise ComponentBroken(f"the renderer {self.renderer.name!r} made {len(pictures)} frames of 1")
                return pictures[0]
            index -= len(motion)
        raise ComponentBroken(f"the motion ended before second {float(seconds):g}")

    def save(
        self,
        path: str | os.PathLike[str],
        /,
        *,
        background: tuple[int, int, int] | None = None,
        signer: SignerInput = None,
        on_progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> Path:
        """Write the animation with its sound, in the format that the path names.

        .mp4: H.264 and AAC, which plays everywhere. .webm: VP9 and Opus, which keeps a portrait's alpha. A folder, or
        names in one such as ``shots/frame-%05d.png``: PNG files, which keep it too, with ``sound.wav`` and
        ``sequence.json``. Every file carries a machine-readable mark that it is AI-generated.

        Args:
            path: The output. What is there is replaced once the new one is complete; a folder only if written here.
            background: What shows through a portrait with alpha, RGB from 0 to 255. By default an mp4 gets white, and
                the others keep the alpha.
            signer: Adds content credentials (C2PA) to an mp4 or to each PNG: a ``Signer``, or ``"test"`` for one that
                nobody trusts.
            on_progress: Called after each frame, stage ``"render"``.
            cancel: Stops the work; by default the token given to ``animate``.

        Returns:
            The path.

        Raises:
            ConfigError: The path names no format, or an option makes no sense there.
            OutputError: It cannot be written there.
            ComponentUnavailable: A signer was asked for, and the extra ``c2pa`` is not installed.
            Cancelled: The token was cancelled. As after any error, no file is left, and an old one stays as it was.
        """
        from sdk.media import as_signer, open_writer

        token = self.cancel if cancel is None else cancel
        report = Reporter(on_progress, token)
        writer = open_writer(
            path, rate=self.fps, size=self.size, audio=self.audio, background=background, signer=as_signer(signer)
        )
        with writer:
            for done, frame in enumerate(self._frames(token)):
                writer.write(frame)
                report("render", (done + 1) / len(self))
        return read_path(path)

    def _frames(self, cancel: CancelToken | None) -> Iterator[NDArray[np.uint8]]:
        given = 0
        for frame in self.renderer.render(self.prepared, self._motions(cancel)):
            given += 1
            yield frame
        if given != len(self):
            raise ComponentBroken(f"the renderer {self.renderer.name!r} made {given} frames of {len(self)}")

    def _motions(self, cancel: CancelToken | None) -> Iterator[Motion]:
        report = Reporter(cancel=cancel)
        for motion in self.synthesizer(self.audio, self.sound_duration):
            report("render")
            yield motion

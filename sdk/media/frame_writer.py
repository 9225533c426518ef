"""What all writers of frames share: encoding in a thread of its own, and a result that is whole or not there."""

from __future__ import annotations

import os
import queue
import threading
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from sdk.arguments import read_path, shown, whole
from sdk.errors import ConfigError, InputError, OutputError, SdkError
from sdk.files import atomic_file, check_apart, check_file
from sdk.forking import check_process
from sdk.media.audio import AudioReader
from sdk.media.image import composite

if TYPE_CHECKING:
    from sdk.media.signing import Signer

MIN_QUEUED_FRAMES, MAX_QUEUED_FRAMES = 4, 16
"""How many frames may wait for the encoder: rendering and encoding overlap, even where a renderer makes several frames
at once."""

MAX_QUEUED_BYTES: Final = 48 << 20
"""Memory for waiting frames, beyond the least number of them."""

WHITE: Final = (255, 255, 255)


def _colour(value: Any) -> tuple[int, int, int] | None:
    if value is None:
        return None
    parts = list(value) if isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes) else []
    try:
        red, green, blue = (whole(part, "background", high=255) for part in parts)
    except ValueError as error:
        hint = "Give (red, green, blue), 0-255."
        raise ConfigError(f"background={shown(value)} is not a colour", where="background", hint=hint) from error
    return red, green, blue


class FrameWriter(ABC):
    """Writes frames in constant memory; an old file stays in place until the new one is whole.

    What goes wrong in the encoder's thread is raised by the next ``write`` or at the end of the ``with`` block. The
    sound is read as the frames come, and cut off at the end of the last frame, or filled up with silence to it.

    Args:
        path: Where to.
        size: ``(width, height)`` in pixels.
        rate: Frames a second, exact, such as ``Fraction(30000, 1001)``.
        audio: The sound, or None for none.
        background: The colour behind transparent frames, RGB; None keeps the alpha, where the format has any.
        signer: Signs the result by C2PA; None leaves it unsigned.
    """

    _atomic = staticmethod(atomic_file)
    _check_place = staticmethod(check_file)

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        size: tuple[int, int],
        rate: Fraction | int,
        audio: AudioReader | None = None,
        background: tuple[int, int, int] | None = None,
        signer: Signer | None = None,
    ) -> None:
        self.path = read_path(path)
        self.size = size
        self.rate = Fraction(rate)
        self.frames = 0
        where = str(self.path)
        if min(size) < 2 or max(size) > 16384:
            raise ConfigError(f"a video of {size[0]} x {size[1]} pixels cannot be written", where=where)
        if not 1 <= self.rate <= 240:
            raise ConfigError(f"a rate of {self.rate} frames a second makes no sense", where=where)
        background = _colour(background)
        if audio is not None:
            check_apart(self.path, (audio.name,))
        self._audio = audio
        self._background = background
        self._signer = signer
        self._channels = 0
        self._stack = ExitStack()
        waiting = int(np.clip(MAX_QUEUED_BYTES // (3 * size[0] * size[1]), MIN_QUEUED_FRAMES, MAX_QUEUED_FRAMES))
        self._queue: queue.Queue[NDArray[np.uint8] | None] = queue.Queue(maxsize=waiting)
        self._stop, self._ended = threading.Event(), threading.Event()
        self._error: BaseException | None = None
        self._thread: threading.Thread | None = None

    def check(self) -> None:
        """Raise at once the ``OutputError`` with which writing would begin; nothing is changed."""
        self._check_place(self.path)

    @abstractmethod
    def _encode(self, place: Path, frames: Iterator[NDArray[np.uint8]]) -> None:
        """Write everything. Runs in the encoder's thread; at the end, a set ``_stop`` means to drop the result."""

    def __enter__(self) -> Self:
        """Begin under a temporary name; ``OutputError`` where the folder is missing or not writable."""
        check_process()
        with ExitStack() as stack:
            place = stack.enter_context(self._atomic(self.path))
            self._thread = threading.Thread(target=self._run, args=(place,), name="talkstyle-encoder", daemon=True)
            self._thread.start()
            self._stack = stack.pop_all()
        return self

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Append a frame, uint8 ``[H, W, 3]`` or ``[H, W, 4]``, all of one shape; it is copied.

        Raises:
            InputError: The frame has another shape or dtype.
            OutputError: The disk or the encoder failed, at this frame or one before it.
            ProcessForked: The process was forked from the one that the writer belongs to.
        """
        if self._thread is None:
            raise OutputError("the writer is not open", where=str(self.path), hint="Use it in a with block.")
        width, height = self.size
        channels = frame.shape[2] if frame.ndim == 3 else 0
        wanted = (self._channels,) if self._channels else (3, 4)
        if frame.dtype != np.uint8 or frame.shape[:2] != (height, width) or channels not in wanted:
            text = " or ".join(map(str, wanted))
            raise InputError(
                f"frame {self.frames} is {frame.dtype} {list(frame.shape)}, not uint8 [{height}, {width}, {text}]",
                where=str(self.path),
            )
        self._channels = channels
        check_process()  # in a fork nobody would take the frames
        self._raise_error()
        self._queue.put(np.array(frame, order="C"))
        self.frames += 1

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Finish, and move the result into place; after an error, leave the old one there.

        Raises:
            OutputError: The disk or the encoder failed, or no frame was written.
        """
        thread, self._thread = self._thread, None
        if thread is None:
            return
        with self._stack:  # an exception inside drops the result
            check_process()
            self._finish(thread, drop=error is not None)
            if error is not None:
                raise error
            self._raise_error()
            if self.frames == 0:
                raise OutputError("no frame was written", where=str(self.path))

    def _finish(self, thread: threading.Thread, *, drop: bool) -> None:
        """Wait for the encoder; a signal that ends the waiting drops the result, which nobody may be writing then."""
        if drop:
            self._stop.set()
        try:
            self._queue.put(None)
            self._ended.wait()
        except BaseException:
            self._stop.set()
            self._queue.put(None)
            self._ended.wait()  # not join(): once interrupted, it takes the thread for ended (CPython's bpo-45274)
            raise
        thread.join()

    def _flatten(self, frame: NDArray[np.uint8], *, keep_alpha: bool) -> NDArray[np.uint8]:
        """Lay a frame over the background, unless its alpha is kept."""
        if frame.shape[2] == 3 or (keep_alpha and self._background is None):
            return frame
        return composite(frame[:, :, :3], frame[:, :, 3], self._background or WHITE)

    def _raise_error(self) -> None:
        if isinstance(self._error, SdkError):
            raise self._error
        if self._error is not None:
            raise OutputError(
                f"the video could not be written: {self._error}",
                where=str(self.path),
                hint="Nothing was left half-written. Check the space on the disk.",
            ) from self._error

    def _queued(self) -> Iterator[NDArray[np.uint8]]:
        while (frame := self._queue.get()) is not None:
            if not self._stop.is_set():
                yield frame

    def _run(self, place: Path) -> None:
        """The encoder's thread: everything that touches the disk."""
        frames = self._queued()
        try:
            self._encode(place, frames)
        except BaseException as error:
            self._error = error
            for _ in frames:  # let write() go on until it sees the error
                pass
        finally:
            self._ended.set()

"""Every error that talkstyle raises on purpose; ``docs/errors.md`` lists them with when each is raised.

Each says what happened (``what``), where (``where``: a file, frame or second) and what to do next (``hint``), and
carries a stable ``code`` that programs can match on.
"""

from __future__ import annotations

import errno
import re
from typing import Any, ClassVar


class _Explained(Exception):
    """What ``SdkError`` and ``Cancelled`` share."""

    code: ClassVar[str]

    def __init_subclass__(cls) -> None:
        """Make the code of an error of this module from its name: ``face`` for ``FaceError``."""
        if cls.__module__ == __name__:
            cls.code = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__.removesuffix("Error")).lower()

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        Exception.__init__(self, what, where, hint)  # OSError would take the three for errno and a file's name
        self.what = what
        self.where = where
        self.hint = hint
        if isinstance(self, OSError):
            system: OSError = self
            system.strerror, system.filename = what, where
            if isinstance(self, FileNotFoundError):
                system.errno = errno.ENOENT

    def __str__(self) -> str:
        text = self.what if self.where is None else f"{self.what} ({self.where})"
        return text if self.hint is None else f"{text}. {self.hint}"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with the keyword arguments, so that an error crosses processes whole."""
        return _rebuild, (type(self), self.what, self.where, self.hint), self.__dict__


def _rebuild(cls: type[_Explained], what: str, where: str | None, hint: str | None) -> _Explained:
    """Make an error whatever its own ``__init__`` takes; what that one sets is restored from ``__dict__``."""
    new: Any = OSError.__new__ if issubclass(cls, OSError) else cls.__new__
    error: _Explained = new(cls)
    _Explained.__init__(error, what, where=where, hint=hint)
    return error


class SdkError(_Explained):
    """The root of every error that the SDK raises on purpose; ``what`` is a sentence without a full stop."""


class Cancelled(_Explained):
    """The caller's cancel token stopped the work; no ``SdkError``, for nothing failed."""


class InputError(SdkError, ValueError):
    """Something given to the SDK cannot be used."""


class MediaError(InputError):
    """A file or stream could not be read."""


class MediaNotFound(MediaError, FileNotFoundError):
    """There is no such file."""


class MediaCorrupt(MediaError):
    """The file is truncated, damaged, empty, or in no known format."""


class MediaTrackMissing(MediaError):
    """The file has no sound, or no picture, where one is needed."""


class AudioError(InputError):
    """The sound cannot serve its purpose."""


class AudioSilent(AudioError):
    """A reference in which nothing is heard."""


class FaceError(InputError):
    """The faces in a picture or clip cannot serve."""


class FaceNotFound(FaceError):
    """No face was found."""


class FaceAmbiguous(FaceError):
    """Several faces were found, and nothing says which one is meant.

    ``boxes`` are theirs, ``(left, top, right, bottom)`` in pixels, largest first.
    """

    def __init__(
        self, what: str, *, boxes: tuple[tuple[float, float, float, float], ...] = (), **where_and_hint: str | None
    ) -> None:
        super().__init__(what, **where_and_hint)
        self.boxes = boxes


class FaceTooSmall(FaceError):
    """There are too few pixels across the face."""


class FaceUnreliable(FaceError):
    """The face is turned away too far, or its landmarks cannot be trusted."""


class ReferenceTooShort(InputError):
    """Under two seconds of usable reference."""


class FrameRateTooLow(InputError):
    """A reference's picture changes under ten times a second, whatever its file's frame rate."""


class NotFiniteError(InputError):
    """NaN or infinity in an input; ``where`` names the first place."""


class ConfigError(InputError):
    """An option has a value that makes no sense, or options contradict each other."""


class ComponentMismatch(ConfigError):
    """An encoder, a generator or a style pack was not made for the others."""


class OutputError(SdkError, OSError):
    """A result could not be written; nothing was left half-written."""


class PluginError(SdkError):
    """A plugin or component could not be used."""


class ComponentNotFound(PluginError, LookupError):
    """Nobody provides a component by that name."""


class ComponentAmbiguous(PluginError, LookupError):
    """Several distributions provide that name; the qualified names tell them apart."""


class ComponentUnavailable(PluginError, ImportError):
    """The component is there, but something that it requires is not installed."""


class ComponentBroken(PluginError):
    """The component's code raised, or it does not keep its interface's contract."""


class ModelFileMissing(PluginError, OSError):
    """The component needs a file of weights that is not on this machine."""


class StyleError(SdkError):
    """A style or style pack could not be used."""


class StyleNotFound(StyleError, LookupError):
    """There is no style pack under that reference."""


class PackInvalid(StyleError, ValueError):
    """The pack breaks the format or fails one of its checks."""


class PackIncompatible(StyleError, ComponentMismatch):
    """The pack is sound, but was made for another base, encoder or reader."""


class HubError(StyleError, OSError):
    """The Hugging Face Hub cannot be reached, refuses, or sent something damaged; the cache is left sound."""


class StyleWithoutEffect(StyleError):
    """A fit ended in a style that moves nothing."""


class CheckpointError(SdkError, ValueError):
    """A checkpoint belongs to another fit, or is damaged."""


class ProcessForked(SdkError, RuntimeError):
    """The process was forked from one that talkstyle has worked in; native threads do not follow into forks."""


class DeviceError(SdkError, RuntimeError):
    """The device asked for is not available."""


class LiveError(SdkError, RuntimeError):
    """A live session cannot do what is asked of it now."""


class LiveClosed(LiveError):
    """The live session was closed."""


class LiveInUse(LiveError):
    """Somebody else takes the live session's frames."""


class LiveQueueFull(LiveError):
    """More sound waits in a live session than it takes; nothing of the piece was taken."""


__all__ = [name for name, value in globals().items() if isinstance(value, type) and hasattr(value, "code")]

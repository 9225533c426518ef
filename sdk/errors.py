"""Every error that talkstyle raises on purpose; ``docs/errors.md`` shows them as a table.

    SdkError
    ├── InputError                what was given cannot be used (also a ValueError)
    │   ├── MediaError            a file or stream could not be read
    │   │   ├── MediaNotFound     no such file (also a FileNotFoundError)
    │   │   ├── MediaCorrupt      truncated, damaged, empty, or no known format
    │   │   └── MediaTrackMissing no sound, or no picture, where one is needed
    │   ├── AudioError            the sound cannot serve
    │   │   └── AudioSilent       nothing is heard in a reference
    │   ├── FaceError             the faces in a picture or clip cannot serve
    │   │   ├── FaceNotFound      no face
    │   │   ├── FaceAmbiguous     several faces and no choice among them
    │   │   ├── FaceTooSmall      too few pixels across the face
    │   │   └── FaceUnreliable    turned away, or landmarks that cannot be trusted
    │   ├── ReferenceTooShort     under two seconds of usable reference
    │   ├── NotFiniteError        NaN or infinity, with the place
    │   └── ConfigError           an option has a value that makes no sense
    │       └── ComponentMismatch an encoder, a generator or a pack that was not made for the others
    ├── OutputError               a result could not be written (also an OSError)
    ├── PluginError
    │   ├── ComponentNotFound     nobody provides that name (also a LookupError)
    │   ├── ComponentAmbiguous    several distributions provide that name (also a LookupError)
    │   ├── ComponentUnavailable  it is there, but a requirement is missing (also an ImportError)
    │   ├── ComponentBroken       its code raised, or does not keep the contract
    │   └── ModelFileMissing      the component needs a file of weights (also an OSError)
    ├── StyleError
    │   ├── StyleNotFound         no pack under that reference (also a LookupError)
    │   ├── PackInvalid           a pack that breaks the format, or fails a check (also a ValueError)
    │   ├── PackIncompatible      a sound pack, made for another base, encoder or reader (also a ComponentMismatch)
    │   ├── HubError              the Hugging Face Hub cannot be reached, or refuses (also an OSError)
    │   └── StyleWithoutEffect    a fit that moved nothing
    ├── CheckpointError           a checkpoint that belongs to another fit, or is damaged (also a ValueError)
    └── DeviceError               the device asked for is not there (also a RuntimeError)
    Cancelled                     the caller's token stopped the work; no SdkError, for nothing failed

Each says what happened (``what``), where (``where``: a file, frame or second) and what to do next (``hint``), and
carries a stable ``code`` that programs can match on.
"""

from __future__ import annotations

import errno
from typing import ClassVar

__all__ = [
    "AudioError",
    "AudioSilent",
    "Cancelled",
    "CheckpointError",
    "ComponentAmbiguous",
    "ComponentBroken",
    "ComponentMismatch",
    "ComponentNotFound",
    "ComponentUnavailable",
    "ConfigError",
    "DeviceError",
    "FaceAmbiguous",
    "FaceError",
    "FaceNotFound",
    "FaceTooSmall",
    "FaceUnreliable",
    "HubError",
    "InputError",
    "MediaCorrupt",
    "MediaError",
    "MediaNotFound",
    "MediaTrackMissing",
    "ModelFileMissing",
    "NotFiniteError",
    "OutputError",
    "PackIncompatible",
    "PackInvalid",
    "PluginError",
    "ReferenceTooShort",
    "SdkError",
    "StyleError",
    "StyleNotFound",
    "StyleWithoutEffect",
]


class _Explained(Exception):
    """What ``SdkError`` and ``Cancelled`` share.

    Args:
        what: What happened, as a sentence without a full stop.
        where: The file, frame, second or byte concerned.
        hint: What the caller can do next.
    """

    code: ClassVar[str]

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        Exception.__init__(self, what, where, hint)  # OSError's own would take the three for errno and a file's name
        self.what = what
        self.where = where
        self.hint = hint
        if isinstance(self, OSError):
            _fill(self, what, where)

    def __str__(self) -> str:
        """What, where and next step, as one line."""
        text = self.what if self.where is None else f"{self.what} ({self.where})"
        return text if self.hint is None else f"{text}. {self.hint}"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with the keyword arguments, so that an error crosses processes whole."""
        return _rebuild, (type(self), self.what, self.where, self.hint, self.__dict__)


def _fill(error: OSError, what: str, where: str | None) -> None:
    error.strerror, error.filename = what, where
    if isinstance(error, FileNotFoundError):
        error.errno = errno.ENOENT


def _rebuild(
    cls: type[_Explained], what: str, where: str | None, hint: str | None, state: dict[str, object]
) -> _Explained:
    error = cls(what, where=where, hint=hint)
    error.__dict__.update(state)
    return error


class SdkError(_Explained):
    """The root of every error that the SDK raises on purpose.

    Args:
        what: What happened, as a sentence without a full stop.
        where: The file, frame, second or byte concerned.
        hint: What the caller can do next.
    """

    code = "sdk"


class Cancelled(_Explained):
    """The caller's cancel token stopped the work.

    Nothing failed, so this is no ``SdkError``: ``except sdk.SdkError`` lets it pass, as it should.
    """

    code = "cancelled"


class InputError(SdkError, ValueError):
    """Something given to the SDK cannot be used."""

    code = "input"


class MediaError(InputError):
    """A file or stream could not be read."""

    code = "media"


class MediaNotFound(MediaError, FileNotFoundError):
    """There is no such file."""

    code = "media-not-found"


class MediaCorrupt(MediaError):
    """The file is truncated, damaged, empty, or in no known format."""

    code = "media-corrupt"


class MediaTrackMissing(MediaError):
    """The file has no sound, or no picture, where one is needed."""

    code = "media-track-missing"


class AudioError(InputError):
    """The sound cannot serve its purpose."""

    code = "audio"


class AudioSilent(AudioError):
    """A reference in which nothing is heard."""

    code = "audio-silent"


class FaceError(InputError):
    """The faces in a picture or clip cannot serve."""

    code = "face"


class FaceNotFound(FaceError):
    """No face was found."""

    code = "face-not-found"


class FaceAmbiguous(FaceError):
    """Several faces were found, and nothing says which one is meant.

    Args:
        what: What happened.
        boxes: The faces' boxes ``(left, top, right, bottom)``, in pixels, largest first.
        where: The file or frame.
        hint: What to do next.
    """

    code = "face-ambiguous"

    def __init__(
        self,
        what: str,
        *,
        boxes: tuple[tuple[float, float, float, float], ...] = (),
        where: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.boxes = boxes


class FaceTooSmall(FaceError):
    """There are too few pixels across the face."""

    code = "face-too-small"


class FaceUnreliable(FaceError):
    """The face is turned away too far, or its landmarks cannot be trusted."""

    code = "face-unreliable"


class ReferenceTooShort(InputError):
    """Under two seconds of usable reference."""

    code = "reference-too-short"


class NotFiniteError(InputError):
    """NaN or infinity in an input; ``where`` names the first place."""

    code = "not-finite"


class ConfigError(InputError):
    """An option has a value that makes no sense, or options contradict each other."""

    code = "config"


class ComponentMismatch(ConfigError):
    """An encoder, a generator or a style pack was not made for the others."""

    code = "component-mismatch"


class OutputError(SdkError, OSError):
    """A result could not be written; nothing was left half-written."""

    code = "output"


class PluginError(SdkError):
    """A plugin or component could not be used."""

    code = "plugin"


class ComponentNotFound(PluginError, LookupError):
    """Nobody provides a component by that name."""

    code = "component-not-found"


class ComponentAmbiguous(PluginError, LookupError):
    """Several distributions provide that name; the qualified names tell them apart."""

    code = "component-ambiguous"


class ComponentUnavailable(PluginError, ImportError):
    """The component is there, but something that it requires is not installed."""

    code = "component-unavailable"


class ComponentBroken(PluginError):
    """The component's code raised, or it does not keep its interface's contract."""

    code = "component-broken"


class ModelFileMissing(PluginError, OSError):
    """The component needs a file of weights that is not on this machine."""

    code = "model-file-missing"


class StyleError(SdkError):
    """A style or style pack could not be used."""

    code = "style"


class StyleNotFound(StyleError, LookupError):
    """There is no style pack under that reference."""

    code = "style-not-found"


class PackInvalid(StyleError, ValueError):
    """The pack breaks the format or fails one of its checks."""

    code = "pack-invalid"


class PackIncompatible(StyleError, ComponentMismatch):
    """The pack is sound, but was made for another base, encoder or reader."""

    code = "pack-incompatible"


class HubError(StyleError, OSError):
    """The Hugging Face Hub cannot be reached, refuses, or sent something damaged; the cache is left sound."""

    code = "hub"


class StyleWithoutEffect(StyleError):
    """A fit ended in a style that moves nothing."""

    code = "style-without-effect"


class CheckpointError(SdkError, ValueError):
    """A checkpoint belongs to another fit, or is damaged."""

    code = "checkpoint"


class DeviceError(SdkError, RuntimeError):
    """The device asked for is not available."""

    code = "device"

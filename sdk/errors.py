"""Every error that talkstyle raises on purpose.

    SdkError
    ├── InputError                what was given cannot be used
    │   ├── MediaError            a file or stream could not be read
    │   │   ├── MediaNotFound     no such file
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
    ├── OutputError               a result could not be written
    ├── PluginError
    │   ├── ComponentNotFound     nobody provides that name
    │   ├── ComponentAmbiguous    several distributions provide that name
    │   ├── ComponentUnavailable  it is there, but a requirement is missing
    │   ├── ComponentBroken       its code raised, or does not keep the contract
    │   └── ModelFileMissing      the component needs a file of weights
    ├── StyleError
    │   ├── StyleNotFound         no pack under that reference
    │   ├── PackInvalid           a pack that breaks the format, or fails a check
    │   ├── PackIncompatible      a sound pack, made for another base, encoder or reader
    │   ├── HubError              the Hugging Face Hub cannot be reached, or refuses
    │   └── StyleWithoutEffect    a fit that moved nothing
    ├── CheckpointError           a checkpoint that belongs to another fit, or is damaged
    ├── DeviceError               the device asked for is not there
    └── Cancelled                 the caller's token stopped the work

Each error says what happened (``what``), where (``where``: a file, frame or second) and what to do next (``hint``),
and carries a stable ``code`` that programs can match on.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "AudioError",
    "AudioSilent",
    "Cancelled",
    "CheckpointError",
    "ComponentAmbiguous",
    "ComponentBroken",
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


class SdkError(Exception):
    """The root of every error that the SDK raises on purpose.

    Args:
        what: What happened, as a sentence without a full stop.
        where: The file, frame, second or byte concerned.
        hint: What the caller can do next.
    """

    code: ClassVar[str] = "sdk"

    def __init__(self, what: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(what, where, hint)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        """What, where and next step, as one line."""
        text = self.what if self.where is None else f"{self.what} ({self.where})"
        return text if self.hint is None else f"{text}. {self.hint}"

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle with the keyword arguments, so that an error crosses processes whole."""
        return _rebuild, (type(self), self.what, self.where, self.hint, self.__dict__)


def _rebuild(cls: type[SdkError], what: str, where: str | None, hint: str | None, state: dict[str, object]) -> SdkError:
    error = cls.__new__(cls)
    SdkError.__init__(error, what, where=where, hint=hint)
    error.__dict__.update(state)
    return error


class InputError(SdkError):
    """Something given to the SDK cannot be used."""

    code = "input"


class MediaError(InputError):
    """A file or stream could not be read."""

    code = "media"


class MediaNotFound(MediaError):
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


class OutputError(SdkError):
    """A result could not be written; nothing was left half-written."""

    code = "output"


class PluginError(SdkError):
    """A plugin or component could not be used."""

    code = "plugin"


class ComponentNotFound(PluginError):
    """Nobody provides a component by that name."""

    code = "component-not-found"


class ComponentAmbiguous(PluginError):
    """Several distributions provide that name; the qualified names tell them apart."""

    code = "component-ambiguous"


class ComponentUnavailable(PluginError):
    """The component is there, but something that it requires is not installed."""

    code = "component-unavailable"


class ComponentBroken(PluginError):
    """The component's code raised, or it does not keep its interface's contract."""

    code = "component-broken"


class ModelFileMissing(PluginError):
    """The component needs a file of weights that is not on this machine."""

    code = "model-file-missing"


class StyleError(SdkError):
    """A style or style pack could not be used."""

    code = "style"


class StyleNotFound(StyleError):
    """There is no style pack under that reference."""

    code = "style-not-found"


class PackInvalid(StyleError):
    """The pack breaks the format or fails one of its checks."""

    code = "pack-invalid"


class PackIncompatible(StyleError):
    """The pack is sound, but was made for another base, encoder or reader."""

    code = "pack-incompatible"


class HubError(StyleError):
    """The Hugging Face Hub cannot be reached, refuses, or sent something damaged; the cache is left sound."""

    code = "hub"


class StyleWithoutEffect(StyleError):
    """A fit ended in a style that moves nothing."""

    code = "style-without-effect"


class CheckpointError(SdkError):
    """A checkpoint belongs to another fit, or is damaged."""

    code = "checkpoint"


class DeviceError(SdkError):
    """The device asked for is not available."""

    code = "device"


class Cancelled(SdkError):
    """The caller's cancel token stopped the work."""

    code = "cancelled"

"""Learn how a person moves when they speak, keep it as a style pack, and drive any portrait with it.

    import sdk

    pack = sdk.adapt("rapper.mp4", name="rap")
    pack.save("./rap")
    sdk.animate("me.png", "hello.wav", style="./rap").save("hello.mp4")

Every public name is imported at its first use, so that ``import sdk`` itself costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from sdk._version import __version__

if TYPE_CHECKING:
    from sdk.adapter import FitConfig, StyleAdapter, adapt
    from sdk.animation import Animation, Job, JobResult, animate, animate_many
    from sdk.data import Audio, Controls, Landmarks, Motion, Portrait, TalkstyleWarning
    from sdk.errors import (
        AudioError,
        AudioSilent,
        Cancelled,
        CheckpointError,
        ComponentAmbiguous,
        ComponentBroken,
        ComponentNotFound,
        ComponentUnavailable,
        ConfigError,
        DeviceError,
        FaceAmbiguous,
        FaceError,
        FaceNotFound,
        FaceTooSmall,
        FaceUnreliable,
        HubError,
        InputError,
        MediaCorrupt,
        MediaError,
        MediaNotFound,
        MediaTrackMissing,
        ModelFileMissing,
        NotFiniteError,
        OutputError,
        PackIncompatible,
        PackInvalid,
        PluginError,
        ReferenceTooShort,
        SdkError,
        StyleError,
        StyleNotFound,
        StyleWithoutEffect,
    )
    from sdk.evaluation import evaluate
    from sdk.face import canonical_face
    from sdk.inspection import inspect
    from sdk.interfaces import AudioEncoder, LandmarkDetector, MotionGenerator, Renderer, StyleTransferNet
    from sdk.media import Signer
    from sdk.packs import StylePack, mix
    from sdk.progress import CancelToken, Progress
    from sdk.registry import Component, components, load, register

__all__ = [
    "Animation",
    "Audio",
    "AudioEncoder",
    "AudioError",
    "AudioSilent",
    "CancelToken",
    "Cancelled",
    "CheckpointError",
    "Component",
    "ComponentAmbiguous",
    "ComponentBroken",
    "ComponentNotFound",
    "ComponentUnavailable",
    "ConfigError",
    "Controls",
    "DeviceError",
    "FaceAmbiguous",
    "FaceError",
    "FaceNotFound",
    "FaceTooSmall",
    "FaceUnreliable",
    "FitConfig",
    "HubError",
    "InputError",
    "Job",
    "JobResult",
    "LandmarkDetector",
    "Landmarks",
    "MediaCorrupt",
    "MediaError",
    "MediaNotFound",
    "MediaTrackMissing",
    "ModelFileMissing",
    "Motion",
    "MotionGenerator",
    "NotFiniteError",
    "OutputError",
    "PackIncompatible",
    "PackInvalid",
    "PluginError",
    "Portrait",
    "Progress",
    "ReferenceTooShort",
    "Renderer",
    "SdkError",
    "Signer",
    "StyleAdapter",
    "StyleError",
    "StyleNotFound",
    "StylePack",
    "StyleTransferNet",
    "StyleWithoutEffect",
    "TalkstyleWarning",
    "__version__",
    "adapt",
    "animate",
    "animate_many",
    "canonical_face",
    "components",
    "evaluate",
    "inspect",
    "load",
    "mix",
    "register",
]

# Where each name lives; the errors, which are all the others, live in sdk.errors.
_HOMES: Final = {
    "sdk.adapter": ("FitConfig", "StyleAdapter", "adapt"),
    "sdk.animation": ("Animation", "Job", "JobResult", "animate", "animate_many"),
    "sdk.data": ("Audio", "Controls", "Landmarks", "Motion", "Portrait", "TalkstyleWarning"),
    "sdk.evaluation": ("evaluate",),
    "sdk.face": ("canonical_face",),
    "sdk.inspection": ("inspect",),
    "sdk.interfaces": ("AudioEncoder", "LandmarkDetector", "MotionGenerator", "Renderer", "StyleTransferNet"),
    "sdk.media": ("Signer",),
    "sdk.packs": ("StylePack", "mix"),
    "sdk.progress": ("CancelToken", "Progress"),
    "sdk.registry": ("Component", "components", "load", "register"),
}
_HOME: Final = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import a public name from its home, and keep it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME.get(name, "sdk.errors")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """The public names, imported or not."""
    return sorted({*globals(), *__all__})

"""``animate``: a portrait and a sound in, a talking video out."""

from __future__ import annotations

import contextlib
import copy
import math
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdk import defaults
from sdk.activity import ActivityStream
from sdk.animation.resample import frame_rate
from sdk.animation.result import Animation
from sdk.animation.stream import MotionSource
from sdk.data import Controls, Portrait, warn
from sdk.device import resolve_device
from sdk.errors import ComponentBroken, ConfigError
from sdk.interfaces import AudioEncoder, LandmarkDetector, MotionGenerator, Renderer
from sdk.progress import CancelToken, ProgressCallback, Reporter
from sdk.registry import resolve

if TYPE_CHECKING:
    import torch

    from sdk.media.audio import AudioInput, AudioReader
    from sdk.packs import StylePack
    from sdk.reference import Face, PortraitInput

__all__ = ["animate"]


def animate(
    portrait: PortraitInput | Portrait,
    audio: AudioInput,
    /,
    *,
    style: StylePack | str | Path | Mapping[str, float] | None = None,
    strength: float = 1.0,
    fps: int | float | str | Fraction = 25,
    controls: Controls = Controls(),  # noqa: B008 frozen
    seed: int = 0,
    face: Face = None,
    generator: str | MotionGenerator | None = None,
    encoder: str | AudioEncoder | None = None,
    renderer: str | Renderer = defaults.RENDERER,
    detector: str | LandmarkDetector = defaults.DETECTOR,
    device: str | torch.device = "auto",
    allow_other_base: bool = False,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Animation:
    """Let a portrait speak.

    Everything that can be wrong with portrait, style and components is found first, then the sound is listened to once;
    frames are made as they are asked for.

    Args:
        portrait: A picture with one face: a path, a file's bytes, an array, a PIL image, or a ``Portrait``.
        audio: What it says: a sound file or a video, as a path, bytes, file object, ``Audio``, or array with its rate.
        style: How it moves: a pack, a reference to one, or a mix as references with weights. None: the base's own way.
        strength: Of the style: 0 is the base, 1 the style, above 1 exaggerates.
        fps: The video's frames a second, from 1 to 120; 29.97 means 30000/1001.
        controls: How strongly mouth, brows, lids and head move.
        seed: Decides blinks and idle motion.
        face: Which of several faces: ``"largest"``, an index (largest first), or a box near it.
        generator: A motion generator or its name; the style's own where left out.
        encoder: An audio encoder or its name; the style's own, or else the generator's, where left out.
        renderer: A renderer or its name.
        detector: A landmark detector or its name; not used for a ``Portrait``.
        device: Where the networks run, those of renderer and detector too where they take a device; see
            ``resolve_device``. Objects of the caller's own stay where they are, but for the generator.
        allow_other_base: Take a style that was made for another base, where its parameters fit.
        on_progress: Called while the sound is listened to.
        cancel: Stops the work, here and in the animation.

    Raises:
        ConfigError: An option makes no sense.
        MediaError: Portrait or sound cannot be read.
        FaceError: The portrait has no face, several, or none that can serve.
        StyleError: The style cannot be found or used.
        PluginError: A component cannot be used.
        Cancelled: The token was cancelled.
    """
    from sdk.media.audio import open_audio

    report = Reporter(on_progress, cancel)
    rate = frame_rate(fps)
    _check(strength, seed)
    sound = open_audio(audio)
    pack = _find_style(style)
    where = resolve_device(device)
    report("prepare")
    who, notes = (portrait, ()) if isinstance(portrait, Portrait) else _find_face(portrait, detector, face, where)
    report("prepare")
    if generator is None:
        generator = defaults.GENERATOR if pack is None else pack.config.base.component
    mover: MotionGenerator = resolve("motion-generator", generator)
    if encoder is None:
        encoder = mover.encoder if pack is None else pack.config.encoder.component
    listener: AudioEncoder = resolve("audio-encoder", encoder)
    if listener.width != mover.features:
        raise ComponentBroken(
            f"the generator {mover.name!r} takes {mover.features} features, and the encoder {listener.name!r} gives "
            f"{listener.width}",
            hint=f"Use the encoder that it was trained with: {mover.encoder!r}.",
        )
    painter: Renderer = _placed("renderer", renderer, where)
    mover = _dressed(mover, pack, strength, listener, allow_other_base=allow_other_base).to(where).eval()
    prepared = painter.prepare(who)
    report("prepare")
    sound = sound.at(listener.sample_rate)
    duration, heard = _listen(sound, report)
    notes += heard
    for note in notes:
        warn(note)
    height, width = who.pixels.shape[:2]
    return Animation(
        source=MotionSource(encoder=listener, generator=mover, device=where, controls=controls, seed=seed, fps=rate),
        audio=sound,
        sound=duration,
        renderer=painter,
        prepared=prepared,
        size=(width, height),
        warnings=notes,
        cancel=cancel,
    )


def _check(strength: float, seed: int) -> None:
    if not math.isfinite(strength):
        raise ConfigError(f"strength={strength} is no strength", where="strength", hint="0 is the base, 1 the style.")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ConfigError(f"seed={seed!r} is no seed", where="seed", hint="Give a whole number from 0.")


def _find_face(
    source: PortraitInput, detector: str | LandmarkDetector, face: Face, device: torch.device
) -> tuple[Portrait, tuple[str, ...]]:
    from sdk.reference import load_portrait

    return load_portrait(source, detector=_placed("landmark-detector", detector, device), face=face)


def _placed(kind: str, component: str | Renderer | LandmarkDetector, device: torch.device) -> Any:
    """The component, on the device where it is made here and takes one."""
    if isinstance(component, str):
        with contextlib.suppress(ConfigError):  # one without that option; what else is wrong is said below
            return resolve(kind, component, device=str(device))
    return resolve(kind, component)


def _find_style(style: StylePack | str | Path | Mapping[str, float] | None) -> StylePack | None:
    if style is None:
        return None
    from sdk.packs import StylePack, mix

    if isinstance(style, StylePack):
        return style
    if isinstance(style, Mapping):
        return mix({ref: weight for ref, weight in style.items()})  # noqa: C416 a mapping's keys are invariant
    return StylePack.load(style)


def _dressed(
    generator: MotionGenerator,
    pack: StylePack | None,
    strength: float,
    encoder: AudioEncoder,
    *,
    allow_other_base: bool,
) -> MotionGenerator:
    """A copy of the generator that wears the style: the caller's own stays as it is, and can serve others meanwhile."""
    if pack is None:
        return copy.deepcopy(generator)
    if not allow_other_base:
        pack.check_encoder(encoder)
    with pack.apply(copy.deepcopy(generator), strength=strength, allow_other_base=allow_other_base) as worn:
        return copy.deepcopy(worn)


def _listen(sound: AudioReader, report: Reporter) -> tuple[Fraction, tuple[str, ...]]:
    """Go through the sound once: its exact seconds, and whatever is wrong with it, are known before the first frame."""
    activity = ActivityStream(sound.rate)
    samples, heard = 0, False
    for chunk in sound:
        samples += len(chunk)
        heard = heard or bool(activity.push(chunk).any())
        seconds = sound.duration
        report("listen", None if not seconds else min(1.0, samples / float(seconds * sound.rate)))
    heard = heard or bool(activity.finish().any())
    notes = tuple(sound.warnings)
    if not heard:
        notes += ("nothing is heard in the sound: the mouth stays closed",)
    return Fraction(samples, sound.rate), notes

"""``animate``: a portrait and a sound in, a talking video out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, Union

from sdk import defaults
from sdk.activity import ActivityStream
from sdk.animation.components import Parts
from sdk.animation.result import Animation
from sdk.animation.stages.resampler import frame_rate
from sdk.animation.synthesis import MotionSynthesizer
from sdk.data import Controls, Portrait
from sdk.device import resolve_device
from sdk.errors import ConfigError
from sdk.interfaces import AudioEncoder, LandmarkDetector, MotionGenerator, Renderer
from sdk.progress import CancelToken, ProgressCallback, Reporter
from sdk.warnings import warn

if TYPE_CHECKING:
    import torch

    from sdk.media import AudioInput, AudioReader
    from sdk.packs import StylePack
    from sdk.tracking import FaceSelector, PortraitInput

__all__ = ["StyleInput", "animate", "build", "find_style"]

StyleInput: TypeAlias = Union["StylePack", str, Path, Mapping[str, float], None]
"""A pack, a reference to one, a mix as references with weights, or None for the base's own way."""


def animate(
    portrait: PortraitInput | Portrait,
    audio: AudioInput,
    /,
    *,
    style: StyleInput = None,
    strength: float = 1.0,
    fps: int | float | str | Fraction = 25,
    controls: Controls = Controls(),  # noqa: B008 frozen
    seed: int = 0,
    face: FaceSelector = None,
    teeth: PortraitInput | Portrait | None = None,
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
        teeth: Another picture of the same person, who smiles or laughs in it: the open mouth shows these teeth. Of
            several faces the largest counts. Left out: the portrait's own where it shows them, or painted ones.
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
        FaceError: The portrait has no face, several, or none that can serve; or the mouth in ``teeth`` is closed.
        StyleError: The style cannot be found or used.
        PluginError: A component cannot be used.
        Cancelled: The token was cancelled.
    """
    parts = Parts(
        generator=generator, encoder=encoder, renderer=renderer, detector=detector, device=resolve_device(device)
    )
    animation = build(
        parts,
        portrait,
        audio,
        style=style,
        strength=strength,
        fps=fps,
        controls=controls,
        seed=seed,
        face=face,
        teeth=teeth,
        allow_other_base=allow_other_base,
        report=Reporter(on_progress, cancel),
        cancel=cancel,
    )
    for note in animation.warnings:
        warn(note)
    return animation


def build(
    parts: Parts,
    portrait: PortraitInput | Portrait,
    audio: AudioInput,
    *,
    style: StyleInput,
    strength: float,
    fps: int | float | str | Fraction,
    controls: Controls,
    seed: int,
    face: FaceSelector,
    teeth: PortraitInput | Portrait | None,
    allow_other_base: bool,
    report: Reporter,
    cancel: CancelToken | None,
) -> Animation:
    """``animate`` with parts that may have served before; its notes are not raised as warnings."""
    from sdk.media import open_audio
    from sdk.packs import styled

    rate = frame_rate(fps)
    _check(strength, seed)
    sound = open_audio(audio)
    pack = find_style(style)
    report("prepare")
    who, notes = parts.sitter(portrait, face, teeth)
    report("prepare")
    mover, listener = parts.speaker(pack)
    painter = parts.renderer
    if who.teeth is not None and not getattr(painter, "shows_teeth", False):
        notes += (f"the renderer {painter.name!r} makes no use of teeth=",)
    mover = styled(
        mover,
        pack,
        encoder=listener,
        strength=strength,
        allow_other_base=allow_other_base,
        device=parts.device,
    )
    prepared = parts.prepare(who)
    report("prepare")
    sound = sound.at(listener.sample_rate)
    duration, heard = _listen(sound, report)
    height, width = who.pixels.shape[:2]
    return Animation(
        synthesizer=MotionSynthesizer(
            encoder=listener, generator=mover, device=parts.device, controls=controls, seed=seed, fps=rate
        ),
        audio=sound,
        sound=duration,
        renderer=painter,
        prepared=prepared,
        size=(width, height),
        warnings=(*notes, *heard),
        cancel=cancel,
    )


def _check(strength: float, seed: int) -> None:
    if not math.isfinite(strength):
        raise ConfigError(f"strength={strength} is no strength", where="strength", hint="0 is the base, 1 the style.")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ConfigError(f"seed={seed!r} is no seed", where="seed", hint="Give a whole number from 0.")


def find_style(style: StyleInput) -> StylePack | None:
    """The pack that is meant, loaded or mixed where it is not one yet; errors as for ``StylePack.load``."""
    if style is None:
        return None
    from sdk.packs import StylePack, mix

    if isinstance(style, StylePack):
        return style
    if isinstance(style, Mapping):
        return mix({ref: weight for ref, weight in style.items()})  # noqa: C416 a mapping's keys are invariant
    return StylePack.load(style)


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

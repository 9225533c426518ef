"""``animate``: a portrait and a sound in, a talking video out; an ``Animator`` does so again and again."""

from __future__ import annotations

import copy
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias, Union

from sdk import defaults
from sdk.activity import ActivityStream
from sdk.animation.result import Animation
from sdk.animation.stages.resampler import frame_rate
from sdk.animation.synthesis import MotionSynthesizer
from sdk.arguments import whole
from sdk.data import Controls, Portrait, read_controls
from sdk.device import resolve_device
from sdk.forking import check_process
from sdk.interfaces import AudioEncoder, LandmarkDetector, MotionGenerator, Renderer
from sdk.progress import CancelToken, ProgressCallback, Reporter
from sdk.registry import accepts, resolve
from sdk.warnings import warn

if TYPE_CHECKING:
    import torch

    from sdk.media import AudioInput, AudioReader, ImageInput
    from sdk.packs import StylePack
    from sdk.tracking import FaceSelector

StyleInput: TypeAlias = Union["StylePack", str, Path, Mapping[str, float], None]
"""A pack, a reference to one, a mix as references with weights, or None for the base's own way."""

MAX_PORTRAITS: Final = 4
"""Portraits that are kept in memory: they are large."""


def animate(
    portrait: ImageInput | Portrait,
    audio: AudioInput,
    /,
    *,
    style: StyleInput = None,
    strength: float = 1.0,
    fps: int | float | str | Fraction = 25,
    controls: Controls | Mapping[str, float] = Controls(),  # noqa: B008 frozen
    seed: int = 0,
    face: FaceSelector = None,
    teeth: ImageInput | Portrait | None = None,
    generator: str | MotionGenerator | None = None,
    encoder: str | AudioEncoder | None = None,
    renderer: str | Renderer = defaults.RENDERER,
    detector: str | LandmarkDetector = defaults.DETECTOR,
    device: str | torch.device = "auto",
    allow_other_base: bool = False,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Animation:
    """Animate a portrait with a sound.

    Options, style, components and portrait are checked first, in this order. Then the sound is read once, and frames
    are rendered as they are asked for.

    Args:
        portrait: A picture with one face: a path, a file's bytes, an array, a PIL image, or a ``Portrait``.
        audio: What it says: a sound file or a video, as a path, bytes, file object, ``Audio``, or array with its rate.
        style: How it moves: a pack, a reference to one, or a mix as references with weights. None: the base's own way.
        strength: Of the style, from -10 to 10: 0 is the base, 1 the style. Above 1 exaggerates the motion, below 0 does
            the opposite of it, and beyond 1.5 the animation has a warning. Whatever the strength, the motion stays
            within what faces can do.
        fps: The video's frames a second, from 1 to 120; 29.97 means 30000/1001.
        controls: How strongly mouth, brows, lids and head move: ``Controls``, or its fields as a dictionary.
        seed: Decides blinks and idle motion.
        face: Which of several faces: ``"largest"``, an index (largest first), or a box near it.
        teeth: Another picture of the same person smiling: the open mouth shows these teeth. Of several faces the
            largest counts. By default the portrait's own teeth if it shows them, or painted ones.
        generator: A motion generator or its name; the style's own by default.
        encoder: An audio encoder or its name; the style's own by default, or else the generator's.
        renderer: A renderer or its name.
        detector: A landmark detector or its name; not used for a ``Portrait``.
        device: Where the networks run, also those of renderer and detector if they take a device; see
            ``resolve_device``. Components passed as objects stay where they are, except for the generator.
        allow_other_base: Accept a style that was made for another base, if its parameters fit.
        on_progress: Called while the sound is read.
        cancel: Stops the work, here and in the animation.

    Raises:
        ConfigError: An option makes no sense.
        MediaError: Portrait or sound cannot be read.
        FaceError: The portrait has no face, several, or none that can serve; or the mouth in ``teeth`` is closed.
        StyleError: The style cannot be found or used.
        PluginError: A component cannot be used.
        Cancelled: The token was cancelled.
    """
    animator = Animator(generator=generator, encoder=encoder, renderer=renderer, detector=detector, device=device)
    animation = animator.animate(
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
        on_progress=on_progress,
        cancel=cancel,
    )
    for message in animation.warnings:
        warn(message)
    return animation


@dataclass(frozen=True, eq=False)
class Speaker:
    """What turns sound into motion: an encoder, a styled generator on a device, and what is worth knowing about it."""

    encoder: AudioEncoder
    generator: MotionGenerator
    device: torch.device
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Sitter:
    """A prepared portrait and its renderer, width and height in pixels, and what is worth knowing about it."""

    renderer: Renderer
    prepared: Any
    size: tuple[int, int]
    warnings: tuple[str, ...]


@dataclass(eq=False, kw_only=True)
class Animator:
    """Animates with the same components: each is loaded once, when first used, and the last portraits stay prepared.

    The fields are as for ``animate``.

    Raises:
        DeviceError: The device is unknown, or not on this machine.
    """

    generator: str | MotionGenerator | None = None
    encoder: str | AudioEncoder | None = None
    renderer: str | Renderer = defaults.RENDERER
    detector: str | LandmarkDetector = defaults.DETECTOR
    device: str | torch.device = "auto"

    def __post_init__(self) -> None:
        self._device = resolve_device(self.device)
        self._loaded: dict[tuple[str, str], Any] = {}
        # Plain methods, not bound ones that are kept: a cycle would hold portraits until the garbage collector comes.
        self._prepared: OrderedDict[Portrait, Any] = OrderedDict()
        self._lock = threading.Lock()

    def load_portrait(
        self, source: ImageInput | Portrait, *, face: FaceSelector = None, teeth: ImageInput | Portrait | None = None
    ) -> tuple[Portrait, tuple[str, ...]]:
        """Read a portrait, with teeth if given, and what is worth knowing about it; errors as for ``animate``."""
        from sdk.tracking import load_portrait, load_teeth

        warnings: tuple[str, ...] = ()
        if not isinstance(source, Portrait):
            source, warnings = load_portrait(source, detector=self._get_detector(), face=face)
        if teeth is None:
            return source, warnings
        if not isinstance(teeth, Portrait):
            teeth, more = load_teeth(teeth, detector=self._get_detector())
            warnings += more
        return replace(source, teeth=teeth), warnings

    def animate(
        self,
        portrait: ImageInput | Portrait,
        audio: AudioInput,
        /,
        *,
        style: StyleInput = None,
        strength: float = 1.0,
        fps: int | float | str | Fraction = 25,
        controls: Controls | Mapping[str, float] = Controls(),  # noqa: B008 frozen
        seed: int = 0,
        face: FaceSelector = None,
        teeth: ImageInput | Portrait | None = None,
        allow_other_base: bool = False,
        on_progress: ProgressCallback | None = None,
        cancel: CancelToken | None = None,
    ) -> Animation:
        """Like ``sdk.animate``, but ``Animation.warnings`` are not issued."""
        from sdk.media import open_audio
        from sdk.packs import read_strength
        from sdk.tracking import read_selector

        report = Reporter(on_progress, cancel)
        rate = frame_rate(fps)
        seed, face, controls = whole(seed, "seed"), read_selector(face), read_controls(controls)
        strength = read_strength(strength)
        sound = open_audio(audio)
        pack = load_style(style)
        report("prepare")
        speaker = self.speaker(pack, strength=strength, allow_other_base=allow_other_base)
        report("prepare")
        sitter = self.sitter(portrait, face=face, teeth=teeth)
        report("prepare")
        sound = sound.at(speaker.encoder.sample_rate)
        duration, heard = _listen(sound, report)
        return Animation(
            synthesizer=MotionSynthesizer(
                encoder=speaker.encoder,
                generator=speaker.generator,
                device=speaker.device,
                controls=controls,
                seed=seed,
                fps=rate,
            ),
            audio=sound,
            sound_duration=duration,
            renderer=sitter.renderer,
            prepared=sitter.prepared,
            size=sitter.size,
            warnings=(*sitter.warnings, *speaker.warnings, *heard),
            cancel=cancel,
        )

    def speaker(self, style: StyleInput, *, strength: float = 1.0, allow_other_base: bool = False) -> Speaker:
        """What turns sound into motion in a style; errors as for ``animate``."""
        from sdk.packs import strength_warnings, styled

        pack = load_style(style)
        base, encoder = self._speech_components(pack)
        generator = styled(
            base, pack, encoder=encoder, strength=strength, allow_other_base=allow_other_base, device=self._device
        )
        if not isinstance(self.generator, str | None):  # what it shares with the caller's own, the caller may change
            generator = copy.deepcopy(generator)
        return Speaker(encoder, generator, self._device, strength_warnings(base, pack, strength))

    def sitter(
        self, source: ImageInput | Portrait, *, face: FaceSelector = None, teeth: ImageInput | Portrait | None = None
    ) -> Sitter:
        """A portrait with what renders it; errors as for ``animate``."""
        renderer = self._get_renderer()
        loaded, warnings = self.load_portrait(source, face=face, teeth=teeth)
        if loaded.teeth is not None and not getattr(renderer, "shows_teeth", False):
            warnings += (f"the renderer {renderer.name!r} makes no use of teeth=",)
        height, width = loaded.pixels.shape[:2]
        return Sitter(renderer, self._prepare(loaded), (width, height), warnings)

    def _get_detector(self) -> LandmarkDetector:
        found: LandmarkDetector = self._load("landmark-detector", self.detector)
        return found

    def _get_renderer(self) -> Renderer:
        found: Renderer = self._load("renderer", self.renderer)
        return found

    def _prepare(self, portrait: Portrait) -> Any:
        """A portrait as the renderer takes it; the last few are kept."""
        prepared = self._prepared.get(portrait)
        if prepared is None:
            prepared = self._get_renderer().prepare(portrait)
        with self._lock:
            self._prepared[portrait] = prepared
            self._prepared.move_to_end(portrait)
            while len(self._prepared) > MAX_PORTRAITS:
                self._prepared.popitem(last=False)
        return prepared

    def _speech_components(self, pack: StylePack | None) -> tuple[MotionGenerator, AudioEncoder]:
        """The generator and the encoder that a style needs, or the base's own for None."""
        name = self.generator
        if name is None:
            name = defaults.GENERATOR if pack is None else pack.config.base.component
        generator: MotionGenerator = self._load("motion-generator", name)
        trained_on = self.encoder
        if trained_on is None:
            trained_on = generator.encoder if pack is None else pack.config.encoder.component
        return generator, self._load("audio-encoder", trained_on)

    def _load(self, kind: str, component: Any) -> Any:
        """A component; if it is loaded here and takes a device, on this one (a generator is moved when styled)."""
        check_process()
        if not isinstance(component, str):
            return resolve(kind, component)
        if (kind, component) not in self._loaded:
            placed = kind in ("renderer", "landmark-detector") and accepts(kind, component, "device")
            config = {"device": str(self._device)} if placed else {}
            self._loaded[kind, component] = resolve(kind, component, **config)
        return self._loaded[kind, component]


def load_style(style: StyleInput) -> StylePack | None:
    """Load or mix the pack that is meant; errors as for ``StylePack.load``."""
    if style is None:
        return None
    from sdk.packs import StylePack, mix

    if isinstance(style, StylePack):
        return style
    if isinstance(style, Mapping):
        return mix({ref: weight for ref, weight in style.items()})  # noqa: C416 a mapping's keys are invariant
    return StylePack.load(style)


def _listen(sound: AudioReader, report: Reporter) -> tuple[Fraction, tuple[str, ...]]:
    """Read the sound once, so that its exact seconds and its faults are known before the first frame."""
    activity = ActivityStream(sound.rate)
    samples, heard = 0, False
    for chunk in sound:
        samples += len(chunk)
        heard = heard or bool(activity.push(chunk).any())
        seconds = sound.duration
        report("listen", None if not seconds else min(1.0, samples / float(seconds * sound.rate)))
    heard = heard or bool(activity.finish().any())
    warnings = tuple(sound.warnings)
    if not heard:
        warnings += ("nothing is heard in the sound: the mouth stays closed",)
    return Fraction(samples, sound.rate), warnings

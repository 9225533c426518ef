"""Opening live sessions: everything is loaded once, and sessions can share it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from sdk import defaults
from sdk.animation import Animator, Speaker, StyleInput
from sdk.animation.stages.resampler import frame_rate
from sdk.arguments import number, shown, switch, whole
from sdk.data import Controls, Portrait, read_controls
from sdk.errors import ConfigError
from sdk.forking import check_process
from sdk.interfaces import AudioEncoder, LandmarkDetector, MotionGenerator, Renderer
from sdk.session.clock import Clock, SystemClock
from sdk.session.motion import LiveMotion
from sdk.session.queue import MAX_RATE, MIN_RATE, SoundQueue
from sdk.session.session import LiveSession, Staged
from sdk.warnings import warn

if TYPE_CHECKING:
    import torch

    from sdk.media import ImageInput
    from sdk.tracking import FaceSelector

Region = Literal["picture", "face"]


def live(
    portrait: ImageInput | Portrait,
    /,
    *,
    style: StyleInput = None,
    strength: float = 1.0,
    fps: int | float | str | Fraction = 25,
    rate: int = 24_000,
    controls: Controls | Mapping[str, float] = Controls(),  # noqa: B008 frozen
    seed: int = 0,
    region: Region = "picture",
    paced: bool = True,
    clock: Clock | None = None,
    queue_seconds: float = 120.0,
    reserve_seconds: float = 0.025,
    face: FaceSelector = None,
    teeth: ImageInput | Portrait | None = None,
    generator: str | MotionGenerator | None = None,
    encoder: str | AudioEncoder | None = None,
    renderer: str | Renderer = defaults.RENDERER,
    detector: str | LandmarkDetector = defaults.DETECTOR,
    device: str | torch.device = "auto",
    allow_other_base: bool = False,
) -> LiveSession:
    """Open a live session: sound in as it is spoken, a talking face out.

        with sdk.live("me.png") as session:
            session.push_audio(pcm, 24000)  # from any thread, as it comes
            session.flush()
            for frame in session:  # for ever: it idles where there is no sound
                show(frame.image, frame.sound)

    Everything is loaded here, once, and a first frame is rendered, so that none of the session's frames waits for it.

    Args:
        portrait: A picture with one face, as for ``sdk.animate``.
        style: How it moves: a pack, a reference to one, or a mix. None: the base's own way.
        strength: Of the style, from -10 to 10.
        fps: Frames a second, from 1 to 120.
        rate: Samples a second of ``LiveFrame.sound``, from 8000 to 192000. Sound that is pushed at this rate comes out
            bit for bit (int16) or rounded to 16 bit; at another one it is resampled.
        controls: How strongly mouth, brows, lids and head move.
        seed: Decides blinks and idle motion.
        region: ``"face"`` gives of each frame only what may differ from the portrait at rest, with its box.
        paced: Give each frame when it is due. False: as fast as they can be made, whatever the clock; push whole
            utterances then, for where there is no sound yet, the face idles.
        clock: Another clock than the machine's, to pace by.
        queue_seconds: How much sound may wait to be spoken.
        reserve_seconds: How much is kept back of an utterance that comes as it is spoken, in case pieces come late.
        face: Which of several faces, as for ``sdk.animate``.
        teeth: Another picture of the same person smiling, as for ``sdk.animate``.
        generator: A motion generator or its name: ``"tcn-live"`` answers within 100 ms of sound, ``"tcn"`` within 300.
            The style's own by default.
        encoder: An audio encoder or its name; the style's own by default, or else the generator's.
        renderer: A renderer or its name.
        detector: A landmark detector or its name; not used for a ``Portrait``.
        device: Where the networks run.
        allow_other_base: Accept a style that was made for another base, if its parameters fit.

    Raises:
        ConfigError: An option makes no sense.
        MediaError: The portrait cannot be read.
        FaceError: The portrait has no face, several, or none that can serve.
        StyleError: The style cannot be found or used.
        PluginError: A component cannot be used.
    """
    session = open_session(
        Animator(generator=generator, encoder=encoder, renderer=renderer, detector=detector, device=device),
        portrait,
        style=style,
        strength=strength,
        fps=fps,
        rate=rate,
        controls=controls,
        seed=seed,
        region=region,
        paced=paced,
        clock=clock,
        queue_seconds=queue_seconds,
        reserve_seconds=reserve_seconds,
        face=face,
        teeth=teeth,
        allow_other_base=allow_other_base,
    )
    for message in session.warnings:
        warn(message)
    return session


def open_session(
    animator: Animator,
    portrait: ImageInput | Portrait,
    /,
    *,
    style: StyleInput = None,
    strength: float = 1.0,
    fps: int | float | str | Fraction = 25,
    rate: int = 24_000,
    controls: Controls | Mapping[str, float] = Controls(),  # noqa: B008 frozen
    seed: int = 0,
    region: Region = "picture",
    paced: bool = True,
    clock: Clock | None = None,
    queue_seconds: float = 120.0,
    reserve_seconds: float = 0.025,
    face: FaceSelector = None,
    teeth: ImageInput | Portrait | None = None,
    allow_other_base: bool = False,
) -> LiveSession:
    """Like ``sdk.live``, with the components of an ``Animator``, which sessions share, and without its warnings.

    ``LiveSession.warnings`` has them.
    """
    from sdk.packs import read_strength
    from sdk.tracking import read_selector

    check_process()
    frames = frame_rate(fps)
    rate = whole(rate, "rate", low=MIN_RATE, high=MAX_RATE)
    seed, face, controls = whole(seed, "seed"), read_selector(face), read_controls(controls)
    if region not in ("picture", "face"):
        hint = 'Give "picture" or "face".'
        raise ConfigError(f"region={shown(region)} is unknown", where="region", hint=hint)
    pacing = (clock or SystemClock()) if switch(paced, "paced") else None
    if pacing is None and clock is not None:
        hint = "Leave one of them out."
        raise ConfigError("paced=False and a clock contradict each other", where="clock", hint=hint)
    limit = number(queue_seconds, "queue_seconds", low=1.0, high=3600.0)
    reserve = math.ceil(number(reserve_seconds, "reserve_seconds", low=0.0, high=10.0) * rate)
    speaker = animator.speaker(style, strength=read_strength(strength), allow_other_base=allow_other_base)
    sitter = animator.sitter(portrait, face=face, teeth=teeth)
    width, height = sitter.size
    box = (0, 0, width, height)
    find: Any = getattr(sitter.renderer, "region", None)
    if region == "face" and find is not None:
        box = find(sitter.prepared)

    def restyle(style: Any, **options: Any) -> Speaker:
        found = animator.speaker(style, **options | {"strength": read_strength(options["strength"])})
        if found.encoder is not speaker.encoder or found.generator.lookahead != speaker.generator.lookahead:
            what = "the style was made for other components than those of the session"
            raise ConfigError(what, where="style", hint="Open another session with it.")
        return found

    session = LiveSession(
        Staged(
            motion=LiveMotion(
                speaker.encoder,
                speaker.generator,
                device=speaker.device,
                controls=controls,
                seed=seed,
                rate=rate,
                fps=frames,
            ),
            controls=controls,
            renderer=sitter.renderer,
            prepared=sitter.prepared,
            box=box,
            speaker=restyle,
        ),
        fps=frames,
        queue=SoundQueue(rate, limit_seconds=limit),
        reserve=reserve,
        rate=rate,
        clock=pacing,
    )
    session.warnings = (*sitter.warnings, *speaker.warnings)
    return session

"""The motion of an endless sound, whose style, controls and course can change under way."""

from __future__ import annotations

import math
from collections import deque
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np

from sdk.animation.stages import Chain
from sdk.animation.stages.blinks import Blinks
from sdk.animation.stages.bounds import Bounds
from sdk.animation.stages.controls import Scaling
from sdk.animation.stages.idle import IdleHead
from sdk.animation.stages.resampler import Resampler
from sdk.animation.stages.silence import ANTICIPATION_FRAMES, WINDOW_RADIUS
from sdk.data import MOTION_RATE, Controls, FloatArray, Motion
from sdk.errors import ComponentBroken
from sdk.generation import MotionStream
from sdk.interfaces import AudioEncoder, MotionGenerator
from sdk.media.resampling import SoundResampler
from sdk.session.queue import Samples, to_float
from sdk.session.stages import LateSmoother, LiveGate

if TYPE_CHECKING:
    import torch

MEMORY_FRAMES: Final = 180
"""Features that a new style begins with: 3 s, beyond which no generator that ships looks back."""

FADE_FRAMES: Final = 30
"""In which one style passes into the next: 500 ms."""

MAX_SURPLUS: Final = 600
"""Frames by which an encoder may be ahead of its sound or behind: 10 s. Beyond it, it does not count as it should."""


class LiveMotion:
    """Sound in, motion at the video's rate out, for as long as there is sound: the same as of the whole.

    Args:
        encoder: Turns the sound into features.
        generator: Styled, in ``eval`` mode and on ``device``.
        rate: Samples a second of the sound.
        fps: Frames a second of the motion given out.
    """

    def __init__(
        self,
        encoder: AudioEncoder,
        generator: MotionGenerator,
        *,
        device: torch.device,
        controls: Controls,
        seed: int,
        rate: int,
        fps: Fraction,
    ) -> None:
        self._encoder = encoder
        self._resampler = SoundResampler(rate, encoder.sample_rate)
        self._features = encoder.stream()
        self._generated = StyleStream(generator, device=device)
        seconds = generator.lookahead / MOTION_RATE + Fraction(encoder.lookahead).limit_denominator(10**6)
        lead = min(ANTICIPATION_FRAMES + WINDOW_RADIUS, max(0, math.floor(seconds * MOTION_RATE) - 1))
        self._gate = LiveGate(encoder.sample_rate, lead=lead)
        self._blinks, self._scaling = Blinks(seed, amount=controls.blink), Scaling(controls)
        self._stages = Chain(
            Bounds(),
            LateSmoother(),
            self._gate,
            self._blinks,
            IdleHead(seed),
            self._scaling,
            Bounds(),
            Resampler(fps),
        )
        self._ready: deque[Motion] = deque()
        self.lookahead = seconds + 1 / MOTION_RATE
        """Seconds of sound that a frame needs past its own time, about."""

    def push(self, samples: Samples) -> None:
        """Take samples int16 ``[N]``.

        Raises:
            ComponentBroken: The encoder gives another number of frames than 60 a second.
        """
        sound = np.clip(self._resampler.push(to_float(samples)), -1.0, 1.0)
        self._gate.push_audio(sound)
        motion = self._stages.push(self._generated.push(self._features.push(sound)))
        if abs(self._gate.surplus) > MAX_SURPLUS + MOTION_RATE * self.lookahead:
            raise ComponentBroken(f"the audio encoder {self._encoder.name!r} does not give 60 frames a second")
        self._ready.extend(motion[k : k + 1] for k in range(len(motion)))

    def take(self) -> Motion | None:
        """The next frame, if the sound so far is enough for it."""
        return self._ready.popleft() if self._ready else None

    def change_style(self, generator: MotionGenerator) -> None:
        """Pass to another styled generator over half a second."""
        self._generated.change(generator)

    def change_controls(self, controls: Controls) -> None:
        """Pass to other controls over a third of a second."""
        self._scaling.change(controls)
        self._blinks.change(controls.blink)

    def interrupt(self) -> None:
        """Close the mouth; head and lids go on as they were about to."""
        self._gate.interrupt()


class StyleStream:
    """A ``MotionStream`` whose generator can be exchanged: the motions of both are blended over ``FADE_FRAMES``."""

    def __init__(self, generator: MotionGenerator, *, device: torch.device) -> None:
        self._device = device
        self._stream = MotionStream(generator, device=device)
        self._heard: FloatArray | None = None
        self._before: MotionStream | None = None
        self._faded = 0
        self._next: MotionGenerator | None = None

    def change(self, generator: MotionGenerator) -> None:
        """Pass to another generator of the same look-ahead, now or when the last change is complete."""
        self._next = generator
        self._begin()

    def push(self, features: FloatArray) -> Motion:
        """Take features ``[t, D]``; return the motion that is now certain."""
        if len(features) == 0:
            return Motion.empty()
        joined = features if self._heard is None else np.concatenate([self._heard, features])
        self._heard = joined[-MEMORY_FRAMES:]
        motion = self._stream.push(features)
        if self._before is None:
            return motion
        before = self._before.push(features)
        share = np.minimum((self._faded + 1 + np.arange(len(motion))) / FADE_FRAMES, 1).astype(np.float32)
        self._faded += len(motion)
        if self._faded >= FADE_FRAMES:
            self._before = None
            self._begin()
        expression = before.expression + share[:, None, None] * (motion.expression - before.expression)
        return Motion(expression, before.pose + share[:, None] * (motion.pose - before.pose), motion.rate)

    def _begin(self) -> None:
        if self._next is None or self._before is not None:
            return
        self._before, self._faded = self._stream, 0
        self._stream, self._next = MotionStream(self._next, device=self._device), None
        if self._heard is not None:
            self._stream.push(self._heard)  # so that it has heard what the other has, and is as late

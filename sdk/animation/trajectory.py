"""From sound to the motion that a renderer is given, piece by piece, in memory that does not grow with the sound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from sdk.animation.stages.blinks import Blinks
from sdk.animation.stages.controls import control
from sdk.animation.stages.idle import IdleHead
from sdk.animation.stages.resampler import Resampler, frame_count
from sdk.animation.stages.silence import SilenceGate, close_mouth
from sdk.animation.stages.smoother import Steady
from sdk.data import MOTION_RATE, Controls, FloatArray, Motion
from sdk.errors import ComponentBroken
from sdk.generation import MotionStream
from sdk.geometry import POINTS
from sdk.interfaces import AudioEncoder, MotionGenerator

if TYPE_CHECKING:
    import torch

__all__ = ["MotionSource"]


@dataclass(frozen=True, kw_only=True)
class MotionSource:
    """Everything that decides how a portrait moves; each call begins again and gives the same.

    Attributes:
        encoder: Sound to features.
        generator: Features to motion, in ``eval`` mode, with its style on.
        device: Where the generator is.
        controls: Factors for the parts of the face.
        seed: Decides blinks and idle motion.
        fps: The video's frames a second.
    """

    encoder: AudioEncoder
    generator: MotionGenerator
    device: torch.device
    controls: Controls
    seed: int
    fps: Fraction

    def __call__(self, chunks: Iterable[FloatArray], duration: Fraction) -> Iterator[Motion]:
        """Yield the motion at ``fps``, pieces of a frame or more.

        Args:
            chunks: The sound, float32 ``[N]`` each, at the encoder's sample rate.
            duration: Its seconds, exact.

        Raises:
            ComponentBroken: The encoder or the generator keeps no time.
        """
        stages: tuple[Callable[[Motion], Motion], ...] = (
            Blinks(self.seed, amount=self.controls.blink, end=float(duration)),
            IdleHead(self.seed),
            partial(control, controls=self.controls),
        )
        resampler = Resampler(self.fps, frame_count(duration, self.fps))
        for motion in self._generated(chunks):
            for stage in stages:
                motion = stage(motion)
            if len(piece := resampler.push(motion)):
                yield piece
        if len(piece := resampler.finish()):
            yield piece

    def _generated(self, chunks: Iterable[FloatArray]) -> Iterator[Motion]:
        """The generator's motion at 60 Hz, steadied, its mouth closed in silence."""
        features = self.encoder.stream()
        generated = MotionStream(self.generator, device=self.device)
        steady = Steady()
        gate = SilenceGate(self.encoder.sample_rate)
        pair = _Pair()
        for samples in chunks:
            yield pair.add(steady.push(generated.push(features.push(samples))), gate.push(samples))
        yield pair.add(steady.push(generated.push(features.finish())), gate.finish())
        nothing = np.zeros(0, np.float32)
        yield pair.add(steady.push(generated.finish()), nothing)
        yield pair.add(steady.finish(), nothing)
        pair.check(self.encoder.name)


class _Pair:
    """Motion and mouth gains arrive with delays of their own; the gate is applied where both are there."""

    def __init__(self) -> None:
        self._motion = Motion(np.zeros((0, POINTS, 3), np.float32), np.zeros((0, 6), np.float32), MOTION_RATE)
        self._gains: FloatArray = np.zeros(0, np.float32)

    def add(self, motion: Motion, gains: FloatArray) -> Motion:
        expression = np.concatenate([self._motion.expression, motion.expression])
        pose = np.concatenate([self._motion.pose, motion.pose])
        gains = np.concatenate([self._gains, gains])
        ready = min(len(expression), len(gains))
        self._motion = Motion(expression[ready:], pose[ready:])
        self._gains = gains[ready:]
        return close_mouth(Motion(expression[:ready], pose[:ready]), gains[:ready])

    def check(self, encoder: str) -> None:
        if len(self._motion) or len(self._gains):
            raise ComponentBroken(
                f"the audio encoder {encoder!r} gave {len(self._motion)} frames too many"
                if len(self._motion)
                else f"the audio encoder {encoder!r} gave {len(self._gains)} frames too few",
                hint="An encoder gives ceil(60 * duration) frames of features.",
            )

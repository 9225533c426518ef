"""From sound to the motion that a renderer gets, in pieces, so that memory does not grow with the sound."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from sdk.animation.stages import Chain
from sdk.animation.stages.blinks import Blinks
from sdk.animation.stages.bounds import Bounds
from sdk.animation.stages.controls import Scaling
from sdk.animation.stages.idle import IdleHead
from sdk.animation.stages.resampler import Resampler, frame_count
from sdk.animation.stages.silence import SilenceGate
from sdk.animation.stages.smoother import Smoother
from sdk.data import Controls, FloatArray, Motion
from sdk.errors import ComponentBroken
from sdk.forking import check_process
from sdk.generation import MotionStream
from sdk.interfaces import AudioEncoder, MotionGenerator

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, kw_only=True)
class MotionSynthesizer:
    """Turns a sound into a portrait's motion; each call begins again and gives the same.

    The generator is styled, in ``eval`` mode and on ``device``; ``fps`` is the video's.
    """

    encoder: AudioEncoder
    generator: MotionGenerator
    device: torch.device
    controls: Controls
    seed: int
    fps: Fraction

    def __call__(self, chunks: Iterable[FloatArray], duration: Fraction) -> Iterator[Motion]:
        """Yield the motion to a sound of ``duration`` seconds, at ``fps``, in pieces of a frame or more.

        ``chunks`` are float32 ``[N]``, at the encoder's sample rate.
        """
        check_process()
        features = self.encoder.stream()
        generated = MotionStream(self.generator, device=self.device)
        gate = SilenceGate(self.encoder.sample_rate)
        stages = Chain(
            Bounds(),  # first, so that one wild frame is not spread over those beside it
            Smoother(),
            gate,
            Blinks(self.seed, amount=self.controls.blink, end=float(duration)),
            IdleHead(self.seed),
            Scaling(self.controls),
            Bounds(),  # and last, because idle motion and controls add to it
            Resampler(self.fps, frame_count(duration, self.fps)),
        )
        for samples in chunks:
            gate.push_audio(samples)
            if len(piece := stages.push(generated.push(features.push(samples)))):
                yield piece
        gate.finish_audio()
        last = Motion.concat([generated.push(features.finish()), generated.finish()])
        piece = Motion.concat([stages.push(last), stages.finish()])
        if gate.surplus:
            found = f"{abs(gate.surplus)} frames too {'many' if gate.surplus > 0 else 'few'}"
            hint = "An encoder gives ceil(60 * duration) frames of features."
            raise ComponentBroken(f"the audio encoder {self.encoder.name!r} gave {found}", hint=hint)
        if len(piece):
            yield piece

"""A clip made ready to measure on: what rivals may know of it, and what everything is measured on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch

from sdk.adapter import FitConfig, FitData, baseline_motions, paired_data
from sdk.data import MOTION_RATE, FloatArray, Motion
from sdk.errors import ReferenceTooShort
from sdk.evaluation.figures import Figures, measures
from sdk.generation import generate
from sdk.interfaces import AudioEncoder, LandmarkDetector, MotionGenerator
from sdk.media import AudioInput, MediaInput, read_audio
from sdk.metrics import (
    closure,
    compare,
    in_context,
    loudness,
    ridge,
    style_landmark_distance,
)
from sdk.progress import Reporter
from sdk.tracking import FaceSelector

__all__ = ["HELD_OUT", "Trial"]

HELD_OUT: Final = 0.4
"""The share of a clip, at its end, that everything is measured on."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A clip and its sound, cut in a known and a held-out part.

    Attributes:
        material: Features, motion and cuts; the offset, the neutral face and the head's rest come from the known part.
        generator: The base.
        level: The sound's level at each frame, dBFS.
        phonemes: What is said at each 30th of a second of the sound, where that is known.
        device: Where the generator is.
    """

    material: FitData
    generator: Any
    level: FloatArray
    phonemes: tuple[str, ...] | None
    device: torch.device

    @classmethod
    def prepare(
        cls,
        clip: MediaInput,
        audio: AudioInput | None,
        *,
        generator: Any,
        encoder: AudioEncoder,
        detector: LandmarkDetector,
        device: torch.device,
        phonemes: tuple[str, ...] | None = None,
        face: FaceSelector = None,
        max_offset: float = FitConfig().max_offset,
        report: Reporter,
    ) -> Trial:
        """Read, look at and listen to a clip.

        Args:
            clip: A video.
            audio: Its sound; its own track where left out.
            generator: The base, an unstyled motion generator in ``eval`` mode.
            encoder: Turns the sound into features.
            detector: Finds the face.
            device: Where the generator is.
            phonemes: Labels of the sound, 30 a second.
            face: Which face, where there are several.
            max_offset: Seconds that lips and sound are looked for apart; 0 takes the clip as it is.
            report: Progress.

        Raises:
            InputError: The clip cannot be used.
        """
        material = paired_data(
            clip,
            audio,
            encoder=encoder,
            detector=detector,
            base=lambda features: generate(generator, features, device=device),
            config=FitConfig(held_out=HELD_OUT, validation_share=0.0, max_offset=max_offset),
            face=face,
            report=report,
        )
        held = material.sound.test
        if held is None or material.valid[held].sum() < MOTION_RATE:
            raise ReferenceTooShort(
                "the clip's last part shows the face for less than a second", hint="Give a longer clip."
            )
        source = clip if audio is None else audio
        start = _sound_start(material)
        level = loudness(read_audio(source, rate=encoder.sample_rate))[start : start + len(material.features)]
        return cls(material, generator, level, phonemes, device)

    @property
    def known(self) -> slice:
        """The frames that rivals may know."""
        return self.material.sound.train

    @property
    def held(self) -> slice:
        """The frames that everything is measured on."""
        assert self.material.sound.test is not None  # ``prepare`` saw to it
        return self.material.sound.test

    @property
    def real(self) -> Motion:
        """The person's own motion in the held-out part."""
        return self.material.motion[self.held]

    def seen(self, part: slice) -> Motion:
        """The person's motion in the frames of a part in which the face was seen."""
        motion, seen = self.material.motion[part], self.material.valid[part]
        return Motion(motion.expression[seen], motion.pose[seen], motion.rate)

    def generate(self, generator: MotionGenerator) -> Motion:
        """What a generator, such as the base with a style, makes of the held-out sound, having heard what is before."""
        return generate(generator, self.material.features, device=self.device)[self.held]

    def rivals(self, reference: Motion | None = None) -> dict[str, Motion]:
        """What trivial means make of the held-out part.

        Args:
            reference: The frames that are known of the person, where they are not the clip's known part: then nothing
                of the clip itself is known, and the rivals that need sound and motion together are left out.
        """
        known, held, material = self.known, self.held, self.material
        shown = material.motion[known] if reference is None else reference
        rivals = baseline_motions(self.material.base[known], shown, self.material.base[held])
        if reference is None:
            seen = material.valid[known]
            learned = self.seen(known)
            for name, inputs in (("ridge", in_context(material.features)), ("loudness", self.level[:, None])):
                rivals[name] = ridge(inputs[known][seen], learned, inputs[held])
        return rivals

    def judge(self, motions: Mapping[str, Motion]) -> dict[str, Figures]:
        """Measure motions on the held-out part: those given, and first the base and the person.

        "real" is the held-out part itself, which only its closure and style say anything about; "real before" is the
        known part's end, standing in for it: the same person with other words, a ceiling for what style can reach.

        Args:
            motions: By name, each as long as the held-out part.
        """
        held = self.held
        length = held.stop - held.start
        before = self.material.motion[max(0, held.start - length) : held.start]
        rows = {"base": self.material.base[held], **motions, "real": self.real}
        if len(before) == length:
            rows["real before"] = before
        reference, neutral = self.seen(self.known), self.material.neutral
        start = _sound_start(self.material) + held.start
        own = self.material.valid[held]
        distances = {name: style_landmark_distance(one, reference, neutral=neutral) for name, one in rows.items()}
        way = distances["base"] - distances["real"]
        target = self.seen(held)

        def meeting(name: str, motion: Motion, within: float) -> float | None:
            if self.phonemes is None or name == "real before":  # its words are others
                return None
            return closure(motion, self.phonemes, start=start, valid=own, within=within)

        return {
            name: Figures(
                scores=compare(motion, self.real, valid=own, neutral=neutral),
                sld_known=distances[name],
                sld_share=(distances["base"] - distances[name]) / way if way > 0 else None,
                closure=meeting(name, motion, 0.0),
                closure_near=meeting(name, motion, 0.05),
                further={k: v for measure in measures() for k, v in measure(motion, target, neutral).items()},
            )
            for name, motion in rows.items()
        }


def _sound_start(material: FitData) -> int:
    """The frame of the whole sound that the material begins at, once lips and sound are laid on each other."""
    return max(0, round(-material.offset * float(MOTION_RATE)))

"""A clip prepared for evaluation: the part that baselines may know, and the part that everything is measured on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np
import torch

from sdk.adapter import FitConfig, FitData, ReferenceReader, baseline_motions
from sdk.data import MOTION_RATE, FloatArray, Motion
from sdk.errors import ReferenceTooShort
from sdk.evaluation.figures import Figures, measures
from sdk.generation import generate
from sdk.interfaces import AudioEncoder, LandmarkDetector, MotionGenerator
from sdk.media import AudioInput, MediaInput, read_audio
from sdk.metrics import closure, compare, in_context, loudness, ridge, style_landmark_distance
from sdk.progress import Reporter
from sdk.tracking import FaceSelector

HELD_OUT: Final = 0.4
"""The share of a clip, at its end, that everything is measured on."""

LABEL_TOLERANCE_SECONDS: Final = 0.05
"""How far phoneme labels may be off in time for ``Figures.closure_near``."""


@dataclass(frozen=True, eq=False)
class EvaluationClip:
    """A clip and its sound, split into a known training part and a held-out test part.

    Attributes:
        data: Features, motion and split; the offset, the neutral face and the head's rest come from the training part.
        generator: The base.
        level: The sound's level at each frame, dBFS.
        phonemes: What is said at each 30th of a second of the sound, where that is known.
        device: Where the generator is.
    """

    data: FitData
    generator: MotionGenerator
    level: FloatArray
    phonemes: tuple[str, ...] | None
    device: torch.device

    @classmethod
    def prepare(
        cls,
        clip: MediaInput,
        audio: AudioInput | None,
        *,
        generator: MotionGenerator,
        encoder: AudioEncoder,
        detector: LandmarkDetector,
        device: torch.device,
        phonemes: tuple[str, ...] | None = None,
        face: FaceSelector = None,
        max_offset: float = FitConfig().max_offset,
        report: Reporter,
    ) -> EvaluationClip:
        """Read a clip and its sound, and find the face.

        Args:
            clip: A video.
            audio: Its sound; its own track by default.
            generator: The base, an unstyled motion generator in ``eval`` mode.
            encoder: Turns the sound into features.
            detector: Finds the face.
            device: Where the generator is.
            phonemes: Labels of the sound, 30 a second.
            face: Which face, where there are several.
            max_offset: The largest offset between lips and sound that is looked for, in seconds; 0 takes the clip as
                it is.
            report: Progress.

        Raises:
            InputError: The clip cannot be used.
        """
        config = FitConfig(max_offset=max_offset)
        reader = ReferenceReader(encoder, partial(generate, generator, device=device), config, report)
        data = reader.paired(clip, audio, detector=detector, face=face, hidden_share=HELD_OUT)
        if (data.valid & data.hidden).sum() < MOTION_RATE:
            raise ReferenceTooShort(
                "the clip's last part shows the face for less than a second", hint="Give a longer clip."
            )
        level = loudness(read_audio(clip if audio is None else audio, rate=encoder.sample_rate))
        start = _sound_start(data)
        return cls(data, generator, level[start : start + len(data.features)], phonemes, device)

    @property
    def train(self) -> slice:
        """The frames that baselines may know."""
        return slice(0, int(np.argmax(self.data.hidden)))

    @property
    def test(self) -> slice:
        """The frames that everything is measured on."""
        return slice(self.train.stop, len(self.data.hidden))

    @property
    def base(self) -> Motion:
        """The base's motion in the test part."""
        return self.data.base[self.test]

    @property
    def real(self) -> Motion:
        """The person's own motion in the test part."""
        return self.data.motion[self.test]

    def valid_motion(self, part: slice) -> Motion:
        """The person's motion in the valid frames of a part."""
        return self.data.motion[part][self.data.valid[part]]

    def generate(self, generator: MotionGenerator) -> Motion:
        """A generator's motion in the test part, such as the base with a style; it hears the whole sound."""
        return generate(generator, self.data.features, device=self.device)[self.test]

    def baselines(self, reference: Motion | None = None) -> dict[str, Motion]:
        """The motions of trivial baselines in the test part.

        Args:
            reference: The frames that are known of the person, where they are not the clip's training part. Nothing of
                the clip itself is known then, and the baselines that need sound and motion together are left out.
        """
        known = self.data.motion[self.train] if reference is None else reference
        motions = baseline_motions(self.data.base[self.train], known, self.base)
        if reference is None:
            valid, learned = self.data.valid[self.train], self.valid_motion(self.train)
            for name, inputs in (("ridge", in_context(self.data.features)), ("loudness", self.level[:, None])):
                motions[name] = ridge(inputs[self.train][valid], learned, inputs[self.test])
        return motions

    def score(self, motions: Mapping[str, Motion]) -> dict[str, Figures]:
        """Measure motions on the test part: first the base, then those given, then the person.

        "real" is the test part itself, for which only closure and style are informative. "real before" is the end of
        the training part in its place: the same person with other words, the best that a style can reach.

        Args:
            motions: By name, each as long as the test part.
        """
        test, neutral = self.test, self.data.neutral
        length = test.stop - test.start
        rows = {"base": self.base, **motions, "real": self.real}
        if test.start >= length:
            rows["real before"] = self.data.motion[test.start - length : test.start]
        known, real, valid = self.valid_motion(self.train), self.valid_motion(test), self.data.valid[test]
        start = _sound_start(self.data) + test.start
        distances = {name: style_landmark_distance(one, known, neutral=neutral) for name, one in rows.items()}
        way = distances["base"] - distances["real"]

        def closed(name: str, motion: Motion, within: float) -> float | None:
            if self.phonemes is None or name == "real before":  # its words are others
                return None
            return closure(motion, self.phonemes, start=start, valid=valid, within=within)

        return {
            name: Figures(
                scores=compare(motion, self.real, valid=valid, neutral=neutral),
                sld_known=distances[name],
                sld_share=(distances["base"] - distances[name]) / way if way > 0 else None,
                closure=closed(name, motion, 0.0),
                closure_near=closed(name, motion, LABEL_TOLERANCE_SECONDS),
                further={k: v for measure in measures() for k, v in measure(motion, real, neutral).items()},
            )
            for name, motion in rows.items()
        }


def _sound_start(data: FitData) -> int:
    """The frame of the whole sound that the data begin at, once the offset is taken out."""
    return max(0, round(-data.offset * float(MOTION_RATE)))

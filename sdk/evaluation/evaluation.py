"""One style on one clip."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from sdk import defaults
from sdk.arguments import instance, shown
from sdk.data import Motion
from sdk.device import resolve_device
from sdk.errors import ConfigError
from sdk.evaluation.clip import EvaluationClip
from sdk.evaluation.figures import Figures
from sdk.interfaces import AudioEncoder, LandmarkDetector, MotionGenerator
from sdk.media import AudioInput, MediaInput
from sdk.metrics import MotionScores
from sdk.packs import StylePack, read_strength, styled
from sdk.progress import CancelToken, ProgressCallback, Reporter
from sdk.registry import resolve
from sdk.tracking import FaceSelector


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A style on a clip, beside the base and trivial baselines.

    Attributes:
        figures: By name: "style", "base", the baselines, which know the first 60 % of the clip, and the person, "real"
            and "real before"; all are measured on the rest.
        frames: The frames measured on, ``(first, last + 1)``, at 60 Hz.
        offset: Seconds by which the clip's lips came after its sound, already taken out.
        warnings: What was found wrong with the clip.
        real: The person's motion in those frames.
        motions: What was compared with it, by the same names.
    """

    figures: dict[str, Figures]
    frames: tuple[int, int]
    offset: float
    warnings: tuple[str, ...]
    real: Motion = field(repr=False)
    motions: dict[str, Motion] = field(repr=False)

    @property
    def scores(self) -> dict[str, MotionScores]:
        """The figures against the real motion alone."""
        return {name: figures.scores for name, figures in self.figures.items()}

    def as_dict(self) -> dict[str, object]:
        """The figures, for files."""
        return {
            "frames": list(self.frames),
            "offset": self.offset,
            "warnings": list(self.warnings),
            "scores": {name: figures.as_dict() for name, figures in self.figures.items()},
        }


def evaluate(
    pack: StylePack | str,
    clip: MediaInput,
    /,
    *,
    audio: AudioInput | None = None,
    strength: float = 1.0,
    phonemes: tuple[str, ...] | None = None,
    wrong: StylePack | str | None = None,
    face: FaceSelector = None,
    detector: str | LandmarkDetector = defaults.DETECTOR,
    generator: str | MotionGenerator | None = None,
    encoder: str | AudioEncoder | None = None,
    device: str | torch.device = "auto",
    allow_other_base: bool = False,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Evaluation:
    """Measure a style on a clip of the same person that it was not learned from.

    Args:
        pack: The style, or where it is.
        clip: A video.
        audio: Its sound; its own track by default.
        strength: Of the style.
        phonemes: What is said at each 30th of a second of the sound (``sdk.metrics.read_phonemes``), to measure
            whether the lips close.
        wrong: Another person's style, made for the same base, which this one has to beat.
        face: Which face, where there are several.
        detector: A landmark detector, or its name.
        generator: The base, or its name; the one that the pack names by default.
        encoder: The audio encoder, or its name; the one that the pack names by default.
        device: ``"auto"``, or any name that torch knows.
        allow_other_base: Accept a pack that was made for other weights of the same layout, or with another encoder.
        on_progress: Called between steps.
        cancel: Stops the work between steps.

    Raises:
        StyleError: A pack cannot be used.
        ComponentMismatch: Encoder, generator and packs were not made for one another.
        InputError: The clip cannot be used.
    """
    report, strength = Reporter(on_progress, cancel), read_strength(strength)
    if phonemes is not None:
        hint = "Give names, 30 for each second, as read_phonemes returns them."
        named = instance(phonemes, Sequence, "phonemes", hint)
        if isinstance(named, str) or not all(isinstance(one, str) for one in named):
            raise ConfigError(f"phonemes={shown(phonemes)} are no phonemes", where="phonemes", hint=hint)
        phonemes = tuple(phonemes)
    style = pack if isinstance(pack, StylePack) else StylePack.load(pack)
    other = wrong if isinstance(wrong, StylePack) or wrong is None else StylePack.load(wrong)
    where = resolve_device(device)
    base = styled(
        resolve("motion-generator", style.config.base.component if generator is None else generator), device=where
    )
    audio_encoder = resolve("audio-encoder", style.config.encoder.component if encoder is None else encoder)
    generators = {
        name: styled(base, one, encoder=audio_encoder, strength=strength, allow_other_base=allow_other_base)
        for name, one in (("style", style), ("wrong speaker", other))
        if one is not None
    }
    prepared = EvaluationClip.prepare(
        clip,
        audio,
        generator=base,
        encoder=audio_encoder,
        detector=resolve("landmark-detector", detector),
        device=where,
        phonemes=phonemes,
        face=face,
        report=report,
    )
    report("measure")
    motions = {name: prepared.generate(one) for name, one in generators.items()}
    motions = {"style": motions.pop("style"), **prepared.baselines(), **motions}
    return Evaluation(
        figures=prepared.score(motions),
        frames=(prepared.test.start, prepared.test.stop),
        offset=prepared.data.offset,
        warnings=prepared.data.warnings,
        real=prepared.real,
        motions={"base": prepared.base, **motions},
    )

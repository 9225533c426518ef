"""One style on one clip."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

from sdk import defaults
from sdk.data import Motion
from sdk.device import resolve_device
from sdk.evaluation.figures import Figures
from sdk.evaluation.trial import Trial
from sdk.interfaces import AudioEncoder, LandmarkDetector, MotionGenerator
from sdk.media import AudioInput, MediaInput
from sdk.metrics import MotionScores
from sdk.packs import StylePack, styled
from sdk.progress import CancelToken, ProgressCallback, Reporter
from sdk.registry import resolve
from sdk.tracking import FaceSelector

__all__ = ["Evaluation", "evaluate"]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A style on a clip, beside the base and trivial means.

    Attributes:
        figures: By name: "style", "base", the rivals, which know the first 60 % of the clip, and the person, "real" and
            "real before"; all are measured on the rest.
        frames: The frames measured on, ``(first, last + 1)``, at 60 Hz.
        offset: Seconds by which the clip's lips came after its sound, taken out before.
        warnings: What to know about the clip.
        real: The clip's motion there.
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
        """The figures against the real held-out part alone."""
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
        audio: Its sound; its own track where left out.
        strength: Of the style.
        phonemes: What is said at each 30th of a second of the sound (``sdk.metrics.read_phonemes``): then it is also
            measured whether the lips close.
        wrong: Another person's style, made for the same base, which this one has to beat.
        face: Which face, where there are several.
        detector: A landmark detector, or its name.
        generator: The base, or its name; the one that the pack names where left out.
        encoder: The audio encoder, or its name; the one that the pack names where left out.
        device: ``"auto"``, or any name that torch knows.
        allow_other_base: Take a pack that was made for other weights of the same layout.
        on_progress: Called between steps.
        cancel: Stops the work between steps.

    Raises:
        StyleError: A pack cannot be used.
        ComponentMismatch: Encoder, generator and packs were not made for one another.
        InputError: The clip cannot be used.
    """
    report = Reporter(on_progress, cancel)
    style = pack if isinstance(pack, StylePack) else StylePack.load(pack)
    other = wrong if isinstance(wrong, StylePack) or wrong is None else StylePack.load(wrong)
    place = resolve_device(device)
    base = styled(resolve("motion-generator", generator or style.config.base.component), device=place)
    hearer = resolve("audio-encoder", encoder or style.config.encoder.component)
    generators = {
        name: styled(base, one, encoder=hearer, strength=strength, allow_other_base=allow_other_base)
        for name, one in (("style", style), ("wrong speaker", other))
        if one is not None
    }
    trial = Trial.prepare(
        clip,
        audio,
        generator=base,
        encoder=hearer,
        detector=resolve("landmark-detector", detector),
        device=place,
        phonemes=phonemes,
        face=face,
        report=report,
    )
    report("measure")
    motions = {name: trial.generate(one) for name, one in generators.items()}
    motions = {"style": motions.pop("style"), **trial.rivals(), **motions}
    return Evaluation(
        figures=trial.judge(motions),
        frames=(trial.held.start, trial.held.stop),
        offset=trial.material.offset,
        warnings=trial.material.warnings,
        real=trial.real,
        motions={"base": trial.material.base[trial.held], **motions},
    )

"""How well a style does on a clip that it was not learned from."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from sdk import defaults
from sdk.adapter.config import FitConfig
from sdk.adapter.gain import baselines
from sdk.adapter.material import Material, paired_material
from sdk.adapter.spans import Spans
from sdk.data import Motion
from sdk.device import resolve_device
from sdk.errors import ReferenceTooShort
from sdk.generation import generate
from sdk.interfaces import LandmarkDetector
from sdk.media import AudioInput, MediaInput
from sdk.metrics import MotionScores, compare
from sdk.packs import StylePack
from sdk.progress import CancelToken, ProgressCallback, Reporter
from sdk.reference import Face
from sdk.registry import resolve

__all__ = ["Evaluation", "evaluate"]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A style on a clip, beside the base and trivial means.

    Attributes:
        scores: Figures by name: "style", "base", and the baselines, which know the first 60 % of the clip; all are measured
            on the rest.
        frames: The frames measured on, ``(first, last + 1)``, at 60 Hz.
        offset: Seconds by which the clip's lips came after its sound, taken out before.
        warnings: What to know about the clip.
        real: The clip's motion there.
        motions: What was compared with it, by the same names.
    """

    scores: dict[str, MotionScores]
    frames: tuple[int, int]
    offset: float
    warnings: tuple[str, ...]
    real: Motion = field(repr=False)
    motions: dict[str, Motion] = field(repr=False)

    def as_dict(self) -> dict[str, object]:
        """The figures, for files."""
        return {
            "frames": list(self.frames),
            "offset": self.offset,
            "warnings": list(self.warnings),
            "scores": {name: scores.as_dict() for name, scores in self.scores.items()},
        }


def evaluate(
    pack: StylePack | str,
    clip: MediaInput,
    /,
    *,
    audio: AudioInput | None = None,
    strength: float = 1.0,
    face: Face = None,
    detector: str | LandmarkDetector = defaults.DETECTOR,
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
        face: Which face, where there are several.
        detector: A landmark detector, or its name.
        device: ``"auto"``, or any name that torch knows.
        allow_other_base: Take a pack that was made for other weights of the same layout.
        on_progress: Called between steps.
        cancel: Stops the work between steps.

    Raises:
        StyleError: The pack cannot be used.
        InputError: The clip cannot be used.
    """
    report = Reporter(on_progress, cancel)
    style = pack if isinstance(pack, StylePack) else StylePack.load(pack)
    place = resolve_device(device)
    generator = resolve("motion-generator", style.config.base.component).to(place).eval()
    encoder = resolve("audio-encoder", style.config.encoder.component)
    style.check_encoder(encoder)
    material = paired_material(
        clip,
        audio,
        encoder=encoder,
        detector=resolve("landmark-detector", detector),
        base=lambda features: generate(generator, features, device=place),
        config=FitConfig(held_out=0.4, chosen_on=0.0),
        face=face,
        report=report,
    )
    spans: Spans = material.sound
    if spans.report is None or material.seen[spans.report].sum() < 2:
        raise ReferenceTooShort("the clip's last part shows no face to measure on", hint="Give a longer clip.")
    report("measure")
    base = generate(generator, material.features, device=place)
    with style.apply(generator, strength=strength, allow_other_base=allow_other_base):
        styled = generate(generator, material.features, device=place)
    return _evaluation(material, base, styled, spans.fit, spans.report)


def _evaluation(material: Material, base: Motion, styled: Motion, known: slice, held: slice) -> Evaluation:
    motions = {"style": styled[held], "base": base[held]}
    motions |= baselines(base[known], material.motion[known], base[held])
    real, seen = material.motion[held], np.asarray(material.seen[held])
    return Evaluation(
        scores={
            name: compare(motion, real, valid=seen, neutral=material.neutral) for name, motion in motions.items()
        },
        frames=(held.start, held.stop),
        offset=material.offset,
        warnings=material.warnings,
        real=real,
        motions=motions,
    )

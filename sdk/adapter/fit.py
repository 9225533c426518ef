"""From a material to a style pack: fit, measure, describe."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from sdk.adapter.config import FitConfig
from sdk.adapter.fit_data import FitData
from sdk.adapter.gain import Gain, effect, measure, style_gain
from sdk.adapter.loop import FitResult, run
from sdk.adapter.lowrank import refine
from sdk.data import MOTION_RATE, Motion
from sdk.errors import StyleWithoutEffect
from sdk.generation import generate
from sdk.interfaces import AudioEncoder, MotionGenerator, StyleTransferNet
from sdk.packs import StylePack
from sdk.packs.config import Training
from sdk.packs.delta import energy
from sdk.progress import Reporter
from sdk.warnings import warn

__all__ = ["Fitted", "compressed", "fit_material"]

LEAST_EFFECT = 0.001
"""Eye distances that a style must move the landmarks by, on average."""


@dataclass(frozen=True, eq=False)
class Fitted:
    """What a fit saw on its way: for plots and tests.

    Attributes:
        material: What it learned from.
        result: Parameters, step and the loss's history.
        base: The unadapted generator's motion on the reference's sound.
        styled: The style's.
        gain: The figures on the frames held out; None where none were.
        pack: What came of it.
    """

    material: FitData
    result: FitResult
    base: Motion
    styled: Motion
    gain: Gain | None
    pack: StylePack


def fit_material(
    material: FitData,
    *,
    generator: Any,
    net: StyleTransferNet,
    encoder: AudioEncoder,
    config: FitConfig,
    device: torch.device,
    report: Reporter,
    name: str,
    summary: str = "",
    license: str | None = None,  # noqa: A002 the field's own name
    consent: str | None = None,
    seed: int = 0,
    rank: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: str | os.PathLike[str] | None = None,
) -> tuple[StylePack, Fitted]:
    """Learn a style from what ``StyleAdapter`` makes of a reference, or from motion that is known.

    Arguments and errors are those of ``StyleAdapter`` and of its ``fit``; components are objects, in their place.
    """
    result = run(
        material,
        generator,
        net,
        config=config,
        seed=seed,
        device=device,
        report=report,
        checkpoint=checkpoint,
        resume=resume,
    )
    report("measure")
    base = generate(generator, material.features, device=device)
    model = copy.deepcopy(generator)
    model.load_state_dict(result.parameters, strict=False)
    styled = generate(model, material.features, device=device)
    moved = effect(base, styled)
    if moved < LEAST_EFFECT:
        raise StyleWithoutEffect(
            f"the style moves the landmarks by {100 * moved:.3f} % of the eye distance, which is nothing",
            hint="Give a longer or livelier reference, or more steps.",
        )
    gain = measure(material, base, styled)
    if gain is not None and gain.style <= 0:
        warn(
            f"the style brings no gain on the frames held out: its distance to them is {gain.after.style:.2f} % of "
            f"the eye distance, the base's {gain.before.style:.2f} %. A longer reference usually cures this"
        )
    pack = StylePack.create(
        name=name,
        base=generator,
        fitted=result.parameters,
        encoder=encoder,
        summary=summary,
        license=license,
        consent=consent,
        training=_training(material, result, gain, config, seed),
    )
    fitted = Fitted(material, result, base, styled, gain, pack)
    if rank is not None:
        shared: Any = {"generator": generator, "net": net, "config": config, "device": device, "report": report}
        fitted = replace(fitted, pack=compressed(pack, fitted, (rank,), seed=seed, **shared))
    return fitted.pack, fitted


def compressed(
    pack: StylePack,
    fitted: Fitted,
    ranks: Sequence[int],
    *,
    generator: MotionGenerator,
    net: StyleTransferNet,
    config: FitConfig,
    seed: int,
    device: torch.device,
    report: Reporter,
    keep: float = 0.95,
) -> StylePack:
    """Compress a pack to the first of ``ranks`` that keeps its gain on the frames held out, in half precision.

    Where truncating loses too much of a paired fit, the factors learn on for half as many steps.

    Args:
        pack: As it was fitted.
        fitted: What the fit saw.
        ranks: To try, in this order; the last is taken in any case.
        generator: The base.
        net: f.
        config: Of the fit.
        seed: Of the fit.
        device: Where both networks are.
        report: Progress.
        keep: The share of the gain that must be left.

    Returns:
        The small pack; its ``config.compression`` says what it kept.
    """
    material = fitted.material

    def gain(one: StylePack) -> float | None:
        with one.apply(generator) as styled:
            return style_gain(material, fitted.base, generate(styled, material.features, device=device))

    whole = gain(pack)
    small = pack
    for rank in ranks:
        report("compress", message=f"rank {rank}")
        small = pack.compress(rank, dtype="float16")
        if whole is None or whole <= 0 or small.config.compression is None:
            return small
        share = (gain(small) or 0.0) / whole
        if share < keep and material.paired:
            shorter = config.model_copy(update={"steps": max(config.steps // 2, 1)})
            delta = refine(
                small.delta, material, generator=generator, net=net, config=shorter, seed=seed, device=device,
                report=report,
            )  # fmt: skip
            better = small.replace(delta=delta.to(torch.float16))
            found = (gain(better) or 0.0) / whole
            if found > share:
                left = small.config.compression.model_copy(update={"energy": energy(pack.delta, better.delta)})
                small, share = better.replace(compression=left), found
        assert small.config.compression is not None
        small = small.replace(compression=small.config.compression.model_copy(update={"gain": share}))
        if share >= keep:
            break
    return small


def _training(material: FitData, result: FitResult, gain: Gain | None, config: FitConfig, seed: int) -> Training:
    """What the pack records of a fit. The time it took is not among it: the same fit gives the same pack."""
    settings = config.model_dump()
    settings |= {f"terms.{key}": value for key, value in settings.pop("terms").items()}
    settings |= {"paired": material.paired, "offset_seconds": round(material.offset, 4)}

    def numbers(scores: dict[str, float | None]) -> dict[str, float]:
        return {key: value for key, value in scores.items() if value is not None}

    fit = material.frames.fit
    return Training(
        seconds=round(float(np.sum(material.seen[fit]) / MOTION_RATE), 3),
        steps=result.step,
        seed=seed,
        settings=settings,
        references=material.references,
        held_out=gain.frames if gain else None,
        before=numbers(gain.before.as_dict()) if gain else {},
        after=numbers(gain.after.as_dict()) | {"gain": round(gain.style, 6)} if gain else {},
        baselines={key: numbers(scores.as_dict()) for key, scores in gain.baselines.items()} if gain else {},
        null=numbers({"opening_r": gain.after.opening_null}) if gain else {},
    )

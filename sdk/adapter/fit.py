"""From the data of a fit to a style pack: train, measure, describe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch

from sdk.adapter.fit_data import FitData
from sdk.adapter.gain import Gain, distance_share, mean_movement
from sdk.adapter.loop import Setup, Trained
from sdk.adapter.lowrank import refine
from sdk.adapter.options import FitOptions, ranks
from sdk.adapter.training import train_and_measure
from sdk.data import FloatArray, Motion
from sdk.device import one_thread
from sdk.errors import StyleWithoutEffect
from sdk.generation import generate
from sdk.interfaces import AudioEncoder
from sdk.metrics import MotionScores
from sdk.packs import StylePack, Training, energy, styled, with_parameters
from sdk.warnings import warn

MIN_MOVEMENT = 0.001
"""Eye distances that a style must move the landmarks by, on average."""

KEPT_GAIN = 0.95
"""The share of the gain that a low rank must keep."""


@dataclass(frozen=True, eq=False, kw_only=True)
class FitResult:
    """What a fit learned, and how well.

    Attributes:
        pack: The style.
        gain: The figures of fits on parts of the reference; None where nothing was held out.
        history: The loss and its terms, one entry a step.
        motion: The reference's motion; on the sound's clock where sound and motion belong together.
        base: The unadapted generator's motion on the sound.
        styled: The style's, before it was compressed; it has learned these very words.
        neutral: The person's own neutral face ``[68, 3]``, face-frame units.
        offset: Seconds by which the lips came after the sound (negative: before it), already taken out.
        warnings: What was found wrong with the reference.
    """

    pack: StylePack
    gain: Gain | None
    history: list[dict[str, float]] = field(repr=False)
    motion: Motion = field(repr=False)
    base: Motion = field(repr=False)
    styled: Motion = field(repr=False)
    neutral: FloatArray = field(repr=False)
    offset: float
    warnings: tuple[str, ...]


def learn(data: FitData, setup: Setup, encoder: AudioEncoder, options: FitOptions) -> FitResult:
    """Learn a style from prepared data; errors are those of ``StyleAdapter.fit``."""
    with one_thread():
        return _learn(data, setup, encoder, options)


def _learn(data: FitData, setup: Setup, encoder: AudioEncoder, options: FitOptions) -> FitResult:
    trained, gain = train_and_measure(data, setup, options)
    setup.report("measure")
    model = with_parameters(setup.generator, trained.parameters).eval()
    motion = generate(model, data.features, device=setup.device)
    movement = mean_movement(data.base, motion)
    if movement < MIN_MOVEMENT:
        raise StyleWithoutEffect(
            f"the style moves the landmarks by {100 * movement:.3f} % of the eye distance, which is nothing",
            hint="Give a longer or livelier reference, or more steps.",
        )
    if gain is None and setup.config.held_out:
        warn(f"{len(data.motion)} frames are too few to hold any out: the style's gain is not measured")
    if gain is not None and gain.share <= 0:
        warn(
            f"the style brings no gain on the frames held out: its distance to them is {gain.after.style:.2f} % of "
            f"the eye distance, the base's {gain.before.style:.2f} %. A longer reference usually cures this"
        )
    pack = StylePack.create(
        name=options.get("name") or "style",
        base=setup.generator,
        fitted=trained.parameters,
        encoder=encoder,
        summary=options.get("summary", ""),
        license=options.get("license"),
        consent=options.get("consent"),
        training=_training(data, trained, gain, setup),
    )
    if (tried := ranks(options)) is not None:
        pack = _compressed(pack, data, setup, tried)
    return FitResult(
        pack=pack,
        gain=gain,
        history=trained.history,
        motion=data.motion,
        base=data.base,
        styled=motion,
        neutral=data.neutral,
        offset=data.offset,
        warnings=data.warnings,
    )


def _compressed(pack: StylePack, data: FitData, setup: Setup, ranks: Sequence[int]) -> StylePack:
    """Compress a pack to the first rank that keeps its gain on the reference, or the last, in half precision.

    Where truncating loses too much of a paired fit, the factors are trained for half as many steps.
    """

    def gain(one: StylePack) -> float:
        return distance_share(data, generate(styled(setup.generator, one), data.features, device=setup.device))

    whole = gain(pack)
    small = pack
    for rank in ranks:
        setup.report("compress", message=f"rank {rank}")
        small = pack.compress(rank, dtype="float16")
        if whole <= 0 or small.config.compression is None:
            return small
        share = gain(small) / whole
        if share < KEPT_GAIN and data.paired:
            shorter = setup.config.model_copy(update={"steps": max(setup.config.steps // 2, 1)})
            delta = refine(small.delta, data, replace(setup, config=shorter))
            better = small.replace(delta=delta.to(torch.float16))
            better_share = gain(better) / whole
            if better_share > share:
                kept = small.config.compression.model_copy(update={"energy": energy(pack.delta, better.delta)})
                small, share = better.replace(compression=kept), better_share
        assert small.config.compression is not None
        small = small.replace(compression=small.config.compression.model_copy(update={"gain": share}))
        if share >= KEPT_GAIN:
            break
    return small


def _training(data: FitData, trained: Trained, gain: Gain | None, setup: Setup) -> Training:
    """What the pack records of a fit; not the time that it took, so that the same fit gives the same pack."""
    settings = setup.config.model_dump()
    settings |= {f"terms.{key}": value for key, value in settings.pop("terms").items()}
    settings |= {"paired": data.paired, "offset_seconds": round(data.offset, 4)}

    def numbers(scores: MotionScores) -> dict[str, float]:
        return {key: value for key, value in scores.as_dict().items() if value is not None}

    measured: dict[str, Any] = {}
    if gain is not None:
        null = gain.after.opening_null
        spread = {} if gain.spread is None else {"gain_spread": round(gain.spread, 6)}
        measured = {
            "folds": gain.folds,
            "measured_seconds": round(gain.seconds, 3),
            "before": numbers(gain.before),
            "after": numbers(gain.after) | {"gain": round(gain.share, 6)} | spread,
            "baselines": {key: numbers(scores) for key, scores in gain.baselines.items()},
            "null": {} if null is None else {"opening_r": null},
        }
    return Training(
        seconds=round(data.seconds, 3),
        steps=len(trained.history),
        seed=setup.seed,
        settings=settings,
        references=data.references,
        **measured,
    )

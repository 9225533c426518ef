"""What a different style for each item of a batch costs, and how large the styles that ship are."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from sdk import defaults
from sdk.device import resolve_device
from sdk.packs import Delta, StyledBatch, StylePack, shipped_styles
from sdk.progress import CancelToken, ProgressCallback, Reporter
from sdk.registry import resolve
from talkstyle_lab.bench import timing

REPEATS: Final = 5  # of each form, in turn with the base; the median counts


@dataclass(frozen=True)
class BatchCost:
    """A batch with a style per item, against the same batch without."""

    form: str  # the packs' form: "rank 8", "full", or "one style" for all items
    ratio: float  # its time over the time without styles
    one_pass: bool  # whether the whole batch ran at once


@dataclass(frozen=True)
class ShippedStyle:
    """A style that ships: bytes and rank of its delta (0 is whole), its gain, and what compression kept of that."""

    name: str
    bytes: int
    rank: int
    gain: float | None
    gain_kept: float | None


@dataclass(frozen=True)
class StylesBench:
    """What was measured."""

    items: int  # in the batch
    frames: int  # in each item
    generator: str
    base_seconds: float  # the batch without styles
    costs: tuple[BatchCost, ...]  # one for each form of packs
    shipped: tuple[ShippedStyle, ...]


def run_styles(
    *,
    items: int = 64,
    seconds: float = 5.0,
    rank: int = 8,
    generator: str = defaults.GENERATOR,
    device: str | torch.device = "auto",
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> StylesBench:
    """Time one batch with another style for every item.

    The styles are random: their cost does not depend on their content. Each of the ``items`` lasts ``seconds``;
    ``rank`` is that of the low-rank styles.
    """
    report = Reporter(on_progress, cancel)
    report("prepare")
    place = resolve_device(device)
    base = resolve("motion-generator", generator).eval()
    encoder = resolve("audio-encoder", base.encoder)
    fitted = {name: parameter.detach() + 1e-3 for name, parameter in base.named_parameters()}
    plain = StylePack.create(name="bench", base=base, fitted=fitted, encoder=encoder)
    low = [plain.replace(delta=_random(base, rank, seed)) for seed in range(items)]
    # Whole deltas take as much memory as the base each: an eighth of the batch says what they cost.
    full = [plain.replace(delta=_random(base, None, seed)) for seed in range(max(items // 8, 2))]
    base = base.to(place)
    frames = round(60 * seconds)
    noise = torch.randn(items, frames, base.features, generator=torch.Generator().manual_seed(0)).to(place)
    costs, alone = [], []
    for form, packs in ((f"rank {rank}", low), ("full", full), ("one style", low[:1] * items)):
        report("measure", message=form)
        batch = noise[: len(packs)]
        with torch.inference_mode():
            styled = StyledBatch(base, packs)
            pairs = [(_seconds(base, batch), _seconds(styled, batch)) for _ in range(REPEATS)]
        without, with_styles = (statistics.median(times) for times in zip(*pairs, strict=True))
        alone.append(without)
        costs.append(BatchCost(f"{form}, {len(packs)} items", with_styles / without, styled.one_pass))
    return StylesBench(items, frames, generator, alone[0], tuple(costs), tuple(map(_shipped, shipped_styles())))


def _shipped(name: str) -> ShippedStyle:
    pack = StylePack.load(name)
    kept = pack.config.compression
    return ShippedStyle(name, pack.config.delta.bytes, pack.delta.rank, pack.gain, kept.gain if kept else None)


def _random(base: Any, rank: int | None, seed: int) -> Delta:
    rng = torch.Generator().manual_seed(seed)
    tensors: dict[str, Tensor] = {}
    for name, parameter in base.named_parameters():
        if rank is None or parameter.ndim == 1:
            tensors[f"{name}.delta"] = 1e-3 * torch.randn(parameter.shape, generator=rng)
        else:
            tensors[f"{name}.A"] = 0.02 * torch.randn(rank, parameter[0].numel(), generator=rng)
            tensors[f"{name}.B"] = 0.02 * torch.randn(len(parameter), rank, generator=rng)
    return Delta({name: tensor.half() for name, tensor in tensors.items()})


def _seconds(generator: Any, batch: Tensor) -> float:
    def run() -> None:
        generator(batch)
        if batch.is_cuda:
            torch.cuda.synchronize()

    if batch.is_cuda:
        torch.cuda.synchronize()
    return timing.seconds(run)

"""Putting styles on a generator and taking them off: the base comes back bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from types import TracebackType
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor

from sdk.errors import ConfigError, InputError, PackIncompatible
from sdk.interfaces import GeneratorState, MotionGenerator
from sdk.packs.batched import BatchedDeltas, Unbatchable
from sdk.packs.fingerprint import layout_sha256, weights_sha256
from sdk.packs.pack import StylePack
from sdk.warnings import warn

__all__ = ["PerItemStyles", "StyleSlot"]

_TAKEN: WeakSet[Any] = WeakSet()
"""The generators that a slot holds, whose parameters may be a style's rather than the base's."""


class StyleSlot:
    """The place on one generator where a style goes; styles are exchanged without loading the base again.

    A context manager: entering takes the base's fingerprints and keeps a copy of its parameters, leaving puts them back
    bit for bit. Styles change the generator in place, so one thread uses it at a time.

    Args:
        generator: The base, unstyled.

    Raises:
        ConfigError: Another slot holds the generator.
    """

    def __init__(self, generator: MotionGenerator) -> None:
        self.generator = generator
        self._base: dict[str, Tensor] = {}
        self._layout = self._weights = ""

    def __enter__(self) -> StyleSlot:
        if self.generator in _TAKEN:
            raise ConfigError(
                "the generator already wears a style",
                hint="Leave the first `apply` before the next, or mix the two styles.",
            )
        self._layout, self._weights = layout_sha256(self.generator), weights_sha256(self.generator)
        self._base = {name: parameter.detach().clone() for name, parameter in self.generator.named_parameters()}
        _TAKEN.add(self.generator)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()
        self._base = {}
        _TAKEN.discard(self.generator)

    def use(self, pack: StylePack, *, strength: float = 1.0, allow_other_base: bool = False) -> None:
        """Put on a style, in place of the one before: each parameter becomes ``base + strength * delta``, in float32.

        Args:
            pack: The style.
            strength: 0 is the base, 1 the style as it was made, more exaggerates.
            allow_other_base: Take a base of the same layout with other weights, with a warning.

        Raises:
            PackIncompatible: The pack was made for another base.
            ConfigError: The strength is no finite number.
        """
        self._check(pack, strength, allow_other_base)
        self._put_on(pack, strength)

    def _put_on(self, pack: StylePack, strength: float) -> None:
        with torch.no_grad():
            for name, parameter in self.generator.named_parameters():
                base = self._base[name].to(parameter.device)
                if strength == 0:
                    parameter.copy_(base)
                    continue
                delta = _on(pack, name, parameter.device).reshape(parameter.shape)
                parameter.copy_(base + strength * delta)

    def clear(self) -> None:
        """Take the style off: the base's parameters are back, bit for bit."""
        with torch.no_grad():
            for name, parameter in self.generator.named_parameters():
                if name in self._base:
                    parameter.copy_(self._base[name])

    def _check(self, pack: StylePack, strength: float, allow_other_base: bool) -> None:
        if not isfinite(strength):
            raise ConfigError(f"a strength of {strength}", hint="Give a finite number; 1 is the style as it was made.")
        if not self._base:
            raise ConfigError("the slot is not open", hint="Use it in a `with` block.")
        base, have = pack.config.base, f"{self.generator.name} {self.generator.version}"
        if self._layout != base.layout_sha256:
            raise PackIncompatible(
                f"{pack.name!r} was made for {base.component} {base.version}, and {have} has other parameters",
                hint="Use the generator that the pack names.",
            )
        if self._weights != base.weights_sha256:
            if not allow_other_base:
                raise PackIncompatible(
                    f"{pack.name!r} was made for {base.component} {base.version}, and this {have} has other weights",
                    hint="Use the generator that the pack names, or pass allow_other_base=True and judge the result.",
                )
            warn(f"{pack.name!r} is put on another base than the one it was made for")
        pack.delta.check_fits({name: tuple(parameter.shape) for name, parameter in self._base.items()})


def _on(pack: StylePack, name: str, device: torch.device) -> Tensor:
    """One parameter's delta, made whole on the device."""
    tensors = pack.delta.tensors
    if f"{name}.delta" in tensors:
        return tensors[f"{name}.delta"].to(device).float()
    return tensors[f"{name}.B"].to(device).float() @ tensors[f"{name}.A"].to(device).float()


class PerItemStyles:
    """A generator whose batch carries a different style per item, called like the generator itself.

    Where all the generator's layers are linear or convolutions (``sdk.packs.batched``), the whole batch runs at once:
    the motion is that of the items one by one within float32 rounding. A short trial says whether that holds for this
    generator; where it does not, the items of one style and strength run together, one style after another.

    Args:
        slot: The open slot of the generator.
        packs: One for each item of the batch; None is the base.
        strengths: One for each item; 1 where nothing is said.
        allow_other_base: As in ``StyleSlot.use``.

    Attributes:
        lookahead: The generator's.
        one_pass: Whether the whole batch runs in one pass.
    """

    def __init__(
        self,
        slot: StyleSlot,
        packs: Sequence[StylePack | None],
        *,
        strengths: Sequence[float] | None = None,
        allow_other_base: bool = False,
    ) -> None:
        strengths = [1.0] * len(packs) if strengths is None else list(strengths)
        if not packs or len(strengths) != len(packs):
            raise ConfigError(f"{len(packs)} styles and {len(strengths)} strengths", hint="Give one of each per item.")
        self._slot = slot
        self.lookahead = slot.generator.lookahead
        groups: dict[tuple[StylePack | None, float], list[int]] = {}
        for item, key in enumerate(zip(packs, strengths, strict=True)):
            groups.setdefault(key, []).append(item)
        self._groups = groups
        for pack, strength in groups:
            if pack is not None:
                slot._check(pack, strength, allow_other_base)
        order = [item for items in groups.values() for item in items]
        self._back = sorted(range(len(order)), key=order.__getitem__)
        self._batched = self._stacked(packs, strengths) if len(groups) > 1 else None
        self.one_pass = self._batched is not None or len(groups) == 1

    def _stacked(self, packs: Sequence[StylePack | None], strengths: Sequence[float]) -> BatchedDeltas | None:
        """The whole batch's deltas layer by layer, or None where this generator does not take them so."""
        module = self._slot.generator
        if not isinstance(module, torch.nn.Module):
            return None
        tried = list(self._groups)[:3]
        try:
            few = BatchedDeltas(module, [p.delta if p else None for p, _ in tried], [s for _, s in tried])
            # More frames than items, so that a layer which does not have the batch first cannot pass by chance.
            noise = torch.randn(len(tried), 11, module.features, generator=torch.Generator().manual_seed(0))
            noise = noise.to(next(module.parameters()).device)
            with torch.no_grad():
                want = [self._styled(pack, strength, noise[i : i + 1]) for i, (pack, strength) in enumerate(tried)]
                with few.on():
                    expression, pose, _ = module(noise)
        except Unbatchable:
            return None
        for got, one_by_one in ((expression, [w[0] for w in want]), (pose, [w[1] for w in want])):
            joined = torch.cat(one_by_one)
            if not torch.allclose(got, joined, rtol=0, atol=1e-4 * float(joined.abs().max()) + 1e-7):
                return None
        return BatchedDeltas(module, [p.delta if p else None for p in packs], strengths)

    def _styled(
        self, pack: StylePack | None, strength: float, features: Tensor, state: GeneratorState | None = None
    ) -> tuple[Tensor, Tensor, GeneratorState]:
        """The generator itself under one style."""
        try:
            if pack is not None:
                self._slot._put_on(pack, strength)
            return self._slot.generator(features, state)
        finally:
            self._slot.clear()

    def __call__(self, features: Tensor, state: GeneratorState | None = None) -> tuple[Tensor, Tensor, GeneratorState]:
        """Generate motion, as ``MotionGenerator``; the slot is empty again afterwards.

        Raises:
            InputError: The batch has another number of items than there are styles.
        """
        if len(features) != len(self._back):
            raise InputError(f"a batch of {len(features)} items for {len(self._back)} styles")
        if self._batched is None:
            return self._in_turn(features, state)
        self._slot.clear()
        with self._batched.on():
            return self._slot.generator(features, state)

    def _in_turn(self, features: Tensor, state: GeneratorState | None) -> tuple[Tensor, Tensor, GeneratorState]:
        """One style after another, each with its own state."""
        states = [None] * len(self._groups) if state is None else state
        results = [
            self._styled(pack, strength, features[items], old)
            for ((pack, strength), items), old in zip(self._groups.items(), states, strict=True)
        ]
        expression = torch.cat([result[0] for result in results])[self._back]
        pose = torch.cat([result[1] for result in results])[self._back]
        return expression, pose, [result[2] for result in results]

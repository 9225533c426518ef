"""Putting styles on a generator and taking them off: the base comes back bit for bit."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from types import TracebackType
from typing import Any
from weakref import WeakSet

import torch
from torch import Tensor

from sdk.data import warn
from sdk.errors import ConfigError, InputError, PackIncompatible
from sdk.interfaces import GeneratorState, MotionGenerator
from sdk.packs.fingerprint import layout_sha256, weights_sha256
from sdk.packs.pack import StylePack

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
        if not isfinite(strength):
            raise ConfigError(f"a strength of {strength}", hint="Give a finite number; 1 is the style as it was made.")
        self._check(pack, allow_other_base)
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

    def _check(self, pack: StylePack, allow_other_base: bool) -> None:
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

    Items of one style and strength run together; each group is the generator itself under that style, so every
    architecture works and the motion is that of the items one by one.

    Args:
        slot: The open slot of the generator.
        packs: One for each item of the batch; None is the base.
        strengths: One for each item; 1 where nothing is said.
        allow_other_base: As in ``StyleSlot.use``.

    Attributes:
        lookahead: The generator's.
    """

    def __init__(
        self,
        slot: StyleSlot,
        packs: Sequence[StylePack | None],
        *,
        strengths: Sequence[float] | None = None,
        allow_other_base: bool = False,
    ) -> None:
        strengths = [1.0] * len(packs) if strengths is None else strengths
        if not packs or len(strengths) != len(packs):
            raise ConfigError(f"{len(packs)} styles and {len(strengths)} strengths", hint="Give one of each per item.")
        self._slot = slot
        self._allow_other_base = allow_other_base
        self.lookahead = slot.generator.lookahead
        groups: dict[tuple[StylePack | None, float], list[int]] = {}
        for item, key in enumerate(zip(packs, strengths, strict=True)):
            groups.setdefault(key, []).append(item)
        self._groups = groups
        order = [item for items in groups.values() for item in items]
        self._back = sorted(range(len(order)), key=order.__getitem__)

    def __call__(self, features: Tensor, state: GeneratorState | None = None) -> tuple[Tensor, Tensor, GeneratorState]:
        """Generate motion, as ``MotionGenerator``; the slot is empty again afterwards.

        Raises:
            InputError: The batch has another number of items than there are styles.
        """
        if len(features) != len(self._back):
            raise InputError(f"a batch of {len(features)} items for {len(self._back)} styles")
        states = [None] * len(self._groups) if state is None else state
        results = []
        try:
            for ((pack, strength), items), old in zip(self._groups.items(), states, strict=True):
                if pack is None:
                    self._slot.clear()
                else:
                    self._slot.use(pack, strength=strength, allow_other_base=self._allow_other_base)
                results.append(self._slot.generator(features[items], old))
        finally:
            self._slot.clear()
        expression = torch.cat([result[0] for result in results])[self._back]
        pose = torch.cat([result[1] for result in results])[self._back]
        return expression, pose, [result[2] for result in results]

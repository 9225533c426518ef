"""Styles on generators: each parameter becomes ``base + strength * delta``. The base itself is never changed.

Strengths outside 0 to 1 are applied to the motion instead: see ``sdk.packs.exaggeration``.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias, TypeVar, cast

import torch
from torch import Tensor, nn

from sdk.arguments import switch
from sdk.compatibility import Identity, check_compatible
from sdk.errors import ComponentBroken, ConfigError, InputError
from sdk.interfaces import AudioEncoder, GeneratorState, MotionGenerator
from sdk.packs.batched import Unbatchable, with_deltas
from sdk.packs.delta import dense
from sdk.packs.exaggeration import Exaggerated, is_exaggerated, read_strength, whole_strength
from sdk.packs.pack import StylePack

M = TypeVar("M")
_Style: TypeAlias = tuple[StylePack | None, float]


def styled(
    generator: MotionGenerator,
    pack: StylePack | None = None,
    *,
    encoder: AudioEncoder | None = None,
    strength: float = 1.0,
    allow_other_base: bool = False,
    device: torch.device | None = None,
) -> MotionGenerator:
    """A generator with a style, as a module of its own in ``eval`` mode; the given one stays as it is.

    What the style does not change, such as buffers, shares memory with the given generator: to train the result, make
    a ``copy.deepcopy`` of it first.

    Args:
        generator: The base, unstyled.
        pack: The style; None is the base's own.
        encoder: What will feed it; if given, it is checked too.
        strength: 0 is the base, 1 the style as it was made; more exaggerates the motion, less than 0 does the opposite.
            From -10 to 10.
        allow_other_base: Accept a base of the same layout with other weights, with a warning.
        device: Where the result is; where the generator is if left out.

    Raises:
        PackIncompatible: The pack was made for another base or with another encoder.
        ComponentMismatch: The generator was trained on another encoder.
        ConfigError: The strength is not finite, or beyond 10 either way.
        ComponentBroken: The generator cannot be copied.
    """
    strength = read_strength(strength)
    check_compatible(generator, encoder, pack, allow_other_base=switch(allow_other_base, "allow_other_base"))
    return cast("MotionGenerator", _with_style(generator, pack, strength, device))


def with_parameters(module: M, tensors: Mapping[str, Tensor]) -> M:
    """A copy of a module with other parameters; those not named, and all buffers, share memory with the module's.

    Raises:
        ComponentBroken: It cannot be copied.
    """
    source = cast("nn.Module", module)
    memo: dict[int, Any] = {id(buffer): buffer.detach() for buffer in source.buffers()}
    for name, parameter in source.named_parameters():
        memo[id(parameter)] = nn.Parameter(tensors.get(name, parameter.detach()), parameter.requires_grad)
    try:
        return copy.deepcopy(module, memo)
    except Exception as error:
        what = f"{type(module).__name__} cannot be copied: {type(error).__name__}: {error}"
        hint = "A network keeps no locks or files, and no tensors with a gradient besides its parameters."
        raise ComponentBroken(what, hint=hint) from error


def reweighted(base: Mapping[str, Tensor], delta: Mapping[str, Tensor], strength: float = 1.0) -> dict[str, Tensor]:
    """``base + strength * delta`` for each parameter, in float32, differentiable; at strength 0 the base's own tensors.

    ``delta`` holds tensors as in ``Delta.tensors``.
    """
    if strength == 0:
        return dict(base)
    return {
        name: parameter + strength * dense(delta, name, device=parameter.device).reshape(parameter.shape)
        for name, parameter in base.items()
    }


def _with_style(
    generator: MotionGenerator, pack: StylePack | None, strength: float, device: torch.device | None = None
) -> Any:
    whole = whole_strength(pack, strength)
    if not is_exaggerated(whole):
        return _ready(with_parameters(generator, _styled_parameters(generator, pack, strength)), device)
    plain = with_parameters(generator, {})
    own = with_parameters(generator, _styled_parameters(generator, pack, strength / whole))
    return _ready(Exaggerated(plain, own, whole), device)


def _ready(generator: Any, device: torch.device | None = None) -> Any:
    # Moved even if it is there: recurrent layers on CUDA join their weights then.
    return generator.eval().to(device or next(generator.parameters()).device)


def _styled_parameters(generator: MotionGenerator, pack: StylePack | None, strength: float) -> dict[str, Tensor]:
    base = {name: parameter.detach() for name, parameter in generator.named_parameters()}
    return base if pack is None else reweighted(base, pack.delta.tensors, strength)


class StyleSlot:
    """One generator whose style can be exchanged in place, without allocating parameters again.

    The base stays as it is, and must not be changed meanwhile. From one thread at a time.
    """

    def __init__(self, generator: MotionGenerator) -> None:
        self._base = generator
        self._identity = Identity.of(generator)
        own = {name: parameter.detach().clone() for name, parameter in generator.named_parameters()}
        self._own: Any = _ready(with_parameters(generator, own))
        self._exaggerated = Exaggerated(_ready(with_parameters(generator, {})), self._own, 1.0).eval()
        self.clear()

    @property
    def generator(self) -> Any:
        """The generator in its present style, in ``eval`` mode; at first without one. Another object if exaggerated."""
        return self._exaggerated if is_exaggerated(self._exaggerated.strength) else self._own

    def use(self, pack: StylePack | None, *, strength: float = 1.0, allow_other_base: bool = False) -> None:
        """Exchange the style; arguments and errors as for ``styled``."""
        if pack is not None:
            self._identity.check(pack, allow_other_base=allow_other_base)
        strength = read_strength(strength)
        whole = whole_strength(pack, strength)
        tensors = _styled_parameters(self._base, pack, strength / whole if is_exaggerated(whole) else strength)
        with torch.no_grad():
            for name, parameter in self._own.named_parameters():
                parameter.copy_(tensors[name])
        self._exaggerated.strength = whole

    def clear(self) -> None:
        """Take the style off: the parameters are the base's, bit for bit."""
        self.use(None)


class StyledBatch(nn.Module):
    """A generator whose batch has a style of its own for each item; called like the generator itself.

    If all the generator's layers are linear or one-dimensional convolutions, and no style is exaggerated, the whole
    batch runs in one pass: the motion is that of the items one by one within float32 rounding. A short trial finds out
    whether that holds, and ``one_pass`` says so. If it does not, each style has a generator of its own, and its items
    run together, one style after another. Calls change nothing, so that threads can share it.

    The given base stays as it is. Each item has a pack, or None for the base, and a strength, which is 1 if left out.

    Raises:
        PackIncompatible: A pack was made for another base.
        ConfigError: There are no packs, another number of strengths, or a strength that is not finite, or beyond 10
            either way.
    """

    def __init__(
        self,
        generator: MotionGenerator,
        packs: Sequence[StylePack | None],
        *,
        strengths: Sequence[float] | None = None,
        allow_other_base: bool = False,
    ) -> None:
        super().__init__()
        self.name, self.version, self.encoder = generator.name, generator.version, generator.encoder
        self.features, self.lookahead = generator.features, generator.lookahead
        self.encoder_sha256 = getattr(generator, "encoder_sha256", None)
        strengths = [1.0] * len(packs) if strengths is None else [read_strength(one) for one in strengths]
        if not packs or len(strengths) != len(packs):
            raise ConfigError(f"{len(packs)} styles and {len(strengths)} strengths", hint="Give one of each per item.")
        identity = Identity.of(generator)
        groups: dict[_Style, list[int]] = {}
        styles = list(zip(packs, strengths, strict=True))
        for item, style in enumerate(styles):
            groups.setdefault(style, []).append(item)
        for pack, _ in groups:
            if pack is not None:
                identity.check(pack, allow_other_base=allow_other_base)
        self._items = list(groups.values())
        order = [item for items in self._items for item in items]
        self._back = sorted(range(len(order)), key=order.__getitem__)
        plain = not any(is_exaggerated(whole_strength(*style)) for style in groups)
        self._whole = _in_one_pass(generator, styles, list(groups)[:3]) if plain and len(groups) > 1 else None
        self._each = nn.ModuleList([] if self._whole is not None else [_with_style(generator, *key) for key in groups])
        self.one_pass = len(self._each) < 2
        self.eval()

    def forward(self, features: Tensor, state: GeneratorState | None = None) -> tuple[Tensor, Tensor, GeneratorState]:
        """Generate motion, as ``MotionGenerator``.

        Raises:
            InputError: The batch has another number of items than there are styles.
        """
        if len(features) != len(self._back):
            raise InputError(f"a batch of {len(features)} items for {len(self._back)} styles")
        if self._whole is not None:
            return self._whole(features, state)  # type: ignore[no-any-return]
        states = [None] * len(self._each) if state is None else state
        results = [each(features[items], old) for each, items, old in zip(self._each, self._items, states, strict=True)]
        expressions, poses, states = zip(*results, strict=True)
        return torch.cat(expressions)[self._back], torch.cat(poses)[self._back], list(states)


def _in_one_pass(generator: MotionGenerator, styles: Sequence[_Style], tried: Sequence[_Style]) -> nn.Module | None:
    """The generator with all styles in its layers, or None if those tried move otherwise than one by one."""

    def joined(styles: Sequence[_Style]) -> Any:
        deltas = [(None if pack is None else pack.delta, strength) for pack, strength in styles]
        return with_deltas(with_parameters(cast("nn.Module", generator), {}), deltas).eval()

    # More frames than items, so that a layer which does not have the batch first cannot pass by chance.
    noise = torch.randn(len(tried), 11, generator.features, generator=torch.Generator().manual_seed(0))
    noise = noise.to(next(generator.named_parameters())[1].device)
    try:
        with torch.no_grad():
            got = joined(tried)(noise)
            want = [_with_style(generator, *key)(noise[i : i + 1]) for i, key in enumerate(tried)]
    except Unbatchable:
        return None
    for part in (0, 1):
        one_by_one = torch.cat([result[part] for result in want])
        if not torch.allclose(got[part], one_by_one, rtol=0, atol=1e-4 * float(one_by_one.abs().max()) + 1e-7):
            return None
    return cast("nn.Module", joined(styles))

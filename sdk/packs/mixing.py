"""Mixing styles: the weighted sum of what they add to one base."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sdk.arguments import instance, number, shown
from sdk.errors import ConfigError, PackIncompatible
from sdk.packs.config import Ingredient
from sdk.packs.delta import weighted_sum
from sdk.packs.exaggeration import MAX_STRENGTH
from sdk.packs.location import StyleLocation
from sdk.packs.pack import StylePack, check_texts


def mix(weights: Mapping[StylePack | StyleLocation | str | Path, float], *, name: str | None = None) -> StylePack:
    """Mix styles of one base, exactly: ``mix({"rap": 0.7, "calm": 0.3})``.

    The weights need not sum to 1: their sum is the strength of the whole. Where their sizes sum to more, the mix
    exaggerates the motion, as a strength above 1 does. The order does not matter, to the last bit.
    The mix has a licence or a consent only if all its styles have the same. Its name is made from theirs if left out.

    Raises:
        ConfigError: No styles, a weight that is not a finite number, or weights whose sizes sum to more than 10.
        PackIncompatible: Styles of different bases or encoders.
    """
    hint = 'Give styles with their weights: {"rap": 0.7, "calm": 0.3}.'
    numbers = {
        style: number(weight, f"the weight of {shown(style)}")
        for style, weight in instance(weights, Mapping, "weights", hint).items()
    }
    if not numbers:
        raise ConfigError("a mix needs at least one style", where="weights", hint=hint)
    if name is not None:
        check_texts({"name": name})
    packs = [(s if isinstance(s, StylePack) else StylePack.load(s), weight) for s, weight in numbers.items()]
    # By content, so that a sum in floating point does not depend on the order given.
    packs.sort(key=lambda term: (term[0].config.delta.sha256, term[1]))
    first = packs[0][0]
    for pack, _ in packs:
        if (pack.config.base, pack.config.encoder) != (first.config.base, first.config.encoder):
            what = f"{first.name!r} and {pack.name!r} were made for different bases or encoders"
            raise PackIncompatible(what, hint="Mix styles of one base; adapt again if one is older.")
    leaves = [leaf for pack, weight in packs for leaf in _leaves(pack, weight)]
    if (whole := sum(abs(leaf.weight) for leaf in leaves)) > MAX_STRENGTH:
        what = f"the sizes of a mix's weights sum to {whole:g}, and {MAX_STRENGTH:g} is the most"
        raise ConfigError(what, where="weights", hint="A sum of 1 is a style as it was made; more exaggerates.")
    delta = weighted_sum([(pack.delta, weight) for pack, weight in packs])
    if delta is first.delta:
        return first if name is None else first.replace(name=name)
    listed = sorted(packs, key=lambda term: (-abs(term[1]), term[0].name))
    licenses = {pack.config.license for pack, _ in packs}
    consents = {pack.config.consent for pack, _ in packs}
    if name is None:
        name = " + ".join(f"{pack.name} {weight:.4g}" for pack, weight in listed)[:64].rstrip(" .+")
    return first.replace(
        delta=delta,
        name=name,
        summary="",
        license=licenses.pop() if len(licenses) == 1 else None,
        consent=consents.pop() if len(consents) == 1 else None,
        training=None,
        compression=None,
        mix=tuple(sorted(leaves, key=lambda leaf: (-abs(leaf.weight), leaf.name))),
    )


def _leaves(pack: StylePack, weight: float) -> list[Ingredient]:
    """A style with its weight, or those of a mix, so that the whole strength of a mix of mixes is known."""
    if not pack.config.mix:
        return [Ingredient(name=pack.name, weight=weight, sha256=pack.config.delta.sha256)]
    return [part.model_copy(update={"weight": weight * part.weight}) for part in pack.config.mix]

"""Whether an encoder, a generator and a style pack belong together, by their names and fingerprints."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sdk.errors import ComponentMismatch, PackIncompatible
from sdk.interfaces import AudioEncoder, MotionGenerator, StyleTransferNet
from sdk.warnings import warn

if TYPE_CHECKING:
    from torch import Tensor

    from sdk.packs import StylePack

__all__ = ["Identity", "check_compatible", "layout_sha256", "weights_sha256"]


def check_compatible(
    generator: MotionGenerator,
    encoder: AudioEncoder | None = None,
    pack: StylePack | None = None,
    *,
    allow_other_base: bool = False,
) -> None:
    """Check that what is given was made for one another.

    A generator is compared with an encoder by the encoder's name and width, and by its fingerprint if the generator has
    an ``encoder_sha256``. A pack is compared with the encoder by name and fingerprint, and with the generator by the
    fingerprints of its parameters' layout and of its weights.

    ``allow_other_base`` accepts a pack that was made for other weights of the same layout, with a warning, or with
    another encoder.

    Raises:
        PackIncompatible: The pack was made for another generator or with another encoder.
        ComponentMismatch: The generator was trained on another encoder.
    """
    if encoder is not None:
        if pack is not None and not allow_other_base:
            named = pack.config.encoder
            if (named.component, named.sha256) != (encoder.name, encoder.fingerprint()):
                made_with = f"{pack.name!r} was made with the encoder {named.component} {named.version}"
                what = f"{made_with}, and this is {encoder.name} {encoder.version}"
                raise PackIncompatible(what, hint="Use the encoder that the pack names.")
        _check_trained_on(generator, encoder)
    if pack is not None:
        Identity.of(generator).check(pack, allow_other_base=allow_other_base)


@dataclass(frozen=True)
class Identity:
    """A generator's fingerprints and its parameters' shapes; to compare it with many packs, take it once."""

    component: str
    version: str
    layout_sha256: str
    weights_sha256: str
    shapes: dict[str, tuple[int, ...]]

    @classmethod
    def of(cls, generator: MotionGenerator) -> Identity:
        """Take a generator's identity."""
        shapes = {name: tuple(parameter.shape) for name, parameter in generator.named_parameters()}
        return cls(generator.name, generator.version, layout_sha256(generator), weights_sha256(generator), shapes)

    def check(self, pack: StylePack, *, allow_other_base: bool = False) -> None:
        """Check that a pack was made for this generator.

        Raises:
            PackIncompatible: It was not.
        """
        base = pack.config.base
        made_for = f"{pack.name!r} was made for {base.component} {base.version}"
        name, hint = f"{self.component} {self.version}", "Use the generator that the pack names"
        if self.layout_sha256 != base.layout_sha256:
            raise PackIncompatible(f"{made_for}, and {name} has other parameters", hint=f"{hint}.")
        if self.weights_sha256 != base.weights_sha256:
            if not allow_other_base:
                hint = f"{hint}, or take this one with allow_other_base=True, and judge the result."
                raise PackIncompatible(f"{made_for}, and this {name} has other weights", hint=hint)
            warn(f"{pack.name!r} is put on another base than the one it was made for")
        pack.delta.forms.check_fits(self.shapes)


def _check_trained_on(generator: MotionGenerator, encoder: AudioEncoder) -> None:
    if generator.encoder != encoder.name:
        what = f"was trained on the encoder {generator.encoder!r}, not on {encoder.name!r}"
        hint = f"Use encoder={generator.encoder!r}, or a generator that was trained on {encoder.name!r}."
    elif generator.features != encoder.width:
        what = f"takes {generator.features} features, and the encoder {encoder.name!r} gives {encoder.width}"
        hint = "Give the encoder the settings that it had when the generator was trained."
    elif getattr(generator, "encoder_sha256", None) not in (None, encoder.fingerprint()):
        what = f"was trained on an encoder {encoder.name!r} of other weights"
        hint = "Give the encoder the weights that it had when the generator was trained."
    else:
        return
    raise ComponentMismatch(f"the generator {generator.name!r} {what}", hint=hint)


def layout_sha256(module: MotionGenerator | StyleTransferNet) -> str:
    """The sha256 (hex) of the parameters' names, shapes and dtypes.

    Of the UTF-8 text of a JSON array without blanks, one ``[name, shape, dtype]`` a parameter, sorted by name.
    """
    return hashlib.sha256(_json(sorted(_row(*each) for each in module.named_parameters()))).hexdigest()


def weights_sha256(module: MotionGenerator | StyleTransferNet) -> str:
    """The sha256 (hex) of the state dict's contents, parameters and buffers alike, on whatever device.

    For each entry, sorted by name: the JSON array ``[name, shape, dtype]`` without blanks, a newline, then the values
    in row-major order, little-endian.
    """
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(_json(_row(name, tensor)) + b"\n")
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _row(name: str, tensor: Tensor) -> list[Any]:
    return [name, list(tensor.shape), str(tensor.dtype).removeprefix("torch.")]


def _json(rows: list[Any]) -> bytes:
    return json.dumps(rows, separators=(",", ":")).encode()

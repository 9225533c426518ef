"""The directions in which a generator's layers vary from one way of speaking to another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from sdk.errors import ModelFileMissing
from talkstyle_reference.weights import Weights, read_weights

_SCALE, _SHIFT = "scale.", "shift."
SUFFIX: Final = "-styles"
"""What follows a generator's name in the name of its basis's weights."""


@dataclass(frozen=True, eq=False)
class StyleBasis:
    """For each layer, a scale and a shift of its outputs that are linear in a style's coefficients.

    It is learned together with the base, which is told the style of each sequence; coefficients have mean 0 and spread
    1 among the styles that the base was trained on, and 0 is the base itself. After FiLM (Perez et al., arXiv
    1709.07871), without its network.

    Attributes:
        scale: By the layer's name, ``[outputs, size]``.
        shift: Likewise.
    """

    scale: Mapping[str, Tensor]
    shift: Mapping[str, Tensor]

    @classmethod
    def of(cls, tensors: Mapping[str, Tensor]) -> StyleBasis:
        """Make a basis of its tensors by name."""
        parts = (
            {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
            for prefix in (_SCALE, _SHIFT)
        )
        return cls(*parts)

    @property
    def size(self) -> int:
        """How many coefficients a style has."""
        return next(iter(self.scale.values())).shape[1]

    def tensors(self) -> dict[str, Tensor]:
        """The reverse of ``of``."""
        scales = {_SCALE + name: tensor for name, tensor in self.scale.items()}
        return scales | {_SHIFT + name: tensor for name, tensor in self.shift.items()}

    def delta(self, parameters: Mapping[str, Tensor], coefficients: Tensor) -> dict[str, Tensor]:
        """What a style adds to the generator's parameters.

        Args:
            parameters: The generator's, by name.
            coefficients: float32 ``[size]``, on their device.

        Returns:
            A tensor for each parameter that changes, differentiable in the coefficients.
        """
        changes: dict[str, Tensor] = {}
        for layer, scale in self.scale.items():
            weight, bias = parameters[f"{layer}.weight"], parameters[f"{layer}.bias"]
            factor, offset = scale.to(coefficients) @ coefficients, self.shift[layer].to(coefficients) @ coefficients
            changes[f"{layer}.weight"] = weight * factor.reshape(-1, *[1] * (weight.ndim - 1))
            changes[f"{layer}.bias"] = bias * factor + offset
        return changes

    def __deepcopy__(self, memo: dict[int, Any]) -> StyleBasis:
        """Itself: nothing changes it, and copies of a generator need not have their own."""
        return self


def read_basis(name: str, weights: Weights) -> StyleBasis | None:
    """The basis of a generator's weights; None where they have none."""
    if weights is None:
        return None
    try:
        found = read_weights(name + SUFFIX, weights)
    except ModelFileMissing:
        return None
    return StyleBasis.of({key: torch.from_numpy(value) for key, value in found.items()})

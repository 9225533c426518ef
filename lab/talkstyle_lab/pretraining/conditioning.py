"""Telling a generator in training the style of each sequence, which would otherwise be noise in what it learns."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class Conditioning(nn.Module):
    """Scales and shifts the outputs of a generator's layers by amounts linear in the style; none of it ships.

    After FiLM (Perez et al., arXiv 1709.07871), without its network.

    Attributes:
        styles: The coefficients of the sequences in the next batch, ``[B, size]``; None leaves the generator alone.
    """

    def __init__(self, generator: nn.Module, size: int) -> None:
        super().__init__()
        self.styles: Tensor | None = None
        self._scale, self._shift = nn.ParameterDict(), nn.ParameterDict()
        for name, layer in generator.named_modules():
            if isinstance(layer, nn.Conv1d | nn.Linear):
                key = _key(name)
                self._scale[key], self._shift[key] = (nn.Parameter(torch.zeros(len(layer.weight), size)) for _ in "ab")
                layer.register_forward_hook(self._hook(key, channels=1 if isinstance(layer, nn.Conv1d) else -1))

    def _hook(self, key: str, *, channels: int) -> Any:
        def change(_layer: nn.Module, _inputs: Any, output: Tensor) -> Tensor | None:
            if self.styles is None:
                return None
            factor, offset = (self.styles @ part[key].T for part in (self._scale, self._shift))
            shape = [len(output), *[1] * (output.ndim - 1)]
            shape[channels] = -1
            changed: Tensor = output * (1 + factor.reshape(shape)) + offset.reshape(shape)
            return changed

        return change


def _key(name: str) -> str:
    return name.replace(".", "/")  # no dots in the names of a ParameterDict

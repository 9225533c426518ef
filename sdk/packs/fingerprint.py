"""Fingerprints of a network: what tells a pack that this is its base, on whatever device."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Protocol

import torch
from torch import Tensor

__all__ = ["HasParameters", "layout_sha256", "weights_sha256"]


class HasParameters(Protocol):
    """What a fingerprint needs of a network; every ``nn.Module`` has it."""

    def named_parameters(self) -> Iterable[tuple[str, torch.nn.Parameter]]: ...  # noqa: D102 nn.Module's own
    def state_dict(self) -> dict[str, Tensor]: ...  # noqa: D102 nn.Module's own


def layout_sha256(module: HasParameters) -> str:
    """The sha256 (hex) of the parameters' names, shapes and dtypes.

    Of the UTF-8 text of a JSON array without blanks, one ``[name, shape, dtype]`` a parameter, sorted by name.
    """
    rows = sorted((name, list(p.shape), _dtype(p)) for name, p in module.named_parameters())
    return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()


def weights_sha256(module: HasParameters) -> str:
    """The sha256 (hex) of the state dict's contents, parameters and buffers alike.

    For each entry, sorted by name: the JSON array ``[name, shape, dtype]`` without blanks, a newline, then the values
    in row-major order, little-endian.
    """
    digest = hashlib.sha256()
    for name, tensor in sorted(module.state_dict().items()):
        digest.update(json.dumps([name, list(tensor.shape), _dtype(tensor)], separators=(",", ":")).encode() + b"\n")
        values = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(values.view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _dtype(tensor: Tensor) -> str:
    return str(tensor.dtype).removeprefix("torch.")

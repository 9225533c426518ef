"""A different style for each item of a batch in one pass: each layer adds what its items' deltas make of its input.

A layer ``y = W x`` under the delta ``B A`` is ``W x + B (A x)``: the base's product is one for the whole batch, and the
rest is cheap where the rank is low. This knows linear layers and convolutions in one dimension.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from sdk.packs.delta import Delta

M = TypeVar("M", bound=nn.Module)


class Unbatchable(Exception):
    """The generator has parameters outside the layers known here, or uses them in another way."""


def with_deltas(generator: M, deltas: Sequence[Delta | None], strengths: Sequence[float]) -> M:
    """Let each layer of a generator add what the deltas of the batch's items make of its input; None is the base.

    The generator itself is changed, by a hook and a child for each layer.

    Raises:
        Unbatchable: A parameter belongs to a layer of another kind, or to two.
    """
    known = dict(generator.named_parameters())
    for prefix, layer in list(generator.named_modules()):
        names = {part: f"{prefix}.{part}" for part, _ in layer.named_parameters(recurse=False)}
        if not names:
            continue
        if type(layer) not in (nn.Linear, nn.Conv1d) or not known.keys() >= set(names.values()):
            raise Unbatchable(f"{prefix} is a {type(layer).__name__}, or shares its parameters")
        stacks = {part: _stack(name, known[name], deltas, strengths) for part, name in names.items()}
        hook = _Linear(**stacks) if isinstance(layer, nn.Linear) else _Conv1d(layer, **stacks)
        layer.add_module("style", hook)  # so that it moves between devices with the layer
        layer.register_forward_hook(hook)
    return generator


Stack = tuple[Tensor, ...]
"""``(delta [B, m, n],)``, or ``(A [B, r, n], B [B, m, r])``; of a vector, ``(delta [B, m],)``."""


def _stack(name: str, parameter: Tensor, deltas: Sequence[Delta | None], strengths: Sequence[float]) -> Stack:
    device, matrix = parameter.device, parameter.reshape(len(parameter), -1) if parameter.ndim > 1 else parameter
    styles = [(i, delta, strengths[i]) for i, delta in enumerate(deltas) if delta is not None]
    ranks = [delta.forms[name].rank for _, delta, _ in styles]
    if matrix.ndim == 1 or not ranks or any(rank is None for rank in ranks):
        whole = torch.zeros(len(deltas), *matrix.shape)
        for i, delta, strength in styles:
            whole[i] = strength * delta.dense(name).reshape(matrix.shape)
        return (whole.to(device),)
    rank = max(rank or 0 for rank in ranks)
    first, second = torch.zeros(len(deltas), rank, matrix.shape[1]), torch.zeros(len(deltas), len(matrix), rank)
    for i, delta, strength in styles:
        own = delta.forms[name].rank or 0
        first[i, :own] = delta.tensors[f"{name}.A"]
        second[i, :, :own] = strength * delta.tensors[f"{name}.B"].float()
    return first.to(device), second.to(device)


class _Hook(nn.Module):
    """Tensors that follow the layer from device to device, and are not part of its state."""

    first: Tensor
    second: Tensor | None
    bias: Tensor | None

    def _keep(self, first: Tensor, second: Tensor | None, bias: Tensor | None) -> None:
        for name, tensor in (("first", first), ("second", second), ("bias", bias)):
            self.register_buffer(name, tensor, persistent=False)

    def _input(self, given: tuple[Any, ...]) -> Tensor:
        if len(given) != 1 or given[0].ndim < 2 or len(given[0]) != len(self.first):
            raise Unbatchable("a layer's input does not begin with the batch")
        return given[0]  # type: ignore[no-any-return]


class _Linear(_Hook):
    """``y += (x A^T) B^T`` for ``x`` ``[B, ..., n]``."""

    def __init__(self, weight: Stack, bias: Stack | None = None) -> None:
        super().__init__()
        first, *rest = (part.transpose(1, 2).contiguous() for part in weight)
        self._keep(first, rest[0] if rest else None, None if bias is None else bias[0][:, None])

    def forward(self, _: nn.Module, given: tuple[Any, ...], out: Tensor) -> Tensor:
        x = self._input(given)
        flat = torch.bmm(x.reshape(len(x), -1, x.shape[-1]), self.first)
        if self.second is not None:
            flat = torch.bmm(flat, self.second)
        return out + (flat if self.bias is None else flat + self.bias).reshape(out.shape)


class _Conv1d(_Hook):
    """The same for ``x`` ``[B, n, T]``: all taps of the kernel in one product, then each moved to its place."""

    def __init__(self, layer: nn.Conv1d, weight: Stack, bias: Stack | None = None) -> None:
        super().__init__()
        if layer.groups != 1 or layer.padding_mode != "zeros" or isinstance(layer.padding, str):
            raise Unbatchable("a convolution in groups, or with another padding")
        self.width, self.stride, self.dilation = layer.kernel_size[0], layer.stride[0], layer.dilation[0]
        self.padding = layer.padding[0]
        items, self.rows, _ = weight[0].shape
        taps = weight[0].reshape(items, self.rows, -1, self.width).permute(0, 3, 1, 2)
        first, second = taps.reshape(items, self.width * self.rows, -1), weight[1] if len(weight) == 2 else None
        column = None if bias is None else bias[0][:, :, None]
        self.ones = int(second is not None and column is not None)
        if second is not None and column is not None:
            # The bias becomes one more column, for a row of ones.
            second, column = torch.cat([second, column], dim=2), None
        self._keep(first, second, column)

    def forward(self, _: nn.Module, given: tuple[Any, ...], out: Tensor) -> Tensor:
        x = self._input(given)
        if x.ndim != 3:
            raise Unbatchable("a convolution without a batch")
        x = functional.pad(x, (self.padding, self.padding)) if self.padding else x
        span = (out.shape[-1] - 1) * self.stride + 1
        every = torch.bmm(self.first, x)
        moved = out.new_ones(len(x), self.rows + self.ones, out.shape[-1])
        moved[:, : self.rows] = sum(
            every[:, tap * self.rows : (tap + 1) * self.rows, tap * self.dilation :][:, :, : span : self.stride]
            for tap in range(self.width)
        )
        if self.second is not None:
            # In place: the layer's own output is nobody else's, and copying it would cost as much as the product.
            return out.baddbmm_(self.second, moved)
        return out + moved if self.bias is None else out + moved + self.bias

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


def with_deltas(generator: M, styles: Sequence[tuple[Delta | None, float]]) -> M:
    """Let each layer of a generator add what the batch's deltas, each with its strength, make of its input.

    A delta of None is the base. The generator itself is changed, by a hook and a child for each layer.

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
        stacks = {part: _stack(name, known[name], styles) for part, name in names.items()}
        hook = _Linear(**stacks) if isinstance(layer, nn.Linear) else _Conv1d(layer, **stacks)
        layer.add_module("style", hook)  # so that it moves between devices with the layer
        layer.register_forward_hook(hook)
    return generator


Stack = tuple[Tensor, Tensor | None]
"""``delta [B, m, n]`` and None, or ``A [B, r, n]`` and ``B [B, m, r]``; of a vector, ``delta [B, m]`` and None."""


def _stack(name: str, parameter: Tensor, batch: Sequence[tuple[Delta | None, float]]) -> Stack:
    device, matrix = parameter.device, parameter.reshape(len(parameter), -1) if parameter.ndim > 1 else parameter
    styles = [(i, delta, strength) for i, (delta, strength) in enumerate(batch) if delta is not None]
    ranks = [delta.forms[name].rank for _, delta, _ in styles]
    if matrix.ndim == 1 or not ranks or any(rank is None for rank in ranks):
        whole = torch.zeros(len(batch), *matrix.shape)
        for i, delta, strength in styles:
            whole[i] = strength * delta.dense(name).reshape(matrix.shape)
        return whole.to(device), None
    rank = max(rank or 0 for rank in ranks)
    first, second = torch.zeros(len(batch), rank, matrix.shape[1]), torch.zeros(len(batch), len(matrix), rank)
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

    def __init__(self, first: Tensor, second: Tensor | None, bias: Tensor | None) -> None:
        super().__init__()
        for name, tensor in (("first", first), ("second", second), ("bias", bias)):
            self.register_buffer(name, tensor, persistent=False)

    def _input(self, given: tuple[Any, ...]) -> Tensor:
        if len(given) != 1 or given[0].ndim < 2 or len(given[0]) != len(self.first):
            raise Unbatchable("a layer's input does not begin with the batch")
        return given[0]  # type: ignore[no-any-return]


class _Linear(_Hook):
    """``y += (x A^T) B^T`` for ``x`` ``[B, ..., n]``."""

    def __init__(self, weight: Stack, bias: Stack | None = None) -> None:
        first, second = weight
        second = None if second is None else second.transpose(1, 2).contiguous()
        super().__init__(first.transpose(1, 2).contiguous(), second, None if bias is None else bias[0][:, None])

    def forward(self, _: nn.Module, given: tuple[Any, ...], out: Tensor) -> Tensor:
        x = self._input(given)
        flat = torch.bmm(x.reshape(len(x), -1, x.shape[-1]), self.first)
        if self.second is not None:
            flat = torch.bmm(flat, self.second)
        return out + (flat if self.bias is None else flat + self.bias).reshape(out.shape)


class _Conv1d(_Hook):
    """The same for ``x`` ``[B, n, T]``: all taps of the kernel in one product, then each moved to its place."""

    def __init__(self, layer: nn.Conv1d, weight: Stack, bias: Stack | None = None) -> None:
        if layer.groups != 1 or layer.padding_mode != "zeros" or isinstance(layer.padding, str):
            raise Unbatchable("a convolution in groups, or with another padding")
        first, second = weight
        (items, rows, _), width = first.shape, layer.kernel_size[0]
        first = first.reshape(items, rows, -1, width).permute(0, 3, 1, 2).reshape(items, width * rows, -1)
        column = None if bias is None else bias[0][:, :, None]
        if second is not None and column is not None:
            # The bias becomes one more column, for a row of ones.
            second, column = torch.cat([second, column], dim=2), None
        super().__init__(first, second, column)
        self.rows, self.width, self.padding = rows, width, layer.padding[0]
        self.stride, self.dilation = layer.stride[0], layer.dilation[0]

    def forward(self, _: nn.Module, given: tuple[Any, ...], out: Tensor) -> Tensor:
        x = self._input(given)
        if x.ndim != 3:
            raise Unbatchable("a convolution without a batch")
        x = functional.pad(x, (self.padding, self.padding)) if self.padding else x
        span = (out.shape[-1] - 1) * self.stride + 1
        every = torch.bmm(self.first, x)
        moved = out.new_ones(len(x), self.rows if self.second is None else self.second.shape[2], out.shape[-1])
        moved[:, : self.rows] = sum(
            every[:, tap * self.rows : (tap + 1) * self.rows, tap * self.dilation :][:, :, : span : self.stride]
            for tap in range(self.width)
        )
        if self.second is not None:
            # In place: the layer's own output is nobody else's, and copying it would cost as much as the product.
            return out.baddbmm_(self.second, moved)
        return out + moved if self.bias is None else out + moved + self.bias

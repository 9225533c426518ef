"""A different style for each item of a batch in one pass: each layer adds what its items' deltas make of its input.

A layer ``y = W x`` under the delta ``B A`` is ``W x + B (A x)``: the base's product is one for the whole batch, and the
rest is cheap where the rank is low. This knows linear layers and convolutions in one dimension.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from sdk.packs.delta import Delta

__all__ = ["BatchedDeltas", "Unbatchable"]


class Unbatchable(Exception):
    """The generator has parameters outside the layers known here, or uses them in another way."""


class BatchedDeltas:
    """The deltas of a batch, stacked layer by layer.

    Args:
        generator: An ``nn.Module`` with the base's parameters.
        deltas: One for each item; None is the base.
        strengths: One for each item.

    Raises:
        Unbatchable: A parameter belongs to a layer of another kind.
    """

    def __init__(self, generator: nn.Module, deltas: Sequence[Delta | None], strengths: Sequence[float]) -> None:
        self._hooks: list[tuple[nn.Module, Callable[..., Tensor]]] = []
        for name, module in generator.named_modules():
            own = dict(module.named_parameters(recurse=False))
            if not own:
                continue
            stacks = {part: _stack(f"{name}.{part}", p, deltas, strengths) for part, p in own.items()}
            if type(module) is nn.Linear:
                self._hooks.append((module, _Linear(**stacks)))
            elif type(module) is nn.Conv1d and module.groups == 1 and module.padding_mode == "zeros":
                self._hooks.append((module, _Conv1d(module, **stacks)))
            else:
                raise Unbatchable(f"{name} is a {type(module).__name__}")

    @contextmanager
    def on(self) -> Iterator[None]:
        """The generator's layers add the deltas while the block runs."""
        handles = [module.register_forward_hook(hook) for module, hook in self._hooks]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()


Stack = tuple[Tensor, ...]
"""``(delta [B, m, n],)``, or ``(A [B, r, n], B [B, m, r])``; of a vector, ``(delta [B, m],)``."""


def _stack(name: str, parameter: Tensor, deltas: Sequence[Delta | None], strengths: Sequence[float]) -> Stack:
    device, matrix = parameter.device, parameter.reshape(len(parameter), -1) if parameter.ndim > 1 else parameter
    worn = [(i, delta, strengths[i]) for i, delta in enumerate(deltas) if delta is not None]
    ranks = [delta.forms[name].rank for _, delta, _ in worn]
    if matrix.ndim == 1 or not ranks or any(rank is None for rank in ranks):
        whole = torch.zeros(len(deltas), *matrix.shape)
        for i, delta, strength in worn:
            whole[i] = strength * delta.dense(name).reshape(matrix.shape)
        return (whole.to(device),)
    rank = max(rank or 0 for rank in ranks)
    first, second = torch.zeros(len(deltas), rank, matrix.shape[1]), torch.zeros(len(deltas), len(matrix), rank)
    for i, delta, strength in worn:
        own = delta.forms[name].rank or 0
        first[i, :own] = delta.tensors[f"{name}.A"]
        second[i, :, :own] = strength * delta.tensors[f"{name}.B"].float()
    return first.to(device), second.to(device)


def _with_bias(second: Tensor, bias: Stack | None) -> Tensor:
    """The second factor ``[B, m, r]`` with the bias as one more column, for a row of ones."""
    return second if bias is None else torch.cat([second, bias[0][:, :, None]], dim=2)


class _Linear:
    """``y += (x A^T) B^T`` for ``x`` ``[B, ..., n]``."""

    def __init__(self, weight: Stack, bias: Stack | None = None) -> None:
        self.weight = [part.transpose(1, 2).contiguous() for part in weight]
        self.bias = None if bias is None else bias[0][:, None]

    def __call__(self, _: nn.Module, given: tuple[Any, ...], out: Tensor) -> Tensor:
        x: Tensor = given[0]
        if x.ndim < 2 or len(x) != len(self.weight[0]):
            raise Unbatchable("a layer's input does not begin with the batch")
        flat = x.reshape(len(x), -1, x.shape[-1])
        for part in self.weight:
            flat = torch.bmm(flat, part)
        return out + (flat if self.bias is None else flat + self.bias).reshape(out.shape)


class _Conv1d:
    """The same for ``x`` ``[B, n, T]``: all taps of the kernel in one product, then each moved to its place."""

    def __init__(self, module: nn.Conv1d, weight: Stack, bias: Stack | None = None) -> None:
        self.width, self.stride, self.dilation = module.kernel_size[0], module.stride[0], module.dilation[0]
        if isinstance(module.padding, str):
            raise Unbatchable("a padding by name")
        self.padding = module.padding[0]
        items, self.rows, _ = weight[0].shape
        taps = weight[0].reshape(items, self.rows, -1, self.width).permute(0, 3, 1, 2)
        self.first = taps.reshape(items, self.width * self.rows, -1)
        self.second = _with_bias(weight[1], bias) if len(weight) == 2 else None
        self.bias = bias[0][:, :, None] if bias is not None and self.second is None else None
        self.ones = int(self.second is not None and bias is not None)

    def __call__(self, _: nn.Module, given: tuple[Any, ...], out: Tensor) -> Tensor:
        x: Tensor = given[0]
        if x.ndim != 3 or len(x) != len(self.first):
            raise Unbatchable("a layer's input does not begin with the batch")
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

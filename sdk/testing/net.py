"""What every style transfer net must do."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from sdk.geometry import POINTS
from sdk.interfaces import StyleTransferNet
from sdk.testing.report import Check, named, require

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["CHECKS", "speed"]

WIDTH: Final = 256
"""Features that come out."""


def _phi(net: StyleTransferNet, frames: int, *, batch: int = 2, seed: int = 0) -> Tensor:
    import torch

    device = next(p for _, p in net.named_parameters()).device
    return torch.randn(batch, frames, POINTS * 3, generator=torch.Generator().manual_seed(seed)).to(device)


@named("it is an nn.Module with float32 parameters")
def _module(net: StyleTransferNet) -> None:
    import torch

    require(isinstance(net, torch.nn.Module), f"{type(net).__name__} is no torch.nn.Module")
    require(list(net.named_parameters()), "it has no parameters")
    for name, parameter in net.named_parameters():
        require(parameter.dtype == torch.float32, f"the parameter {name} is {parameter.dtype}")


@named("its attributes make sense")
def _attributes(net: StyleTransferNet) -> None:
    for key in ("name", "version"):
        value = getattr(net, key)
        require(isinstance(value, str) and value, f"{key} is {value!r}, not a string that says something")


@named("features are finite float32 [B, T, 256]")
def _shape(net: StyleTransferNet) -> None:
    import torch

    for batch, frames in ((1, 1), (3, 17)):
        output = net(_phi(net, frames, batch=batch))
        wanted = (batch, frames, WIDTH)
        require(tuple(output.shape) == wanted, f"the features are {list(output.shape)}, not {list(wanted)}")
        require(output.dtype == torch.float32, f"the features are {output.dtype}")
        require(torch.isfinite(output).all(), "the features hold NaN or infinity")


@named("the same landmarks give the same features, and others others")
def _deterministic(net: StyleTransferNet) -> None:
    first = net(_phi(net, 8))
    require((first == net(_phi(net, 8))).all(), "two calls differ")
    require((first != net(_phi(net, 8, seed=1))).any(), "the landmarks make no difference")


@named("gradients reach the landmarks and every parameter")
def _gradients(net: StyleTransferNet) -> None:
    import torch

    phi = _phi(net, 8).requires_grad_()
    trained = {name: p for name, p in net.named_parameters() if p.requires_grad}
    found = torch.autograd.grad(net(phi).square().sum(), [phi, *trained.values()], allow_unused=True)
    for name, gradient in zip(["the landmarks", *trained], found, strict=True):
        require(gradient is not None, f"no gradient reaches {name}")
        require(torch.isfinite(gradient).all(), f"the gradient of {name} holds NaN or infinity")


@named("it can be differentiated twice, for the gradient penalty")
def _twice(net: StyleTransferNet) -> None:
    import torch

    phi = _phi(net, 8).requires_grad_()
    (gradient,) = torch.autograd.grad(net(phi).square().sum(), phi, create_graph=True)
    trained = [p for _, p in net.named_parameters() if p.requires_grad]
    if not trained:  # a frozen net has no penalty to minimise
        return
    require(gradient.requires_grad, "the gradient itself cannot be differentiated")
    kept = [p.grad for p in trained]
    try:
        for p in trained:
            p.grad = None
        # Unlike autograd.grad, backward meets functions that can be differentiated only once.
        gradient.square().sum().backward()  # type: ignore[no-untyped-call]
        reached = any(p.grad is not None and p.grad.abs().sum() > 0 for p in trained)
    finally:
        for p, grad in zip(trained, kept, strict=True):
            p.grad = grad
    require(reached, "the second gradient reaches no parameter")


CHECKS: Final[tuple[Check, ...]] = (_module, _attributes, _shape, _deterministic, _gradients, _twice)


def speed(net: StyleTransferNet) -> float:
    """Frames a second, batch 1."""
    import torch

    phi = _phi(net, 600, batch=1)
    with torch.no_grad():
        net(phi)
        began = time.perf_counter()
        float(net(phi)[0, -1, 0])
    return 600 / (time.perf_counter() - began)

"""What every style transfer net must do."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from sdk.geometry import POINTS
from sdk.interfaces import StyleTransferNet
from sdk.testing.modules import noise, require_gradients, require_module
from sdk.testing.report import Checks, rate, require

CHECKS: Final = Checks()

OUTPUTS: Final = 256
"""Features in a frame."""


def _phi(net: StyleTransferNet, frames: int, *, batch: int = 2, seed: int = 0) -> Tensor:
    return noise(net, batch, frames, POINTS * 3, seed=seed)


CHECKS.add("it is an nn.Module with float32 parameters")(require_module)


@CHECKS.add("features are finite float32 [B, T, 256]")
def _shape(net: StyleTransferNet) -> None:
    for batch, frames in ((1, 1), (3, 17)):
        output = net(_phi(net, frames, batch=batch))
        wanted = (batch, frames, OUTPUTS)
        require(tuple(output.shape) == wanted, f"the features are {list(output.shape)}, not {list(wanted)}")
        require(output.dtype == torch.float32, f"the features are {output.dtype}")
        require(torch.isfinite(output).all(), "the features hold NaN or infinity")


@CHECKS.add("the same landmarks give the same features, and others others")
def _deterministic(net: StyleTransferNet) -> None:
    first = net(_phi(net, 8))
    require((first == net(_phi(net, 8))).all(), "two calls differ")
    require((first != net(_phi(net, 8, seed=1))).any(), "the landmarks make no difference")


@CHECKS.add("gradients reach the landmarks and every parameter")
def _gradients(net: StyleTransferNet) -> None:
    phi = _phi(net, 8).requires_grad_()
    trained = {name: p for name, p in net.named_parameters() if p.requires_grad}
    found = torch.autograd.grad(net(phi).square().sum(), [phi, *trained.values()], allow_unused=True)
    require_gradients(["the landmarks", *trained], found)


@CHECKS.add("it can be differentiated twice, for the gradient penalty")
def _twice(net: StyleTransferNet) -> None:
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


def speed(net: StyleTransferNet) -> float:
    """Frames a second, batch 1."""
    phi = _phi(net, 600, batch=1)
    with torch.no_grad():
        net(phi)
        return rate(600, lambda: float(net(phi)[0, -1, 0]))  # a GPU answers only when asked for a number

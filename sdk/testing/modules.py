"""What the checks of generators and of style transfer nets share: both are torch modules."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from sdk.interfaces import MotionGenerator, StyleTransferNet
from sdk.testing.report import require


def noise(module: MotionGenerator | StyleTransferNet, *shape: int, seed: int) -> Tensor:
    """Normal noise where the module's parameters are."""
    device = next(p for _, p in module.named_parameters()).device
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)).to(device)


def require_module(component: MotionGenerator | StyleTransferNet) -> None:
    """Require a torch module whose parameters are finite float32."""
    require(isinstance(component, torch.nn.Module), f"{type(component).__name__} is not a torch.nn.Module")
    parameters = list(component.named_parameters())
    require(parameters, "it has no parameters")
    for name, parameter in parameters:
        require(parameter.dtype == torch.float32, f"the parameter {name} is {parameter.dtype}")
        require(torch.isfinite(parameter).all(), f"the parameter {name} holds NaN or infinity")


def require_gradients(names: Sequence[str], gradients: Sequence[Tensor | None]) -> None:
    """Require a finite gradient for each name."""
    for name, gradient in zip(names, gradients, strict=True):
        if gradient is None:
            raise AssertionError(f"no gradient reaches {name}")
        require(bool(gradient.isfinite().all()), f"the gradient of {name} holds NaN or infinity")

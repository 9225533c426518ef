"""Composed landmarks as tensors, in the unit that every term of the loss shares."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from sdk.geometry import POINTS, canonical_face

LOSS_SCALE: Final = 20.0
"""Loss units in one eye distance. L_r ties f to the scale of its input, so the unit is part of the loss: in this one
a talking face spreads by about 1 in each coordinate of the mouth."""

VELOCITY_SCALE: Final = 4.0
"""Scales frame-to-frame differences at 60 Hz to spread about as much as positions do."""


def rotation_matrix(rotation: Tensor) -> Tensor:
    """Turn axis-angle ``[..., 3]`` (radians) into matrices ``[..., 3, 3]``, differentiable at zero (Rodrigues)."""
    # sinc keeps value and gradient right at a zero angle; the root needs a floor for its own gradient.
    angle = (rotation.square().sum(-1) + 1e-12).sqrt()[..., None, None]
    x, y, z = rotation.unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1).reshape(*rotation.shape[:-1], 3, 3)
    first, second = torch.sinc(angle / torch.pi), 0.5 * torch.sinc(angle / (2 * torch.pi)).square()
    return torch.eye(3, dtype=rotation.dtype, device=rotation.device) + first * cross + second * (cross @ cross)


def compose(expression: Tensor, pose: Tensor) -> Tensor:
    """Compose phi = ``R (canonical + expression) + t``.

    Args:
        expression: ``[B, T, 68, 3]``, face-frame units.
        pose: ``[B, T, 6]``: axis-angle (radians), translation.

    Returns:
        ``[B, T, 204]``, face-frame units.
    """
    face = torch.tensor(canonical_face(), dtype=expression.dtype, device=expression.device)
    turned = (face + expression) @ rotation_matrix(pose[..., :3]).transpose(-1, -2)
    return (turned + pose[..., None, 3:]).flatten(-2)


def to_loss_units(phi: Tensor) -> Tensor:
    """Centre phi ``[..., 204]`` on the canonical face and scale it to loss units."""
    face = torch.tensor(canonical_face(), dtype=phi.dtype, device=phi.device).reshape(3 * POINTS)
    return (phi - face) * LOSS_SCALE


def velocity(phi: Tensor) -> Tensor:
    """The scaled frame-to-frame difference of ``[B, T, 204]``, ``[B, T - 1, 204]``."""
    return (phi[:, 1:] - phi[:, :-1]) * VELOCITY_SCALE

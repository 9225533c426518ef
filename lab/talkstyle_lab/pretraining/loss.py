"""The training loss of a base: motion, velocity, the mouth's opening and width, and lips closed at m, b and p."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from sdk.geometry import BROWS, INNER_LIPS, JAW, MOUTH, POINTS

_ERROR_UNIT: Final = 0.05  # eye distances, or radians
_VELOCITY_WEIGHT: Final = 8.0
_SHAPE_WEIGHT: Final = 1.0
_CLOSURE_WEIGHT: Final = 2.0
_POSE_WEIGHT: Final = 0.05  # most head motion has no cause in the sound, and must not outweigh the lips


def motion_loss(expression: Tensor, pose: Tensor, target: Tensor, closed: Tensor) -> Tensor:
    """The training loss, a scalar.

    ``expression`` ``[B, T, 68, 3]`` and ``pose`` ``[B, T, 6]`` are generated, ``target`` ``[B, T, 210]`` holds both,
    and ``closed`` ``[B, T]`` is 1 where the lips must be closed, else 0.
    """
    wanted = target[..., : POINTS * 3].reshape(expression.shape) / _ERROR_UNIT
    made = expression / _ERROR_UNIT
    weight = _weights(made.device)
    error = made - wanted
    loss = (weight * error.square()).mean()
    loss = loss + _VELOCITY_WEIGHT * (weight * error.diff(dim=1).square()).mean()
    opening, width = _shape(error)
    loss = loss + _SHAPE_WEIGHT * (opening.square().mean() + width.square().mean())
    loss = loss + _CLOSURE_WEIGHT * (closed * opening.clamp(min=0).square()).mean()
    turn = (pose - target[..., POINTS * 3 :]) / _ERROR_UNIT
    return loss + _POSE_WEIGHT * (turn.square().mean() + _VELOCITY_WEIGHT * turn.diff(dim=1).square().mean())


def _weights(device: torch.device) -> Tensor:
    weight = torch.full((POINTS, 1), 0.5, device=device)
    for points, value in ((JAW, 1.0), (BROWS, 1.0), (MOUTH, 4.0), (INNER_LIPS, 6.0)):
        weight[points] = value
    return weight


def _shape(points: Tensor) -> tuple[Tensor, Tensor]:
    """The lips' mean distance and the corners' distance, both linear in the points."""
    opening: Tensor = (points[..., (65, 66, 67), 1] - points[..., (63, 62, 61), 1]).mean(dim=-1)
    width: Tensor = points[..., 54, 0] - points[..., 48, 0]
    return opening, width

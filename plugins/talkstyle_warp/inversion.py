"""Inverts a forward field: for each place of the new picture, where it comes from."""

from __future__ import annotations

from typing import Final

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor

# Newton steps: after the third the residual is about a pixel on the hardest frames, after the fourth far below one.
NEWTON_STEPS: Final = 4
MIN_DETERMINANT: Final = 0.2  # where the field folds or nearly so, the steps stay bounded
MAX_STEP: Final = 4.0  # nodes that a step may cross


def jacobian(field: Tensor) -> Tensor:
    """The derivative of a field's map by central differences; the outermost nodes count as still.

    From displacements ``[B, 2, H, W]``, in nodes, to ``[B, 4, H, W]``: d(x, y)/dx, then d(x, y)/dy.
    """
    table = field.new_zeros((len(field), 4, *field.shape[2:]))
    table[:, :2, :, 1:-1] = (field[..., 2:] - field[..., :-2]) / 2
    table[:, 2:, 1:-1] = (field[..., 2:, :] - field[..., :-2, :]) / 2
    table[:, 0] += 1
    table[:, 3] += 1
    return table


def invert(field: Tensor, targets: Tensor, *, steps: int = NEWTON_STEPS) -> Tensor:
    """Solve ``x + u(x) = target`` by Newton's method; x is exactly the target where the field u is zero.

    ``field`` holds u on the source's nodes, ``[B, 2, H, W]`` (x, y); targets and x are ``[B, 2, h, w]``; all in nodes.
    """
    height, width = field.shape[-2:]
    # Channels last, so that values that are sampled together are adjacent in memory.
    table = torch.cat([field, jacobian(field)], dim=1).contiguous(memory_format=torch.channels_last)
    scale = torch.tensor([2.0 / max(width - 1, 1), 2.0 / max(height - 1, 1)], device=field.device).view(1, 2, 1, 1)
    # The first step, by u at the target, starts near the solution even if the head has moved by many nodes.
    place = targets
    for step in range(steps + 1):
        known = F.grid_sample(
            table, (place * scale - 1).permute(0, 2, 3, 1), mode="bilinear", padding_mode="border", align_corners=True
        )
        residual = place + known[:, :2] - targets
        if step == 0:
            place = place - residual
            continue
        xx, yx, xy, yy = known[:, 2], known[:, 3], known[:, 4], known[:, 5]
        det = (xx * yy - xy * yx).clamp_min(MIN_DETERMINANT)
        rx, ry = residual[:, 0], residual[:, 1]
        way = torch.stack([(yy * rx - xy * ry) / det, (xx * ry - yx * rx) / det], dim=1)
        place = place - way.clamp(-MAX_STEP, MAX_STEP)
    return place

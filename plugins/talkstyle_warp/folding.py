"""Holds expressions back where the warp would fold.

A field folds where the determinant of its map's derivative is not positive: skin would be shown twice, or inside out.
The derivative is linear in the expression, so the determinant is quadratic in its share, and the share at which it
reaches a value is known for each node.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import torch
from torch import Tensor

from talkstyle_warp.forward import DrivingMotion, ForwardField
from talkstyle_warp.inversion import MIN_DETERMINANT, jacobian

# Motion that leaves every determinant above the first value, where the inversion is exact, is not touched; what is held
# back comes near the second. The later passes mend what the first, which takes the field for linear, leaves near the
# picture's border, where it is not.
PASSES: Final = ((MIN_DETERMINANT, 0.1), (0.1, 0.05), (0.05, 0.025), (0.025, 0.0125))
CLOSER_LOOK: Final = 0.75  # in 1,383 frames whose mouth came below 0.2, the skin was at 0.67 or less
_EXPRESSION: Final = slice(0, 68)  # the inputs that are held back; blinks are not


def unfolded(
    skin: ForwardField, mouth: ForwardField, driving: DrivingMotion, at_rest: Tensor
) -> tuple[DrivingMotion, Tensor]:
    """Hold the expression, its way from ``at_rest`` ``[68, 3]``, back in the frames in which a field would fold.

    Returns the motion, as it is if it folds nothing, and the skin's displacements under it, ``[B, 2, rows, columns]``.
    """
    moved = skin.displacements(driving)
    for held_below, least in PASSES:
        held = _held((skin, mouth), moved, driving, at_rest, held_below, least)
        if held is driving:
            break
        driving, moved = held, skin.displacements(held)
    return driving, moved[:, 0]


def _held(
    fields: tuple[ForwardField, ForwardField],
    moved: Tensor,
    driving: DrivingMotion,
    at_rest: Tensor,
    held_below: float,
    least: float,
) -> DrivingMotion:
    """Bring determinants below the first value softly above the second; ``moved`` is the first field under driving."""
    derivatives = _derivatives(moved)
    lowest = _determinant(derivatives).flatten(1).amin(dim=1)
    # The mouth's finer fields fold sooner than the skin, but not while it is this far from folding.
    frames = torch.nonzero(lowest < CLOSER_LOOK).flatten().tolist()
    if not frames:
        return driving
    ways, stills = [derivatives[frames]], driving.pick(frames)
    ways.append(_derivatives(fields[1].displacements(stills)))
    lowest = torch.stack([_determinant(way).flatten(1).amin(dim=1) for way in ways]).amin(dim=0)
    folding = torch.nonzero(lowest < held_below).flatten().tolist()
    if not folding:
        return driving
    frames, still = [frames[k] for k in folding], stills.pick(folding)
    still.inputs[:, _EXPRESSION] = at_rest  # a copy: it was picked
    first = last = torch.ones_like(lowest[folding])
    for field, way in zip(fields, ways, strict=True):
        rest = _derivatives(field.displacements(still))
        first = torch.minimum(first, _share_at(held_below, rest, way[folding] - rest))
        last = torch.minimum(last, _share_at(least, rest, way[folding] - rest))
    # A soft limit: the share is 1 while that is below `first`; from there it nears `last`, and never passes it.
    room = (last - first).clamp_min(1e-6)
    share = first + room * torch.tanh((1 - first) / room)
    inputs = driving.inputs.clone()
    inputs[frames] = torch.lerp(still.inputs, inputs[frames], share[:, None, None])
    return replace(driving, inputs=inputs)


def _derivatives(moved: Tensor) -> Tensor:
    """d(x, y)/dx and d(x, y)/dy from displacements ``[B, F, 2, rows, columns]``: ``[B, 4, F * rows, columns]``."""
    frames, parts = moved.shape[:2]
    found = jacobian(moved.reshape(frames * parts, *moved.shape[2:]))
    return found.view(frames, parts, *found.shape[1:]).transpose(1, 2).flatten(2, 3)


def _determinant(derivatives: Tensor) -> Tensor:
    xx, yx, xy, yy = derivatives.unbind(dim=1)
    return xx * yy - xy * yx


def _share_at(value: float, rest: Tensor, way: Tensor) -> Tensor:
    """The least share s of the way at which ``det(rest + s * way)`` falls to a value anywhere, ``[B]``; at most 1."""
    xx, yx, xy, yy = rest.unbind(dim=1)
    wxx, wyx, wxy, wyy = way.unbind(dim=1)
    c = xx * yy - xy * yx - value
    b = xx * wyy + yy * wxx - xy * wyx - yx * wxy
    root = b * b - 4 * c * _determinant(way)
    bottom = root.clamp_min(0).sqrt() - b
    # Where the turned head alone is below the value already, less expression would not help.
    falls = (c > 0) & (root >= 0) & (bottom > 0)
    share = torch.where(falls, 2 * c / torch.where(falls, bottom, 1.0), 1.0)
    return share.flatten(1).amin(dim=1).clamp_max(1.0)

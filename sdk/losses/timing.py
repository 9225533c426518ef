"""The terms that hold the lips to the sound: L_mg in its paired and its unpaired form."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

CLOSED_SHARE: Final = 0.5
"""Lips that are less open than this share of the median opening should meet."""


def reconstruction(generated: Tensor, reference: Tensor, valid: Tensor) -> Tensor:
    """L_mg of a paired fit: the mean squared difference, over valid frames and coordinates.

    Args:
        generated: ``[B, T, C]``, loss units.
        reference: ``[B, T, C]``, loss units, on the same clock.
        valid: Which frames of the reference count, ``[B, T]``, 1 or 0.
    """
    error = (generated - reference).square().mean(-1)
    return (error * valid).sum() / valid.sum().clamp(min=1)


def timing(generated: Tensor, base: Tensor) -> Tensor:
    """L_mg of an unpaired fit: each coordinate keeps its timing; its level and amplitude are free.

    Trajectories are scored to zero mean and unit deviation over the batch's frames before they are compared. A
    coordinate that the base hardly moves has no timing worth keeping, and a style loss would cheat there if it were
    free: its plain difference (without the means) counts.

    Args:
        generated: ``[B, T, C]``, loss units.
        base: ``[B, T, C]``: the unadapted generator on the same features.
    """
    mine = generated - generated.mean((0, 1))
    theirs = base - base.mean((0, 1))
    mine_std, theirs_std = (x.square().mean((0, 1)).add(1e-8).sqrt() for x in (mine, theirs))
    floor = 0.1 * theirs_std.median().clamp(min=1e-3)
    scored = (mine / mine_std.clamp(min=1e-4) - theirs / theirs_std.clamp(min=1e-4)).square().mean((0, 1))
    plain = (mine - theirs).square().mean((0, 1))
    return torch.where(theirs_std > floor, scored, plain).mean()


def closure_gap(opening: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """The squared excess of an opening over the target's, where the target's is under half its own median.

    Args:
        opening: ``[B, T]``, generated.
        target: ``[B, T]``.
        valid: Where the target counts, ``[B, T]``, 1 or 0.
    """
    counted = target[valid > 0]
    if not len(counted):
        return opening.sum() * 0
    closed = valid * (target < CLOSED_SHARE * counted.median())
    return (closed * (opening - target).clamp(min=0).square()).sum() / valid.sum()

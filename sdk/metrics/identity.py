"""Whose style a motion has, and whether a style carries anybody's face."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sdk.data import Floats, Motion
from sdk.errors import InputError
from sdk.metrics.distances import descriptor


def nearest_style(motion: Motion, pool: Mapping[str, Motion], *, dynamics: bool) -> str:
    """Name the motion of a pool whose style is nearest.

    Args:
        motion: At 60 Hz.
        pool: Others by name, at 60 Hz.
        dynamics: True compares how they move, by the spreads of positions and velocities alone (means left out); False
            compares shapes, by the means and spreads of positions.

    Raises:
        InputError: The pool is empty.
    """
    if not pool:
        raise InputError("there is nothing to compare with", where="pool")

    def figures(one: Motion) -> Floats:
        return descriptor(one, mean=False) if dynamics else descriptor(one, ordered=False)

    mine = figures(motion)
    return min(pool, key=lambda name: float(np.linalg.norm(figures(pool[name]) - mine)))


def identity_leak(added: Floats, person: Floats, portrait: Floats) -> float:
    """How much of one face's shape a style carries onto another: 0 is nothing, 1 all of it.

    What the style adds at rest is projected onto the difference of the two faces, in units of that difference.

    Args:
        added: What the style adds to the expression in silence, ``[68, 3]``, face-frame units.
        person: The neutral face that the style was learned from, likewise.
        portrait: The neutral face that it is put on, likewise.

    Raises:
        InputError: The faces are the same.
    """
    apart = np.asarray(person, dtype=np.float64) - np.asarray(portrait, dtype=np.float64)
    size = float(np.square(apart).sum())
    if size < 1e-9:
        raise InputError("the two faces are the same", where="identity_leak", hint="Give two that differ.")
    return float((np.asarray(added, dtype=np.float64) * apart).sum() / size)

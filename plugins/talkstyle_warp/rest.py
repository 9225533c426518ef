"""The face at rest: lips together, whatever the portrait shows."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from sdk.data import Floats

Rest = Literal["closed", "portrait"]

CLOSED: Final = 0.03
"""Inner lips nearer than this (in outer-eye distances, under 3 mm) count as closed: an edge, a detector's floor."""

UPPER_SHARE: Final = 0.3
"""Of the gap, what the upper lip covers; the lower lip and the jaw do the rest, as the upper lip hangs on the skull."""

_INNER: Final = {61: 67, 62: 66, 63: 65}
_UPPER: Final = {49: (61, 0.6), 50: (61, 1.0), 51: (62, 1.0), 52: (63, 1.0), 53: (63, 0.6)}
_LOWER: Final = {59: (67, 0.6), 58: (67, 1.0), 57: (66, 1.0), 56: (65, 1.0), 55: (65, 0.6)}
_JAW: Final = {4: 0.15, 5: 0.35, 6: 0.6, 7: 0.75, 8: 0.8, 9: 0.75, 10: 0.6, 11: 0.35, 12: 0.15}


def lip_gap(face: Floats) -> float:
    """How far a face's inner lips are apart, ``face`` ``[68, 3]`` in face-frame units, beyond what counts as closed."""
    return max(0.0, max(float(face[low, 1] - face[up, 1]) for up, low in _INNER.items()) - CLOSED)


def closing(face: Floats, rest: Rest = "closed") -> NDArray[np.float64]:
    """Displacements ``[68, 3]`` that bring a face's lips together, in the face frame.

    Exactly zero where the lips are together already, or where ``rest`` is ``"portrait"``.
    """
    move = np.zeros((68, 3))
    if rest == "portrait" or lip_gap(face) == 0.0:
        return move
    gaps = {up: np.maximum(face[low] - face[up], 0.0) * (0, 1, 0) for up, low in _INNER.items()}
    for up, low in _INNER.items():
        move[up] = UPPER_SHARE * gaps[up]
        move[low] = -(1 - UPPER_SHARE) * gaps[up]
    for outer, (inner, share) in (*_UPPER.items(), *_LOWER.items()):
        move[outer] = share * move[inner]
    for jaw, share in _JAW.items():
        move[jaw] = share * move[66]
    return move

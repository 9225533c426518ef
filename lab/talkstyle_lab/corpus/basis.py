"""From a few articulator channels to the displacement of 68 points in the face frame.

Most channels are linear displacements of the canonical face. Those that part, spread and round the lips follow how
people's points move with the opening and the width of their mouths (docs/articulation.md); the others are drawn by
hand. Closing the lips and tucking the lower lip are not linear: they end where the lips meet.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.geometry import MIRROR, canonical_face

BASIS_CHANNELS: Final = (
    "jaw", "wide", "round", "protrude", "raise_upper", "lower_lower", "press", "smile", "frown",
    "brow_inner", "brow_outer", "brow_furrow", "blink", "squint",
)  # fmt: skip
"""The linear channels, in the order of ``displace``'s columns."""

# For a channel at 1: index -> (x, y, z) on the picture's left half, where x is negative outwards; the other mirrored.
_DRAWN: Final[dict[str, dict[int, tuple[float, float, float]]]] = {
    # The lips part, and the jaw falls: the lower lip goes down by more than twice what the chin does.
    "jaw": {
        2: (0, 0.006, 0), 3: (0, 0.012, 0), 4: (0.003, 0.020, 0), 5: (0.001, 0.026, 0.008), 6: (-0.004, 0.036, 0.024),
        7: (-0.006, 0.053, 0.050), 8: (0, 0.066, 0.063), 48: (-0.016, 0.025, 0.021), 49: (-0.012, -0.014, -0.010),
        50: (-0.007, -0.015, -0.012), 51: (0, -0.017, -0.014), 59: (-0.014, 0.058, 0.050), 58: (-0.013, 0.091, 0.064),
        57: (0, 0.096, 0.066), 60: (-0.016, 0.025, 0.022), 61: (-0.004, -0.027, -0.024), 62: (0, -0.029, -0.026),
        67: (-0.007, 0.108, 0.056), 66: (0, 0.111, 0.057),
    },
    # Spread lips go up, the corners most.
    "wide": {
        3: (0, -0.005, 0), 4: (-0.008, -0.009, 0), 5: (-0.006, -0.012, 0), 6: (0, -0.013, 0), 7: (0, -0.014, 0),
        8: (0, -0.014, 0), 48: (-0.075, -0.050, 0.037), 49: (-0.038, -0.026, 0.020), 50: (-0.016, -0.018, 0.016),
        51: (0, -0.016, 0.016), 59: (-0.043, -0.034, 0.026), 58: (-0.014, -0.035, 0.010), 57: (0, -0.036, 0.006),
        60: (-0.073, -0.047, 0.036), 61: (-0.019, -0.021, 0.018), 62: (0, -0.020, 0.017), 67: (-0.018, -0.020, 0.018),
        66: (0, -0.020, 0.016),
    },
    "round": {
        48: (0.085, 0.030, -0.022), 49: (0.047, 0.006, -0.014), 50: (0.018, 0.000, -0.010), 51: (0, 0.001, -0.010),
        59: (0.050, 0.030, -0.018), 58: (0.018, 0.032, -0.012), 57: (0, 0.033, -0.010), 60: (0.083, 0.028, -0.018),
        61: (0.024, 0.008, -0.010), 62: (0, 0.007, -0.010), 67: (0.024, 0.018, -0.010), 66: (0, 0.017, -0.010),
        4: (0.004, 0.004, 0), 5: (0.004, 0.007, 0), 6: (0, 0.009, 0), 7: (0, 0.010, 0), 8: (0, 0.010, 0),
    },
    "protrude": {
        48: (0.012, 0, -0.014), 49: (0.006, 0, -0.028), 50: (0.002, -0.004, -0.034), 51: (0, -0.004, -0.035),
        59: (0.006, 0, -0.026), 58: (0.002, 0.006, -0.032), 57: (0, 0.006, -0.034), 60: (0.012, 0, -0.015),
        61: (0.003, -0.004, -0.033), 62: (0, -0.004, -0.034), 67: (0.003, 0.004, -0.031), 66: (0, 0.004, -0.032),
        33: (0, 0, -0.003), 8: (0, -0.004, -0.004), 7: (0, -0.003, -0.003),
    },
    "raise_upper": {
        48: (0, -0.013, 0.004), 49: (-0.002, -0.038, 0.004), 50: (-0.001, -0.051, 0.004), 51: (0, -0.056, 0.004),
        60: (0, -0.013, 0.004), 61: (0, -0.069, 0.002), 62: (0, -0.073, 0.002), 31: (-0.004, -0.010, 0),
        32: (-0.002, -0.006, 0),
    },
    "lower_lower": {
        48: (-0.002, 0.008, 0.003), 59: (-0.003, 0.035, 0.006), 58: (-0.002, 0.054, 0.006), 57: (0, 0.057, 0.006),
        60: (-0.002, 0.008, 0.003), 67: (0, 0.058, 0.006), 66: (0, 0.060, 0.006), 8: (0, 0.010, 0), 7: (0, 0.008, 0),
    },
    "press": {
        48: (0.010, 0, 0.004), 49: (0, 0.014, 0.010), 50: (0, 0.022, 0.014), 51: (0, 0.022, 0.014),
        59: (0, -0.014, 0.010), 58: (0, -0.022, 0.014), 57: (0, -0.024, 0.014), 61: (0, 0.002, 0.012),
        62: (0, 0.002, 0.012), 67: (0, 0.002, 0.012), 66: (0, 0.002, 0.012), 7: (0, -0.006, 0), 8: (0, -0.008, 0),
        60: (0.008, 0, 0.004),
    },
    "smile": {
        48: (-0.055, -0.050, 0.030), 49: (-0.032, -0.022, 0.014), 50: (-0.010, -0.004, 0.006), 51: (0, 0.002, 0.004),
        59: (-0.032, -0.018, 0.014), 58: (-0.010, -0.004, 0.006), 57: (0, 0.002, 0.004), 60: (-0.050, -0.044, 0.028),
        61: (-0.012, -0.004, 0.006), 62: (0, 0.001, 0.004), 67: (-0.012, -0.004, 0.006), 66: (0, 0.001, 0.004),
        31: (-0.008, -0.006, 0), 40: (0, -0.008, 0), 41: (0, -0.010, 0), 3: (-0.004, -0.006, 0),
        4: (-0.006, -0.006, 0),
    },
    "frown": {
        48: (-0.004, 0.040, 0.004), 49: (0, 0.014, 0), 59: (0, 0.018, 0), 60: (-0.004, 0.036, 0.004),
        58: (0, -0.004, 0), 57: (0, -0.008, 0), 67: (0, 0.001, 0), 61: (0, 0.001, 0), 8: (0, -0.012, 0),
        7: (0, -0.010, 0), 6: (0, -0.006, 0),
    },
    "brow_inner": {
        21: (0, -0.085, 0), 20: (0, -0.072, 0), 19: (0, -0.045, 0), 18: (0, -0.020, 0), 17: (0, -0.006, 0),
        37: (0, -0.006, 0), 38: (0, -0.010, 0), 27: (0, -0.002, 0),
    },
    "brow_outer": {
        17: (0, -0.050, 0), 18: (0, -0.075, 0), 19: (0, -0.070, 0), 20: (0, -0.036, 0), 21: (0, -0.012, 0),
        37: (0, -0.010, 0), 38: (0, -0.006, 0),
    },
    "brow_furrow": {
        21: (0.030, 0.040, 0.010), 20: (0.024, 0.034, 0.006), 19: (0.012, 0.018, 0), 18: (0.004, 0.006, 0),
        37: (0, 0.006, 0), 38: (0, 0.010, 0),
    },
    # The upper lid comes down to the lower one, which rises a little.
    "blink": {
        37: (0, 0.092, 0), 38: (0, 0.096, 0), 40: (0, -0.010, 0), 41: (0, -0.010, 0), 18: (0, 0.004, 0),
        19: (0, 0.006, 0), 20: (0, 0.006, 0),
    },
    "squint": {
        37: (0, 0.012, 0), 38: (0, 0.012, 0), 40: (0, -0.022, 0), 41: (0, -0.022, 0),
    },
}  # fmt: skip

OPENING: Final = {"jaw": 0.140, "raise_upper": 0.073, "lower_lower": 0.060}
"""How far each of the channels that open the mouth parts the inner lips at 1, in the face frame."""

# The inner points of the upper and the lower lip, the outer points that follow each, and the outer ones beside these.
_COLUMNS: Final = ((61, 67, 50, 58, 49, 59), (62, 66, 51, 57, None, None), (63, 65, 52, 56, 53, 55))


@cache
def _matrix() -> NDArray[np.float64]:
    """The linear channels ``[C, 68, 3]``."""
    matrix = np.zeros((len(BASIS_CHANNELS), 68, 3))
    for name, drawn in _DRAWN.items():
        channel = BASIS_CHANNELS.index(name)
        for index, move in drawn.items():
            matrix[channel, index] = move
            matrix[channel, MIRROR[index]] = move * np.array([-1, 1, 1])
    return matrix


def displace(
    channels: NDArray[np.float64], *, seal: NDArray[np.float64], tuck: NDArray[np.float64], asymmetry: float = 0.0
) -> NDArray[np.float64]:
    """Move the canonical face.

    Args:
        channels: ``[T, 14]``, columns as in ``BASIS_CHANNELS``.
        seal: How far the inner lips are brought together, 0 to 1, ``[T]``; 1 is closed, whatever the jaw does.
        tuck: How far the lower lip goes under the upper teeth, 0 to 1, ``[T]``.
        asymmetry: From -1 to 1; positive moves the person's left side of the mouth more.

    Returns:
        Displacements from the canonical face, ``[T, 68, 3]``. The inner lips never cross.
    """
    face = canonical_face().astype(np.float64)
    moved = np.tensordot(channels, _matrix(), axes=1)
    moved[:, 48:, :2] *= (1 + asymmetry * np.tanh(face[48:, 0] / 0.15))[None, :, None]
    shut, bite = np.clip(seal, 0, 1), np.clip(tuck, 0, 1)
    together = 1 - (1 - shut) * (1 - 0.9 * bite)
    for upper, lower, over, under, side_over, side_under in _COLUMNS:
        gap = (face[lower] + moved[:, lower] - face[upper] - moved[:, upper])[:, 1:]
        height = np.where(gap[:, 0] < 0, 1.0, together) * gap[:, 0]
        move = np.stack([height, shut * gap[:, 1]], axis=1)
        # Mostly the lower lip closes the mouth, and it alone when it goes under the teeth.
        top = (0.3 * (1 - bite))[:, None] * move
        moved[:, [upper, over], 1:] += top[:, None]
        moved[:, [lower, under], 1:] -= (move - top)[:, None]
        moved[:, [lower, under], 2] += (0.012 * bite)[:, None]
        if side_over is not None:
            moved[:, side_over, 1] += 0.18 * (1 - bite) * height
            moved[:, side_under, 1] -= (0.45 + 0.15 * bite) * height
    return np.asarray(moved)

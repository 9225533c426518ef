"""The 68 points of a face as arrays: indices, the canonical face, rotations, measures.

Everything here is in the face frame (see ``sdk.face``) or independent of any frame. Nothing here uses ``sdk.data``.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["BROWS", "INNER_LIPS", "JAW", "LEFT_EYE", "MIRROR", "MOUTH", "NOSE", "POINTS", "RIGHT_EYE", "STABLE"]
__all__ += ["axis_angle", "canonical_face", "compose", "eye_opening", "lip_closing", "lip_gap", "mouth_opening"]
__all__ += ["mouth_width", "rotation_matrix"]

FloatArray: TypeAlias = NDArray[np.float32]
Floats: TypeAlias = NDArray[np.floating[Any]]

POINTS: Final = 68
"""Landmarks of a face, in iBUG-68 order."""

JAW: Final = slice(0, 17)
BROWS: Final = slice(17, 27)
NOSE: Final = slice(27, 36)
RIGHT_EYE: Final = slice(36, 42)
"""The person's right eye, on the left of the picture."""
LEFT_EYE: Final = slice(42, 48)
MOUTH: Final = slice(48, 68)
INNER_LIPS: Final = slice(60, 68)

STABLE: Final = (27, 28, 29, 30, 36, 39, 42, 45)
"""Points that speech hardly moves: nose bridge and eye corners."""

MIRROR: Final = (
    *range(16, -1, -1),
    *range(26, 16, -1),
    *(27, 28, 29, 30),
    *(35, 34, 33, 32, 31),
    *(45, 44, 43, 42, 47, 46),
    *(39, 38, 37, 36, 41, 40),
    *(54, 53, 52, 51, 50, 49, 48, 59, 58, 57, 56, 55),
    *(64, 63, 62, 61, 60, 67, 66, 65),
)
"""``points[MIRROR]`` is the face's mirror image once x is negated."""

# Half a symmetric adult face with closed lips, drawn by hand after published mean adult measures (outer-eye distance
# 90 mm, inner 33, face width 137, nasion to chin 118, nose 51 long and 34 wide, mouth 52): index -> (x, y, z), the
# other half by MIRROR.
_HALF: Final = {
    0: (-0.760, 0.030, 0.560), 1: (-0.752, 0.250, 0.540), 2: (-0.728, 0.465, 0.500), 3: (-0.690, 0.670, 0.440),
    4: (-0.615, 0.855, 0.340), 5: (-0.505, 1.010, 0.210), 6: (-0.365, 1.140, 0.070), 7: (-0.190, 1.245, -0.060),
    8: (0.0, 1.285, -0.120),
    17: (-0.610, -0.165, 0.090), 18: (-0.505, -0.250, -0.030), 19: (-0.385, -0.275, -0.110),
    20: (-0.265, -0.255, -0.160), 21: (-0.150, -0.215, -0.190),
    27: (0.0, -0.020, -0.185), 28: (0.0, 0.145, -0.260), 29: (0.0, 0.305, -0.345), 30: (0.0, 0.455, -0.420),
    31: (-0.175, 0.530, -0.180), 32: (-0.095, 0.555, -0.230), 33: (0.0, 0.575, -0.265),
    36: (-0.500, 0.0, 0.0), 37: (-0.400, -0.062, -0.075), 38: (-0.275, -0.064, -0.085), 39: (-0.183, 0.015, -0.055),
    40: (-0.285, 0.045, -0.065), 41: (-0.400, 0.042, -0.050),
    48: (-0.290, 0.805, -0.150), 49: (-0.185, 0.755, -0.230), 50: (-0.070, 0.722, -0.280), 51: (0.0, 0.735, -0.287),
    57: (0.0, 0.895, -0.262), 58: (-0.085, 0.885, -0.250), 59: (-0.190, 0.855, -0.210),
    60: (-0.255, 0.803, -0.165), 61: (-0.090, 0.796, -0.245), 62: (0.0, 0.799, -0.255), 66: (0.0, 0.799, -0.253),
    67: (-0.090, 0.796, -0.243),
}  # fmt: skip

_LIP_PAIRS: Final = {61: 67, 62: 66, 63: 65}
_UPPER_SHARE: Final = 0.3
# What follows an inner lip point as the lips close, and by which share: the outer lips, less near the corners; the jaw.
_LIP_FOLLOWERS: Final = (
    *((49, 61, 0.6), (50, 61, 1.0), (51, 62, 1.0), (52, 63, 1.0), (53, 63, 0.6)),
    *((59, 67, 0.6), (58, 67, 1.0), (57, 66, 1.0), (56, 65, 1.0), (55, 65, 0.6)),
    *((4, 66, 0.15), (5, 66, 0.35), (6, 66, 0.6), (7, 66, 0.75), (8, 66, 0.8)),
    *((12, 66, 0.15), (11, 66, 0.35), (10, 66, 0.6), (9, 66, 0.75)),
)


@cache
def canonical_face() -> FloatArray:
    """The symmetric neutral face with closed lips that every motion is added to, float32 ``[68, 3]``, read-only."""
    face = np.zeros((POINTS, 3), dtype=np.float32)
    for index, (x, y, z) in _HALF.items():
        face[index] = (x, y, z)
        face[MIRROR[index]] = (-x, y, z)
    face.flags.writeable = False
    return face


def rotation_matrix(rotation: Floats) -> NDArray[np.float64]:
    """Turn axis-angle rotations ``[..., 3]`` (radians) into matrices, float64 ``[..., 3, 3]`` (Rodrigues' formula)."""
    vector = np.asarray(rotation, dtype=np.float64)
    angle = np.linalg.norm(vector, axis=-1)[..., None, None]
    x, y, z = np.moveaxis(vector, -1, 0)
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], axis=-1).reshape(*vector.shape[:-1], 3, 3)
    # sin(a)/a and (1 - cos a)/a^2, by sinc so that a = 0 needs no special case.
    first, second = np.sinc(angle / np.pi), 0.5 * np.sinc(angle / (2 * np.pi)) ** 2
    return np.asarray(np.eye(3) + first * cross + second * (cross @ cross))


def axis_angle(matrix: Floats) -> NDArray[np.float64]:
    """Turn rotation matrices ``[..., 3, 3]`` into axis-angle, float64 ``[..., 3]``, for angles below a half turn."""
    m = np.asarray(matrix, dtype=np.float64)
    x = m[..., 2, 1] - m[..., 1, 2]
    y = m[..., 0, 2] - m[..., 2, 0]
    z = m[..., 1, 0] - m[..., 0, 1]
    skew = np.stack([x, y, z], axis=-1) / 2
    sine = np.linalg.norm(skew, axis=-1, keepdims=True)
    cosine = ((np.trace(m, axis1=-2, axis2=-1) - 1) / 2)[..., None]
    angle = np.arctan2(sine, cosine)
    return np.asarray(skew * np.where(sine > 1e-9, angle / np.maximum(sine, 1e-9), 1.0))


def mouth_opening(points: Floats) -> NDArray[np.float64]:
    """The inner lips' distance (points 62 and 66) over the outer-eye distance, ``[...]`` from ``[..., 68, 3]``."""
    return _distance(points, (62, 66)) / _distance(points, (36, 45))


def mouth_width(points: Floats) -> NDArray[np.float64]:
    """The mouth corners' distance (points 48 and 54) over the outer-eye distance, ``[...]`` from ``[..., 68, 3]``."""
    return _distance(points, (48, 54)) / _distance(points, (36, 45))


def eye_opening(points: Floats) -> NDArray[np.float64]:
    """The lids' mean distance over the eyes' mean width, ``[...]`` from ``[..., 68, 3]`` (Soukupova and Cech, 2016)."""
    return _distance(points, (37, 41), (38, 40), (43, 47), (44, 46)) / _distance(points, (36, 39), (42, 45))


def _distance(points: Floats, *pairs: tuple[int, int]) -> NDArray[np.float64]:
    """The mean distance of pairs of points."""
    p = np.asarray(points, dtype=np.float64)
    return np.asarray(np.mean([np.linalg.norm(p[..., a, :] - p[..., b, :], axis=-1) for a, b in pairs], axis=0))


def compose(expression: Floats, pose: Floats, face: Floats | None = None) -> FloatArray:
    """Pose landmarks: ``R (face + expression) + t``, float32 ``[T, 68, 3]``.

    Args:
        expression: ``[T, 68, 3]``, face-frame units.
        pose: ``[T, 6]``: axis-angle (radians), translation.
        face: The neutral face ``[68, 3]``; the canonical one by default.
    """
    shape = np.asarray(canonical_face() if face is None else face, dtype=np.float64) + expression
    turned = shape @ rotation_matrix(pose[:, :3]).transpose(0, 2, 1)
    return np.asarray(turned + pose[:, None, 3:], dtype=np.float32)


def lip_gap(face: Floats) -> float:
    """The largest vertical distance between the inner lips of a face ``[68, 3]`` in the face frame; 0 if they touch."""
    return max(0.0, *(float(face[lower, 1] - face[upper, 1]) for upper, lower in _LIP_PAIRS.items()))


def lip_closing(face: Floats) -> NDArray[np.float64]:
    """Displacements that bring a face's parted lips together, float64 ``[68, 3]``; ``face`` ``[68, 3]``, face frame.

    The upper lip, which hangs on the skull, covers 30 % of the gap; the lower lip covers the rest, and the jaw follows
    it. The corners of the mouth stay, and lips that overlap are not moved apart.
    """
    move = np.zeros((POINTS, 3))
    for upper, lower in _LIP_PAIRS.items():
        gap = face[lower] - face[upper]
        gap[1] = max(gap[1], 0.0)
        move[upper], move[lower] = _UPPER_SHARE * gap, -(1 - _UPPER_SHARE) * gap
    for point, leader, share in _LIP_FOLLOWERS:
        move[point] = share * move[leader]
    return move

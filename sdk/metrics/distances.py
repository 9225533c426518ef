"""Distances between motions: frame against frame, and style against style."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from sdk.data import FloatArray, Motion
from sdk.geometry import INNER_LIPS, JAW, MOUTH, canonical_face

JAW_AND_MOUTH = [*range(17), *range(48, 68)]

_VELOCITY_SCALE = 4.0


def landmark_distance(generated: Motion, real: Motion, valid: NDArray[np.bool_] | None = None) -> float:
    """LMD: the mean distance of the mouth's points (48-67, 3D, heads upright), in % of the eye distance."""
    return 100 * float(_mean(_gap(generated.expression[:, MOUTH] - real.expression[:, MOUTH]), valid))


def jaw_lip_distance(generated: Motion, real: Motion, valid: NDArray[np.bool_] | None = None) -> float:
    """D-L: the mean distance of jaw and mouth (heads upright), in % of the eye distance (after Zhou et al., 2020)."""
    return 100 * float(_mean(_gap(generated.expression[:, JAW_AND_MOUTH] - real.expression[:, JAW_AND_MOUTH]), valid))


def jaw_lip_velocity_distance(generated: Motion, real: Motion, valid: NDArray[np.bool_] | None = None) -> float:
    """D-V: the same of velocities, in % of the eye distance a second."""
    mine, theirs = (np.diff(motion.expression[:, JAW_AND_MOUTH], axis=0) for motion in (generated, real))
    both = None if valid is None else valid[1:] & valid[:-1]
    return 100 * float(_mean(_gap(mine - theirs), both) * real.rate)


def mouth_area_distance(generated: Motion, real: Motion, valid: NDArray[np.bool_] | None = None) -> float:
    """D-A: the mean difference of the inner lips' areas, in % of the largest real one."""
    mine, theirs = (_inner_area(motion) for motion in (generated, real))
    counted = slice(None) if valid is None else valid
    return 100 * float(np.abs(mine - theirs)[counted].mean() / max(theirs[counted].max(), 1e-6))


def pose_distance(generated: Motion, real: Motion, valid: NDArray[np.bool_] | None = None) -> float:
    """The mean distance between head rotations' vectors, in degrees."""
    return float(_mean(np.degrees(np.linalg.norm(generated.pose[:, :3] - real.pose[:, :3], axis=-1)), valid))


def _inner_area(motion: Motion) -> NDArray[np.float64]:
    """The area inside the inner lips, in square face-frame units ``[T]`` (the shoelace formula)."""
    lips = (canonical_face() + motion.expression)[:, INNER_LIPS, :2].astype(np.float64)
    x, y = lips[..., 0], lips[..., 1]
    return np.asarray(np.abs((x * np.roll(y, -1, 1) - y * np.roll(x, -1, 1)).sum(1)) / 2)


def _gap(difference: FloatArray) -> FloatArray:
    """The mean length of points' differences ``[T, N, 3]`` in each frame."""
    return np.asarray(np.linalg.norm(difference, axis=-1).mean(-1))


def _mean(values: FloatArray, valid: NDArray[np.bool_] | None) -> Any:
    return (values if valid is None else values[valid]).mean()


def speed(motion: Motion) -> float:
    """The mean speed of the mouth's points (48-67, 3D, heads upright), in % of the eye distance a second."""
    step = np.linalg.norm(np.diff(motion.expression[:, MOUTH], axis=0), axis=-1)
    return 100 * float(step.mean() * motion.rate) if len(step) else 0.0


def descriptor(motion: Motion, *, mean: bool = True, ordered: bool = True) -> NDArray[np.float64]:
    """A style in figures: the standard deviation over frames of [phi, 4 dphi], and the mean upright face.

    The head's mean pose depends on the camera and is no part of it.

    Args:
        motion: At 60 Hz.
        mean: False leaves the mean face out. How a face moves, alone, tells speakers apart.
        ordered: False leaves dphi out, for frames that do not follow each other.
    """
    phi = motion.phi().astype(np.float64)
    parts = [phi.std(0)]
    if ordered:
        parts.append((_VELOCITY_SCALE * np.diff(phi, axis=0)).std(0))
    if mean:
        parts.append(motion.expression.astype(np.float64).mean(0).ravel())
    return np.concatenate(parts)


def style_distance(generated: Motion, reference: Motion, *, mean: bool = True, ordered: bool = True) -> float:
    """The root mean square gap of two motions' descriptors, in % of the eye distance."""
    gap = descriptor(generated, mean=mean, ordered=ordered) - descriptor(reference, mean=mean, ordered=ordered)
    return 100 * float(np.sqrt(np.square(gap).mean()))


def style_landmark_distance(
    generated: Motion,
    reference: Motion,
    *,
    neutral: FloatArray | None = None,
    window: int = 30,
    stride: int = 10,
    order: int = 0,
    mouth: bool = False,
) -> float:
    """SLD, SLV and SMD: the mean distance from windows of the reference to the nearest generated ones.

    In % of the jaw's width. Heads are upright: their rotation has figures of its own, and would dominate here. Each
    frame is moved to its own minimum of x and y. After the definitions of Pham et al. (arXiv 2303.09799).

    Args:
        generated: At 60 Hz.
        reference: At 60 Hz.
        neutral: The face that both are shown on, ``[68, 3]``; the canonical one by default.
        window: Frames in a window.
        stride: Frames from one window to the next.
        order: 0 compares positions (SLD), 1 velocities (SLV).
        mouth: Only the mouth's points (SMD).
    """
    face = canonical_face() if neutral is None else neutral
    width = float(np.ptp(face[JAW, 0]))

    def windows(motion: Motion) -> NDArray[np.float64]:
        points = (face + motion.expression)[..., :2].astype(np.float64)
        points = points[:, MOUTH] if mouth else points
        points = points - points.min(axis=1, keepdims=True)
        points = np.diff(points, n=order, axis=0)
        return sliding_window_view(points, min(window, len(points)), axis=0)[::stride].transpose(0, 3, 1, 2)

    made, seen = windows(generated), windows(reference)
    nearest = [np.linalg.norm(made - one, axis=-1).mean((1, 2)).min() for one in seen]
    return 100 * float(np.mean(nearest)) / width

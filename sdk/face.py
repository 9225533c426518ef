"""The face frame: where motion and styles live, with the person taken out.

Origin between the outer eye corners, unit the distance between them (iBUG points 36 and 45), x right and y down in
the picture, z away from the camera, head upright. A person's shape and place are removed on the way in
(``normalise``), and the portrait's own are added on the way out (``retarget``).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk._arrays import FloatArray, Floats
from sdk.data import MOTION_RATE, Landmarks, Motion
from sdk.errors import InputError
from sdk.geometry import STABLE, axis_angle, canonical_face, compose, lip_closing, mouth_opening

FACE_FRAME_VERSION: Final = 1
"""Raised when the canonical face or the frame's definition changes; packs record it."""

_FEW_STILLS: Final = 10
"""Pictures under which none is expected to show closed lips."""

_PRIOR: Final = 0.01
"""What the expected course of a face over the mouth's opening weighs: a picture whose opening is 0.1 off the mean."""


@dataclass(frozen=True, eq=False)
class Pose:
    """Similarities that take a face from its own frame into pictures: ``scale * rotation @ x + origin``.

    Attributes:
        scale: Pixels in a face-frame unit, float64 ``[T]``.
        rotation: float64 ``[T, 3, 3]``.
        origin: Pixels, float64 ``[T, 3]``.
    """

    scale: NDArray[np.float64]
    rotation: NDArray[np.float64]
    origin: NDArray[np.float64]

    def to_face(self, points: Floats) -> NDArray[np.float64]:
        """Take points ``[T, N, 3]`` from pixels into the face frame."""
        return np.asarray((points - self.origin[:, None]) @ self.rotation / self.scale[:, None, None])

    def to_pixels(self, points: Floats) -> NDArray[np.float64]:
        """Take points ``[T, N, 3]`` from the face frame into pixels."""
        return np.asarray(points @ self.rotation.transpose(0, 2, 1) * self.scale[:, None, None] + self.origin[:, None])


def align(points: Floats, shape: Floats | None = None) -> Pose:
    """Find the similarities that lay a shape's stable points onto pictures' points, by least squares.

    Args:
        points: Landmarks ``[T, 68, 3]``, pixels.
        shape: The face ``[68, 3]`` in the face frame; the canonical face where it is left out.

    Returns:
        One similarity a frame (Umeyama, PAMI 1991).
    """
    stable = list(STABLE)
    source = np.asarray(canonical_face() if shape is None else shape, dtype=np.float64)[stable]
    target = np.asarray(points, dtype=np.float64)[:, stable]
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=1)
    source_zero, target_zero = source - source_mean, target - target_mean[:, None]
    u, s, vt = np.linalg.svd(target_zero.transpose(0, 2, 1) @ source_zero)
    sign = np.ones_like(s)
    sign[:, 2] = np.sign(np.linalg.det(u) * np.linalg.det(vt))
    rotation = (u * sign[:, None, :]) @ vt
    scale = (s * sign).sum(axis=1) / (source_zero**2).sum()
    origin = target_mean - scale[:, None] * (rotation @ source_mean)
    return Pose(scale, rotation, origin)


def lift(points: Floats) -> FloatArray:
    """Give flat landmarks ``[T, 68, 2 or 3]`` the canonical face's depth, seen from where they were seen.

    Fits a scaled orthographic camera to the stable points and the jaw's ends, then takes z from the turned canonical
    face.

    Returns:
        float32 ``[T, 68, 3]``: x and y untouched.
    """
    anchors = [*STABLE, 0, 8, 16]  # the bridge and corners alone are nearly flat, and would leave the yaw open
    face = np.asarray(canonical_face(), dtype=np.float64)
    flat = np.asarray(points, dtype=np.float64)[..., :2]
    source, target = face[anchors], flat[:, anchors]
    affine = np.linalg.pinv(source - source.mean(axis=0)) @ (target - target.mean(axis=1, keepdims=True))
    rows = affine.transpose(0, 2, 1)
    u, s, vt = np.linalg.svd(rows, full_matrices=False)
    rotation, scale = u @ vt, s.mean(axis=1)
    depth_row = np.cross(rotation[:, 0], rotation[:, 1])
    z = scale[:, None] * (depth_row @ face.T)
    return np.asarray(np.concatenate([flat, z[..., None]], axis=-1), dtype=np.float32)


def _own_frame(shape: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale and move an upright shape so that its outer eye corners lie half a unit either side of the origin."""
    middle = (shape[36] + shape[45]) / 2
    return np.asarray((shape - middle) / np.linalg.norm(shape[45] - shape[36]))


def neutral_face(points: Floats, *, closed: float = 0.15) -> FloatArray:
    """A person's own neutral face, in the face frame.

    Args:
        points: Landmarks ``[T, 68, 3]``, pixels.
        closed: The share of frames, those with the least open mouth, whose median is taken.

    Returns:
        float32 ``[68, 3]``.
    """
    if len(points) == 0:
        raise InputError("no frames to take a neutral face from", where="neutral_face")
    upright = align(points).to_face(points)
    count = max(1, round(closed * len(points)))
    order = np.argsort(mouth_opening(points), kind="stable")[:count]
    return _own_frame(np.median(upright[order], axis=0)).astype(np.float32)


def stills_neutral(points: Floats) -> FloatArray:
    """A neutral face from pictures too few for any of them to be surely at rest.

    Every picture has its say: each coordinate's course over the mouth's opening is taken for a line, and followed to
    the least opening. What few pictures cannot tell of that line is taken from how lips and jaw close. Under ten
    pictures even the least opening may be a wide one, so the person's own lips are then brought together.

    Args:
        points: Landmarks ``[N, 68, 3]``, pixels.

    Returns:
        float32 ``[68, 3]``, in the face frame.
    """
    if len(points) == 0:
        raise InputError("no pictures to take a neutral face from", where="stills_neutral")
    upright = align(points).to_face(points)
    opening = mouth_opening(points)
    mean, away = upright.mean(axis=0), opening - opening.mean()
    expected = -lip_closing(_own_frame(mean)) / max(float(opening.mean()), 0.02)
    slope = (np.tensordot(away, upright, 1) + _PRIOR * expected) / (away @ away + _PRIOR)
    own = _own_frame(mean + slope * (np.quantile(opening, 0.05) - opening.mean()))
    if len(points) < _FEW_STILLS:
        own += lip_closing(own)
    return own.astype(np.float32)


def normalise(
    points: Floats,
    *,
    neutral: Floats | None = None,
    known: NDArray[np.bool_] | slice = slice(None),
    rate: Fraction = MOTION_RATE,
) -> Motion:
    """Take the person out: their landmarks become motion in the face frame.

    The head's rest, which poses are relative to, is its mean rotation and median place, so the camera's angle and
    distance do not enter.

    Args:
        points: Landmarks ``[T, 68, 3]``, pixels.
        neutral: The person's neutral face ``[68, 3]`` in the face frame; from the known frames where it is left out.
        known: The frames that the neutral face and the head's rest are taken from, so that held-out frames stay
            unknown.
        rate: Frames a second.
    """
    own = neutral_face(points[known]) if neutral is None else np.asarray(neutral)
    pose = align(points, own)
    expression = pose.to_face(points) - own
    u, _, vt = np.linalg.svd(pose.rotation[known].mean(axis=0))
    rest = u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt
    rotation = axis_angle(rest.T @ pose.rotation)
    travel = pose.origin - np.median(pose.origin[known], axis=0)
    travel[:, 2] = 0.0  # a single camera's absolute depth means nothing
    translation = travel / np.median(pose.scale[known]) @ rest
    return Motion(
        expression.astype(np.float32), np.concatenate([rotation, translation], axis=1).astype(np.float32), rate
    )


def retarget(motion: Motion, landmarks: Landmarks) -> FloatArray:
    """Put motion onto another person's face.

    Args:
        motion: What to show.
        landmarks: The face at rest, in a picture's pixels; its own shape and pose are kept.

    Returns:
        Where its landmarks go, float32 ``[T, 68, 3]``, pixels.
    """
    points = landmarks.points if landmarks.depth else lift(landmarks.points[None])[0]
    own = neutral_face(points[None])
    rest = align(points[None], own)
    # What the rigid fit leaves over is the portrait's own shape too, so that zero motion returns its landmarks.
    own = rest.to_face(points[None])[0].astype(np.float32)
    moved = compose(motion.expression, motion.pose, own)
    still = Pose(*(np.repeat(part, len(motion), axis=0) for part in (rest.scale, rest.rotation, rest.origin)))
    return still.to_pixels(moved).astype(np.float32)

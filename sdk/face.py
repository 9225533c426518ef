"""The face frame, in which motion and styles are independent of the person.

Its origin is between the outer eye corners, its unit the distance between them (iBUG points 36 and 45), x right and y
down in the picture, z away from the camera, head upright. ``normalise`` removes a person's shape and place from
landmarks, and ``retarget`` adds those of a portrait.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import MOTION_RATE, FloatArray, Floats, Landmarks, Motion
from sdk.errors import InputError
from sdk.geometry import STABLE, axis_angle, canonical_face, compose, lip_closing, mouth_opening

__all__ = ["FACE_FRAME_VERSION", "Pose", "align", "lift", "neutral_face", "neutral_face_of_stills"]
__all__ += ["normalise", "retarget"]

FACE_FRAME_VERSION: Final = 1
"""Raised when the canonical face or the frame's definition changes; packs record it."""

_MIN_STILLS: Final = 10
"""Pictures from which one is expected to show closed lips."""

_PRIOR_WEIGHT: Final = 0.01
"""Of the expected slope of a face over the mouth's opening: that of a picture whose opening is 0.1 off the mean."""


@dataclass(frozen=True, eq=False)
class Pose:
    """Similarities from the face frame into pictures, ``scale * rotation @ x + origin``, one a frame.

    Attributes:
        scale: Pixels in a face-frame unit, float64 ``[T]``.
        rotation: float64 ``[T, 3, 3]``.
        origin: Pixels, float64 ``[T, 3]``.
    """

    scale: NDArray[np.float64]
    rotation: NDArray[np.float64]
    origin: NDArray[np.float64]

    def to_face(self, points: Floats) -> NDArray[np.float64]:
        """Transform points ``[T, N, 3]`` from pixels into the face frame."""
        return np.asarray((points - self.origin[:, None]) @ self.rotation / self.scale[:, None, None])

    def to_pixels(self, points: Floats) -> NDArray[np.float64]:
        """Transform points ``[T, N, 3]`` from the face frame into pixels."""
        return np.asarray(points @ self.rotation.transpose(0, 2, 1) * self.scale[:, None, None] + self.origin[:, None])


def align(points: Floats, shape: Floats | None = None) -> Pose:
    """Fit similarities to landmarks ``[T, 68, 3]`` (pixels), by least squares (Umeyama, PAMI 1991).

    They take the stable points of a face ``[68, 3]`` in the face frame, by default the canonical one, to the landmarks.
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
    """Add the canonical face's depth to flat landmarks ``[T, 68, 2 or 3]``, as float32 ``[T, 68, 3]``.

    Fits a scaled orthographic camera to the stable points and the jaw's ends, then takes z from the canonical face as
    that camera sees it. x and y stay as they are.
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
    """Scale and move an upright shape so that its outer eye corners are half a unit to either side of the origin."""
    middle = (shape[36] + shape[45]) / 2
    return np.asarray((shape - middle) / np.linalg.norm(shape[45] - shape[36]))


def neutral_face(points: Floats, *, closed: float = 0.15) -> FloatArray:
    """A person's neutral face, float32 ``[68, 3]``, in the face frame, from landmarks ``[T, 68, 3]``, pixels.

    It is the median of a share of the frames, ``closed``: those with the least open mouth.
    """
    if len(points) == 0:
        raise InputError("no frames to take a neutral face from", where="neutral_face")
    upright = align(points).to_face(points)
    count = max(1, round(closed * len(points)))
    order = np.argsort(mouth_opening(points), kind="stable")[:count]
    return _own_frame(np.median(upright[order], axis=0)).astype(np.float32)


def neutral_face_of_stills(points: Floats) -> FloatArray:
    """A neutral face from too few pictures to expect one at rest, float32 ``[68, 3]``, in the face frame.

    Each coordinate is regressed on the mouth's opening, with a prior from how lips and jaw close, and taken at the
    least opening. Of under ten pictures even the least opening may be a wide one, so the lips are then brought
    together. ``points`` are landmarks ``[N, 68, 3]``, pixels.
    """
    if len(points) == 0:
        raise InputError("no pictures to take a neutral face from", where="neutral_face_of_stills")
    upright = align(points).to_face(points)
    opening = mouth_opening(points)
    mean, away = upright.mean(axis=0), opening - opening.mean()
    expected = -lip_closing(_own_frame(mean)) / max(float(opening.mean()), 0.02)
    slope = (np.tensordot(away, upright, 1) + _PRIOR_WEIGHT * expected) / (away @ away + _PRIOR_WEIGHT)
    own = _own_frame(mean + slope * (np.quantile(opening, 0.05) - opening.mean()))
    if len(points) < _MIN_STILLS:
        own += lip_closing(own)
    return own.astype(np.float32)


def normalise(
    points: Floats,
    *,
    neutral: Floats | None = None,
    valid: NDArray[np.bool_] | slice = slice(None),
    spans: Sequence[slice] = (slice(None),),
    rate: Fraction = MOTION_RATE,
) -> Motion:
    """Turn a person's landmarks into motion in the face frame, which is independent of their face.

    Poses are relative to the head's rest, its mean rotation and median place, so the camera's angle and distance do not
    matter.

    Args:
        points: Landmarks ``[T, 68, 3]``, pixels.
        neutral: The person's neutral face ``[68, 3]`` in the face frame; that of the valid frames by default.
        valid: The frames that the neutral face and the head's rest are taken from: a mask or slice that leaves out
            held-out frames.
        spans: Stretches that were each filmed by a camera of their own, together all frames: each has its own rest,
            from its valid frames if there are any, or else from all.
        rate: Frames a second.
    """
    own = neutral_face(points[valid]) if neutral is None else np.asarray(neutral)
    pose = align(points, own)
    expression = pose.to_face(points) - own
    counted = np.zeros(len(points), dtype=np.bool_)
    counted[valid] = True
    relative = np.concatenate([_from_rest(pose, span, counted[span]) for span in spans])
    return Motion(expression.astype(np.float32), relative.astype(np.float32), rate)


def _from_rest(pose: Pose, span: slice, valid: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The poses of a stretch, relative to its rest over its ``valid`` frames: axis-angle and translation ``[N, 6]``."""
    if not valid.any():
        valid = np.ones_like(valid)
    rotations, origins, scales = pose.rotation[span], pose.origin[span], pose.scale[span]
    u, _, vt = np.linalg.svd(rotations[valid].mean(axis=0))
    rest = u @ np.diag([1.0, 1.0, np.linalg.det(u @ vt)]) @ vt
    rotation = axis_angle(rest.T @ rotations)
    travel = origins - np.median(origins[valid], axis=0)
    travel[:, 2] = 0.0  # one camera cannot tell absolute depth
    return np.concatenate([rotation, travel / np.median(scales[valid]) @ rest], axis=1)


def retarget(motion: Motion, landmarks: Landmarks) -> FloatArray:
    """Transfer motion to a portrait's face; returns its landmarks, float32 ``[T, 68, 3]``, pixels.

    The landmarks are of the face at rest, in the picture's pixels; its own shape and pose are kept.
    """
    points = landmarks.points if landmarks.depth else lift(landmarks.points[None])[0]
    own = neutral_face(points[None])
    rest = align(points[None], own)
    # The residual of the rigid fit belongs to the portrait's shape, so that zero motion returns its landmarks.
    own = rest.to_face(points[None])[0].astype(np.float32)
    moved = compose(motion.expression, motion.pose, own)
    return rest.to_pixels(moved).astype(np.float32)

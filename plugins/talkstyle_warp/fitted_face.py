"""A portrait's face: its landmarks, and a hand-made template of what they leave out, fitted to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sdk.data import Floats, Landmarks
from sdk.errors import FaceUnreliable
from sdk.face import Pose, align, lift, neutral_face
from sdk.geometry import canonical_face, lip_gap
from talkstyle_warp.curves import Doubles

# The face's outline above the ears and the forehead, on the canonical face (x, y, z; outer-eye distances): the right
# half, the other mirrored. The hairline lies about a nose's length above the brows; the skull falls back to the side.
_OUTLINE: Final = (
    *((-0.750, -0.200, 0.520), (-0.690, -0.430, 0.400), (-0.560, -0.640, 0.240)),
    *((-0.310, -0.790, 0.080), (0.0, -0.840, 0.020)),
)
_FOREHEAD: Final = ((-0.400, -0.480, -0.010), (-0.190, -0.530, -0.090), (0.0, -0.540, -0.110), (0.0, -0.240, -0.190))
_CHEEK: Final = ((-0.450, 0.260, 0.020), (-0.480, 0.540, 0.060), (-0.330, 0.640, -0.080))

# Inner lips farther apart than this (outer-eye distances; 3 mm) count as parted; a detector's noise stays below.
PARTED_THRESHOLD: Final = 0.03
# Depth gained over a way across the picture, at most: a steeper side would be hidden, and fold, in a turn of 20
# degrees more.
MAX_SLOPE: Final = 1.5
# Sizes of the rings around the outline that carry its depth outwards, so that hair and ears turn with the head and
# the jaw does not bulge.
RINGS: Final = (1.3, 1.7, 2.3)


def _both(half: tuple[tuple[float, float, float], ...]) -> Doubles:
    points = np.array(half)
    off_axis = points[points[:, 0] != 0.0]
    return np.concatenate([points, off_axis[::-1] * (-1, 1, 1)])


@dataclass(frozen=True, eq=False)
class FittedFace:
    """A portrait's face."""

    points: Doubles  # the landmarks with depth, [68, 3], pixels
    pose: Pose  # the similarity from the face frame to the picture, one frame
    shape: Doubles  # the landmarks in the face frame, [68, 3]
    relief: Doubles  # points of known depth, [N, 3], face frame: landmarks, forehead, cheeks and rings
    centre: Doubles  # the centre of the face's outline, [2], face frame (x, y)
    radii: Doubles  # half the outline's width and height
    width: float  # the face's width in pixels

    @property
    def parted(self) -> bool:
        """Whether the lips are parted."""
        return lip_gap(self.shape) > PARTED_THRESHOLD

    @property
    def unit(self) -> float:
        """Pixels in a face-frame unit."""
        return float(self.pose.scale[0])

    @property
    def camera(self) -> Doubles:
        """Takes face-frame displacements to pixels, ``[3, 3]``."""
        return np.asarray(self.pose.scale[0] * self.pose.rotation[0])

    def to_pixels(self, points: Floats) -> Doubles:
        """Face frame ``[N, 3]`` to pixels ``[N, 3]``."""
        return np.asarray(self.pose.to_pixels(points[None])[0], dtype=np.float64)

    def to_face(self, points: Floats) -> Doubles:
        """Pixels ``[N, 3]`` to the face frame."""
        return np.asarray(self.pose.to_face(points[None])[0], dtype=np.float64)

    def plane(self, offsets: Floats) -> Doubles:
        """Offsets in the picture ``[..., 2]``, pixels, as x and y of the face frame."""
        return np.asarray(offsets @ np.linalg.inv(self.camera[:2, :2]).T)


def fit_face(landmarks: Landmarks) -> FittedFace:
    """Measure a portrait's face and fit the template to it.

    Raises:
        FaceUnreliable: The landmarks coincide, or lie on a line.
    """
    flat = landmarks.points
    spread = np.linalg.svd(flat[:, :2] - flat[:, :2].mean(axis=0), compute_uv=False) / np.sqrt(len(flat))
    if landmarks.width < 8.0 or spread[1] < 0.05 * spread[0]:
        raise FaceUnreliable(
            f"the landmarks span {landmarks.width:.1f} pixels and make no face",
            where="Portrait.landmarks",
            hint="Detect the face again, or choose another portrait.",
        )
    # A detector's depth is not used: it leans backwards from brow to chin, unlike faces that turn in clips.
    points = lift(flat[None])[0].astype(np.float64)
    own = neutral_face(points[None])
    pose = align(points[None], own)
    shape = pose.to_face(points[None])[0]
    # The template is scaled to the portrait's proportions, axis by axis.
    canon = canonical_face().astype(np.float64)
    stable = [*range(27), *range(31, 36)]
    known, source = shape[stable], canon[stable]
    scale = (known - known.mean(0)).std(0) / (source - source.mean(0)).std(0)
    shift = known.mean(0) - scale * source.mean(0)
    outline = np.concatenate([shape[:17], _both(_OUTLINE) * scale + shift])
    inner = np.concatenate([_both(_FOREHEAD), _both(_CHEEK)]) * scale + shift
    lowest, highest = outline.min(0), outline.max(0)
    centre, radii = (lowest + highest)[:2] / 2, (highest - lowest)[:2] / 2
    rings = [np.concatenate([centre + r * (outline[:, :2] - centre), outline[:, 2:]], axis=1) for r in RINGS]
    relief = _limit_slope(pose.to_pixels(np.concatenate([shape, outline[17:], inner, *rings])[None])[0])
    points[:, 2] = relief[: len(points), 2]
    relief = pose.to_face(relief[None])[0]
    return FittedFace(points, pose, relief[: len(points)], relief, centre, radii, landmarks.width)


def _limit_slope(points: Doubles) -> Doubles:
    """Bring points ``[N, 3]`` (pixels) forward until no slope between two of them exceeds ``MAX_SLOPE``."""
    away = np.linalg.norm(points[:, None, :2] - points[None, :, :2], axis=-1)
    depth = (points[None, :, 2] + MAX_SLOPE * away).min(axis=1)
    return np.concatenate([points[:, :2], depth[:, None]], axis=1)

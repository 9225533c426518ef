"""A portrait's rig: the forward fields, as matrices on the displacements of a few points.

Every field is linear in the inputs of a frame: the displacements of the 68 landmarks and of places along the lids. The
kernels are solved once, and a frame costs one matrix product.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from sdk.data import Floats, Image
from sdk.geometry import lip_gap
from talkstyle_warp.contours import EYES, MOUTH, Contour
from talkstyle_warp.curves import Doubles, smoothstep
from talkstyle_warp.eye_contours import refine_eye_contour
from talkstyle_warp.fitted_face import PARTED_THRESHOLD, FittedFace
from talkstyle_warp.glasses import find_rims
from talkstyle_warp.lid_fields import lid_weights
from talkstyle_warp.retarget import LIDS, lower_face

# Reach of the kernels, in face widths: one landmark's pull ends about where the next feature begins.
RADIUS: Final = 0.6
LID_PLACES: Final = 7  # places along each lid that move in a blink
UPPER_LID: Final = 0.96
# The same for the lower lid. Together over one: landmarks lie inside the eyes of large-eyed portraits.
LOWER_LID: Final = 0.12
# Displacements given per frame: the landmarks, then each eye's upper and lower lid.
INPUTS: Final = 68 + 2 * 2 * LID_PLACES
UNIT_ROWS: Final = np.eye(INPUTS)
TORSO: Final = 0.25  # share of the chin's displacement that the torso follows


def wendland(distance: Doubles) -> Doubles:
    """Wendland's C2 function (1 - r)^4 (4 r + 1), zero from r = 1 (Advances in Computational Mathematics 4, 1995)."""
    r = np.minimum(distance, 1.0)
    return np.asarray((1 - r) ** 4 * (4 * r + 1))


def _distance(a: Floats, b: Floats) -> Doubles:
    squares = (a**2).sum(-1)[:, None] + (b**2).sum(-1)[None] - 2.0 * (a @ b.T)
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)))


class ControlPoints:
    """Places of known displacement, each with a row of weights on the inputs."""

    def __init__(self) -> None:
        self.places: list[Doubles] = []
        self.rows: list[Doubles] = []

    def add(self, places: Floats | list[Doubles], rows: Floats | None = None) -> None:
        """Add places ``[n, 2 or 3]`` (pixels) with rows ``[n, INPUTS]``; without rows they are at rest."""
        self.places.append(np.asarray(places, dtype=np.float64)[:, :2])
        self.rows.append(np.zeros((len(places), INPUTS)) if rows is None else np.asarray(rows, dtype=np.float64))

    def spread(self, nodes: Floats, radius: float) -> Doubles:
        """Interpolate by Wendland kernels of ``radius`` pixels: ``[N, INPUTS]`` weights for nodes ``[N, 2]``."""
        places = np.concatenate(self.places)
        gram = wendland(_distance(places, places) / radius) + 1e-3 * np.eye(len(places))
        weights = np.linalg.solve(gram, np.concatenate(self.rows))
        return np.asarray(wendland(_distance(nodes, places) / radius) @ weights)


class FaceRig:
    """What all fields of a portrait share: its face, its contours, and the places that move.

    Lips that are not parted open along one common curve.
    """

    def __init__(self, face: FittedFace, pixels: Image) -> None:
        self.face = face
        self.mouth = Contour.through(face.points, MOUTH, closed=not face.parted)
        self.eyes = [refine_eye_contour(pixels, Contour.through(face.points, edges, closed=False)) for edges in EYES]
        self.rims = find_rims(pixels, face.points)
        self.lid_moves = self._lid_moves()

    def _lid_moves(self) -> Doubles:
        """Displacement of each lid place in a full blink, ``[2 * 2 * LID_PLACES, 3]``, face frame."""
        moves = []
        for contour, edges in zip(self.eyes, EYES, strict=True):
            along = contour.places(0, LID_PLACES)[1]
            upper, lower = (contour.weights(side, along) @ self.face.shape[list(edges[side])] for side in (0, 1))
            gap = np.maximum(contour.edge(1, along) - contour.edge(0, along), 0.0) / self.face.unit
            way = lower - upper
            way *= (gap / np.maximum(np.linalg.norm(way, axis=1), 1e-6))[:, None]
            moves += [UPPER_LID * way, -LOWER_LID * way]
        return np.concatenate(moves)

    def inputs(self, expression: Floats, closure: Floats) -> Doubles:
        """The fields' inputs ``[T, INPUTS, 3]`` for displacements ``[T, 68, 3]`` and closures ``[T, 2]``."""
        lids = np.repeat(closure, 2 * LID_PLACES, axis=1)
        return np.concatenate([expression, lids[..., None] * self.lid_moves], axis=1)

    def lid_landmarks(self, closure: Floats) -> Doubles:
        """Displacements of the lids' landmarks for closures ``[T, 2]``, ``[T, 68, 3]``, face frame."""
        full = np.zeros((68, 3))
        for up, low in LIDS:
            # They meet, although the lids' edges pass each other.
            way = (self.face.shape[low] - self.face.shape[up]) / (UPPER_LID + LOWER_LID)
            full[up], full[low] = UPPER_LID * way, -LOWER_LID * way
        shares = np.zeros((len(closure), 68))
        shares[:, 36:48] = np.repeat(closure, 6, axis=1)
        return np.asarray(shares[..., None] * full)

    def _lips(self, side: int, skip: tuple[int, ...]) -> ControlPoints:
        """One lip (0 upper, 1 lower), jaw, brows with both their edges, nose, and eyes at rest.

        The other lip moves with the nearest places of the one's contour.
        """
        points, contour, controls = self.face.points[:, :2], self.mouth, ControlPoints()
        down = self.face.camera[:2, 1] * 0.07
        for index in sorted({*range(36)} - {*skip}):
            places = [points[index]]
            if 17 <= index < 27:
                places += [points[index] + down, points[index] - down]
            controls.add(places, UNIT_ROWS[[index] * len(places)])
        controls.add(points[36:48])
        lips = [*range(49, 54)], [*range(55, 60)]
        own, other = [48, 54, *lips[side]], lips[1 - side]
        controls.add(points[own], UNIT_ROWS[own])
        places = [*contour.places(side, 9)[0], *points[other]]
        rows = np.zeros((len(places), INPUTS))
        for row, place in zip(rows, places, strict=True):
            np.add.at(row, list(MOUTH[side]), contour.parting(side, contour.coordinates(place)[0]))
        controls.add(places, rows)
        return controls

    def skin(self, nodes: Floats) -> tuple[Doubles, Doubles, Doubles]:
        """The upper, the lower and the joined field at nodes ``[N, 2]``, each ``[N, INPUTS]``; lids at rest.

        The upper one ignores the chin and the lower one the nose, so that neither is distorted by the other's motion.
        Past the corners of the mouth all three agree.
        """
        radius = RADIUS * self.face.width
        upper = self._lips(0, skip=(6, 7, 8, 9, 10)).spread(nodes, radius)
        lower = self._lips(1, skip=(31, 32, 33, 34, 35)).spread(nodes, radius)
        along, across = self.mouth.coordinates(nodes).T
        middle = (self.mouth.edge(0, along) + self.mouth.edge(1, along)) / 2
        # Wide enough that the joined field does not fold when an open mouth closes.
        reach = max(0.12, 1.2 * (lip_gap(self.face.shape) - PARTED_THRESHOLD)) * self.face.unit
        low = smoothstep(across - middle, -reach, reach)[:, None]
        joined = (1 - low) * upper + low * lower
        beyond = self.mouth.beyond(nodes, 0.12 * self.face.unit)[:, None]
        reaches = self._reaches(nodes)
        upper, lower, joined = upper * reaches, lower * reaches, joined * reaches
        return upper + beyond * (joined - upper), lower + beyond * (joined - lower), joined

    def _reaches(self, nodes: Floats) -> Doubles:
        """Where each input acts, ``[N, INPUTS]``: the mouth's below the eyes, the brows' above the cheeks."""
        height = self.face.plane(nodes - self.face.points[[36, 45], :2].mean(axis=0))[:, 1]
        reaches = np.ones((len(nodes), INPUTS))
        reaches[:, [*range(17), *range(31, 36), *range(48, 68)]] = lower_face(height)[:, None]
        reaches[:, 17:27] = 1.0 - smoothstep(height, 0.0, 0.3)[:, None]
        return reaches

    def lid(self, eye: int, side: int, nodes: Floats) -> Doubles:
        """What a lid (0 upper, 1 lower) adds to the joined field, ``[N, INPUTS]``; constant past the lid's edge."""
        contour = self.eyes[eye]
        first = 68 + (2 * eye + side) * LID_PLACES
        along = contour.places(side, LID_PLACES)[1]
        brow = self.face.points[17:22, :2] if eye == 0 else self.face.points[22:27, :2]
        rim = None if self.rims is None else self.rims[eye]
        rows = np.zeros((len(nodes), INPUTS))
        rows[:, first : first + LID_PLACES] = lid_weights(
            contour, side, nodes, along=along, unit=self.face.unit, brow=brow, rim=rim, outer=2 * eye - 1
        )
        return rows

    def places(self, nodes: Floats) -> Doubles:
        """Project nodes ``[N, 2]`` (pixels) onto the head, ``[N, 3]``, face frame, by multiquadrics."""
        unit = self.face.unit
        known = self.face.to_pixels(self.face.relief)
        base = known[:, 2].mean()

        def kernel(a: Floats, b: Floats) -> Doubles:
            return np.asarray(-np.sqrt((_distance(a, b) / unit) ** 2 + 0.15**2))

        size = len(known)
        system = np.zeros((size + 1, size + 1))
        # The ridge smooths between the outline and its rings; landmarks keep their depth.
        ridge = np.where(np.arange(size) < 68, 0.005, 0.02)
        system[:size, :size] = kernel(known[:, :2], known[:, :2]) + np.diag(ridge)
        system[:size, size] = system[size, :size] = 1.0
        weights = np.linalg.solve(system, np.append(known[:, 2] - base, 0.0))
        depth = kernel(np.asarray(nodes, dtype=np.float64), known[:, :2]) @ weights[:size] + weights[size] + base
        low, high = known[:, 2].min(), known[:, 2].max()
        return self.face.to_face(np.concatenate([nodes, np.clip(depth, low, high)[:, None]], axis=1))

    def head(self, places: Floats) -> Doubles:
        """The head's mask at places ``[N, 3]`` (face frame): 1 on face and hair, 0 far away and below the neck.

        It falls slowly enough that nothing folds next to the jaw when the head leans.
        """
        local = (places[:, :2] - self.face.centre) / self.face.radii
        radius = np.linalg.norm(local, axis=1)
        return (1.0 - smoothstep(local[:, 1], 0.85, 1.75)) * (1.0 - smoothstep(radius, 1.2, 2.05))

    def torso(self, places: Floats) -> Doubles:
        """The share of the chin's displacement at places: below the chin, within the shoulders, off the head."""
        x, y = ((places[:, :2] - self.face.centre) / self.face.radii).T
        below = smoothstep(y, 0.8, 1.6)
        within = 1.0 - smoothstep(np.abs(x), 1.2 + np.maximum(y - 1.0, 0.0), 2.2 + np.maximum(y - 1.0, 0.0))
        return np.asarray(TORSO * below * within * (1.0 - self.head(places)), dtype=np.float64)

"""Retargets motion in the face frame to a portrait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sdk.data import Floats
from sdk.geometry import BROWS, MOUTH, canonical_face, lip_gap
from talkstyle_warp.curves import Doubles, smoothstep
from talkstyle_warp.fitted_face import PARTED_THRESHOLD

# Radians that a head's turn about each axis never passes: beyond, one picture lacks what would come into sight.
ROTATION_LIMIT: Final = np.deg2rad(20.0)
# Outer-eye distances that the upper lip never rises by: above the teeth a picture has no gums to show.
RAISE_LIMIT: Final = 0.1
TRANSLATION_LIMIT: Final = 0.12  # face widths that a head's travel never passes along each axis
# The inner lips' gap beside the middle over that in the middle, at least: people's is 0.95 to 0.97 in a wide mouth. It
# holds fully where the gap is above the second value (outer-eye distances), not at all below the first: lips that part
# by little may meet beside the middle.
ROUNDNESS: Final = 0.95
ROUND: Final = (0.04, 0.12)
# Upper and lower lid points that meet in a blink; the right eye's first.
LIDS: Final = ((37, 41), (38, 40), (43, 47), (44, 46))
# Share of the canonical eye opening that counts as closed: narrow eyes have no farther way, and detectors see lids meet
# late or never.
CLOSURE_FULL: Final = 0.6
# How differently two eyes close before it is shown, and when it is shown in full, in canonical eye openings. In twelve
# clips of people, none of whom winks, the two eyes that a detector finds differ by up to 0.45, mostly by under 0.3.
UNEVEN: Final = (0.3, 0.6)
CLOSURE_STILL: Final = 0.03  # share below which an eye counts as open: a detector's tremor

# How far lips and jaw are lowered when the upper lip reaches its limit.
_LOWERING: Final = {
    **dict.fromkeys((*range(49, 54), *range(55, 60), 61, 62, 63, 65, 66, 67), 1.0),
    **dict.fromkeys((6, 7, 8, 9, 10), 0.8),
    **dict.fromkeys((5, 11), 0.5),
    **dict.fromkeys((4, 12), 0.25),
}
_UPPER_LIP: Final = [61, 62, 63]
_LOWER_LIP: Final = [67, 66, 65]


def soft_limit(value: Floats, limit: float) -> Doubles:
    """``limit * tanh(value / limit)``: nearly unchanged when small, never beyond the limit."""
    return np.asarray(limit * np.tanh(np.asarray(value, dtype=np.float64) / limit))


def _measures(face: Floats) -> tuple[float, float, float]:
    """The mouth's width, the height from nose to chin, and that of the brows above the eyes."""
    brows = float(np.mean(face[[36, 39, 42, 45], 1]) - np.mean(face[BROWS, 1]))
    return float(np.linalg.norm(face[54] - face[48])), float(face[8, 1] - face[33, 1]), brows


def lower_face(height: Floats) -> Doubles:
    """How much the mouth moves places, by their height below the eyes in outer-eye distances.

    0 down to just below the eyes, 1 from the cheekbones on. Without it an interpolated field lets eyes and brows
    tremble with every syllable, and a portrait whose lips are closed at rest would change everywhere.
    """
    return smoothstep(height, 0.08, 0.35)


@dataclass(frozen=True, eq=False)
class Retargeter:
    """Differences between a portrait's face and the canonical one."""

    width: float  # the portrait's mouth width over the canonical one; scales the lips across the face
    height: float  # the same from nose to chin; scales how far lips and jaw open. A smile is wide, but opens no farther
    jaw: Doubles  # weights of the jaw's points, [17]: its ends, at the ears, do not move
    brows: float  # the height of the brows above the eyes over the canonical one
    room: Doubles  # how far the inner lips may come together, [3]; 0 if they are closed
    travel: float  # the limit of the head's translation, in face-frame units

    @classmethod
    def of(cls, face: Floats, *, face_width: float) -> Retargeter:
        """Measure a portrait's face ``[68, 3]`` at rest, in the face frame; ``face_width`` in the same units."""
        width, height, brows = (a / b for a, b in zip(_measures(face), _measures(canonical_face()), strict=True))
        return cls(
            width=float(np.clip(width, 0.6, 1.5)),
            height=float(np.clip(height, 0.6, 1.5)),
            jaw=lower_face(face[:17, 1]),
            brows=float(np.clip(brows, 0.5, 1.5)),
            room=np.maximum(face[_LOWER_LIP, 1] - face[_UPPER_LIP, 1], 0.0) * float(lip_gap(face) > PARTED_THRESHOLD),
            travel=TRANSLATION_LIMIT * face_width,
        )

    def expression(self, expression: Floats) -> Doubles:
        """Scale displacements ``[T, 68, 3]`` to the portrait. Lids, eye corners and nose bridge stay.

        Lips come together until they meet; if the upper one would rise too far, the lower one opens the mouth instead.
        A mouth that opens in a wedge opens as people's do.
        """
        move = np.asarray(expression, dtype=np.float64).copy()
        move[:, :17] *= self.height * self.jaw[:, None]
        move[:, MOUTH] *= np.array([self.width, self.height, self.width])
        move[:, BROWS] *= self.brows
        rise = np.maximum(-move[:, _UPPER_LIP, 1].mean(axis=1), 0.0)
        move[:, [*_LOWERING], 1] += (rise - soft_limit(rise, RAISE_LIMIT))[:, None] * np.array([*_LOWERING.values()])
        # The driving face at rest is seldom quite closed, so pressed lips would pass through each other here.
        gap = self.room + move[:, _LOWER_LIP, 1] - move[:, _UPPER_LIP, 1]
        past = np.minimum(gap, 0.0) / 2
        move[:, _UPPER_LIP, 1] += past
        move[:, _LOWER_LIP, 1] -= past
        gap -= 2 * past
        lacking = np.maximum(ROUNDNESS * gap[:, 1] - (gap[:, 0] + gap[:, 2]) / 2, 0.0)
        lacking *= smoothstep(gap[:, 1], *ROUND)
        for lip, way in ((_UPPER_LIP, -0.5), (_LOWER_LIP, 0.5)):
            move[:, lip[::2], 1] += way * lacking[:, None]
        move[:, 27:31] = 0.0
        move[:, 36:48] = 0.0
        return move

    def closure(self, expression: Floats) -> Doubles:
        """How far the right and the left eye are closed, ``[T, 2]`` from 0 (as in the portrait) to 1 (closed).

        Both together, unless they differ by more than a detector errs.
        """
        canon = canonical_face()
        upper, lower = [u for u, _ in LIDS], [v for _, v in LIDS]
        opening = canon[lower, 1] - canon[upper, 1]
        change = np.asarray(expression)[:, upper, 1] - np.asarray(expression)[:, lower, 1]
        right, left = np.moveaxis((change / opening).reshape(-1, 2, 2).mean(axis=2), -1, 0)
        apart = (right - left) * smoothstep(np.abs(right - left), *UNEVEN)
        # A smoothstep suppresses the tremble of open lids, and completes blinks that detectors smooth.
        shares = (right + left)[:, None] / 2 + apart[:, None] * np.array([0.5, -0.5])
        return smoothstep(shares, CLOSURE_STILL, CLOSURE_FULL)

    def pose(self, pose: Floats) -> Doubles:
        """Limit poses ``[T, 6]`` softly. Depth is dropped: the camera is orthographic."""
        limited = np.concatenate(
            [soft_limit(pose[:, :3], float(ROTATION_LIMIT)), soft_limit(pose[:, 3:], self.travel)], axis=1
        )
        limited[:, 5] = 0.0
        return limited

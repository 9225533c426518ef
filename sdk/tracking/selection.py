"""Key motion templates, and the frames of a clip that are nearest to them: a style's reference images.

The templates are the method's four (Pham et al., arXiv 2303.09799, figure "key motions"): none, M for what closes the
lips, R for what rounds them, O for open syllables. They are ours, as displacements of the face's 68 points in the face
frame: a jaw that drops, corners that come in or out, lips that press or protrude.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import MOTION_RATE, FloatArray, Floats
from sdk.errors import ConfigError
from sdk.geometry import JAW, MOUTH, POINTS, canonical_face, mouth_opening
from sdk.tracking.quality import SHARP, TURNED, turn
from sdk.tracking.track import FaceTrack

APART: Final = 0.4
"""Seconds between two picks: frames of one moment say the same thing twice."""

USUAL: Final = 80
"""The percentile of a clip's own mouth openings that counts as its fully open mouth: people differ in how far they
open it, and a template means the shape, not the amount."""

STILLEST: Final = 0.02
"""Eye distances: a mouth that opens less than this shows no shapes to tell apart."""


LEAST: Final = 0.3
"""Similarity under which a frame does not show a key motion, even where nothing is more like it."""


@dataclass(frozen=True, kw_only=True)
class Pick:
    """A frame that shows a key motion.

    Attributes:
        template: Which one: "none", "M", "R" or "O".
        frame: Its place at 60 Hz.
        time: Seconds from the clip's beginning.
        similarity: Cosine of the angle between the two mouths' shapes, from -1 to 1.
        quality: How clearly the face is seen there, from 0 to 1.
    """

    template: str
    frame: int
    time: float
    similarity: float
    quality: float


@cache
def templates() -> Mapping[str, FloatArray]:
    """The four key motions, displacements float32 ``[68, 3]`` in face-frame units."""
    made = {
        "none": _shape(),
        "M": _shape(press=0.035),
        "R": _shape(drop=0.10, narrow=0.09, forward=0.05),
        "O": _shape(drop=0.26, narrow=-0.01),
    }
    for shape in made.values():
        shape.flags.writeable = False
    return MappingProxyType(made)


def _shape(*, drop: float = 0.0, narrow: float = 0.0, forward: float = 0.0, press: float = 0.0) -> FloatArray:
    """A mouth's displacement.

    Args:
        drop: How far the jaw goes down.
        narrow: How far each corner comes in.
        forward: How far the lips protrude.
        press: How far the outer edges of closed lips come together: their red vanishes.
    """
    face = canonical_face()
    moved = np.zeros((POINTS, 3), dtype=np.float32)
    corner = float(np.abs(face[48, 0]))
    beside = np.abs(face[MOUTH, 0]) / corner  # 0 in the middle, 1 at the corners
    lower = np.zeros(POINTS, dtype=bool)
    lower[[*range(55, 60), *range(65, 68)]] = True
    moved[lower, 1] += drop * (1 - 0.6 * beside[lower[MOUTH]] ** 2)
    moved[[48, 54, 60, 64], 1] += 0.35 * drop
    moved[JAW, 1] += drop * np.clip((face[JAW, 1] - 0.3) / 0.9, 0, 1)
    moved[MOUTH, 0] -= narrow * face[MOUTH, 0] / corner
    moved[MOUTH, 2] -= forward * (1 - 0.5 * beside)
    moved[49:54, 1] += press
    moved[55:60, 1] -= press
    return moved


def frame_quality(track: FaceTrack) -> NDArray[np.float64]:
    """How well each frame of a track can serve, float64 ``[T]`` from 0 to 1: seen, sharp, and from the front."""
    front = np.clip(1 - np.abs(turn(track.points)) / (2 * TURNED), 0, 1)
    # Sharp enough is enough: a studio's sharpness makes no better landmarks.
    clear = np.clip(track.sharp / (2 * SHARP), 0, 1)
    return np.where(track.valid, front * clear, 0.0)


def pick(expression: Floats, quality: Floats, *, each: int = 3) -> tuple[Pick, ...]:
    """Find the frames most like the key motions.

    Shapes are compared as angles about the middle of the four templates, the clip's own scaled to the templates'
    amount, so that "none" has a direction too. A frame's similarity counts as much as it is well seen.

    Args:
        expression: Of the clip, ``[T, 68, 3]`` at 60 Hz, in face-frame units.
        quality: Of each frame, ``[T]`` from 0 to 1; 0 is never picked.
        each: Frames for each template; fewer where there are no more distinct moments.

    Returns:
        Picks of "none", "M", "R" and "O", in this order, the best first.

    Raises:
        ConfigError: ``each`` is not positive.
    """
    if each < 1:
        raise ConfigError(f"each={each} picks nothing", where="each", hint="Give 1 or more.")
    shapes = templates()
    names = list(shapes)
    keys = np.stack([shapes[name][MOUTH].ravel() for name in names]).astype(np.float64)
    seen = np.asarray(quality, dtype=np.float64)
    usable = seen > 0
    if not usable.any():
        return ()
    mouths = np.asarray(expression, dtype=np.float64)[:, MOUTH].reshape(len(expression), -1)
    opening = mouth_opening(canonical_face() + expression)
    own, full = float(np.percentile(opening[usable], USUAL)), float(mouth_opening(canonical_face() + shapes["O"]))
    middle = keys.mean(0)
    about = mouths * full / max(own, STILLEST) - middle
    keys = keys - middle
    cosine = (about @ keys.T) / (np.linalg.norm(about, axis=1, keepdims=True) * np.linalg.norm(keys, axis=1) + 1e-12)
    # A frame belongs to the template that it is most like: closed lips are no second-best open ones.
    mine = cosine.argmax(1)
    worth = np.where((cosine > LEAST) & usable[:, None], cosine * seen[:, None], -np.inf)
    apart = round(APART * float(MOTION_RATE))
    free = np.ones(len(mouths), dtype=bool)
    picks: list[Pick] = []
    for number, name in enumerate(names):
        score = np.where(free & (mine == number), worth[:, number], -np.inf)
        for _ in range(each):
            best = int(np.argmax(score))
            if not np.isfinite(score[best]):
                break
            picks.append(
                Pick(
                    template=name,
                    frame=best,
                    time=best / float(MOTION_RATE),
                    similarity=float(cosine[best, number]),
                    quality=float(seen[best]),
                )
            )
            near = slice(max(0, best - apart), best + apart + 1)
            score[near] = -np.inf
            free[near] = False
    return tuple(picks)

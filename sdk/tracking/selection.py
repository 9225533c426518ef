"""Key motion templates, and the frames of a clip that are most like them: a style's reference images.

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
from sdk.tracking.quality import RECOMMENDED_YAW_DEGREES, SHARPNESS_THRESHOLD, yaw_degrees
from sdk.tracking.track import FaceTrack

MIN_SECONDS_BETWEEN: Final = 0.4
"""Between two picks: frames of one moment say the same thing twice."""

OPEN_PERCENTILE: Final = 80
"""The percentile of a clip's own mouth openings that counts as its fully open mouth: people differ in how far they
open it, and a template means the shape, not the amount."""

MIN_OPENING: Final = 0.02
"""Eye distances: a mouth that opens less than this shows no shapes to tell apart."""

SIMILARITY_THRESHOLD: Final = 0.3
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
    """Displace the jaw downwards, each mouth corner inwards, the lips forward, and the lips' outer edges together."""
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
    front = np.clip(1 - np.abs(yaw_degrees(track.points)) / (2 * RECOMMENDED_YAW_DEGREES), 0, 1)
    # Sharp enough is enough: a studio's sharpness makes no better landmarks.
    clear = np.clip(track.frame_sharpness / (2 * SHARPNESS_THRESHOLD), 0, 1)
    return np.where(track.valid, front * clear, 0.0)


def pick(expression: Floats, quality: Floats, *, each: int = 3) -> tuple[Pick, ...]:
    """Find the frames most like the key motions.

    Shapes are compared by their angles around the mean of the four templates, so that "none" has a direction too; the
    clip's own are scaled to the templates' amount first. A frame's similarity is weighted by its quality.

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
    keys = np.stack([shape[MOUTH].ravel() for shape in shapes.values()]).astype(np.float64)
    quality = np.asarray(quality, dtype=np.float64)
    usable = quality > 0
    if not usable.any():
        return ()
    mouths = np.asarray(expression, dtype=np.float64)[:, MOUTH].reshape(len(expression), -1)
    opening = mouth_opening(canonical_face() + expression)
    own, full = np.percentile(opening[usable], OPEN_PERCENTILE), float(mouth_opening(canonical_face() + shapes["O"]))
    middle = keys.mean(0)
    about = mouths * full / max(float(own), MIN_OPENING) - middle
    keys = keys - middle
    cosine = (about @ keys.T) / (np.linalg.norm(about, axis=1, keepdims=True) * np.linalg.norm(keys, axis=1) + 1e-12)
    # A frame belongs to the template that it is most like: closed lips are no second-best open ones.
    template = cosine.argmax(1)
    rating = np.where((cosine > SIMILARITY_THRESHOLD) & usable[:, None], cosine * quality[:, None], -np.inf)
    apart = round(MIN_SECONDS_BETWEEN * float(MOTION_RATE))
    picks: list[Pick] = []
    for number, name in enumerate(shapes):
        for _ in range(each):
            score = np.where(template == number, rating[:, number], -np.inf)
            best = int(np.argmax(score))
            if not np.isfinite(score[best]):
                break
            picks.append(
                Pick(
                    template=name,
                    frame=best,
                    time=best / float(MOTION_RATE),
                    similarity=float(cosine[best, number]),
                    quality=float(quality[best]),
                )
            )
            rating[max(0, best - apart) : best + apart + 1] = -np.inf
    return tuple(picks)

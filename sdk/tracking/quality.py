"""Whether a face can serve: its size, how far it is turned, and how sharp it is."""

from __future__ import annotations

from typing import Final

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sdk.data import Box, Floats, Image
from sdk.errors import FaceTooSmall, FaceUnreliable
from sdk.face import align
from sdk.geometry import mouth_opening

SMALLEST: Final = 48
"""Pixels across a face under which its landmarks say too little."""
SMALL: Final = 160
"""Pixels across a face under which fine movements are lost."""
TURNED: Final = 30
"""Degrees of yaw beyond which one half of the mouth is foreshortened."""
TURNED_AWAY: Final = 60
"""Degrees of yaw beyond which half of the landmarks are guesses."""
TEETH_OPENING_THRESHOLD: Final = 0.05
"""Outer-eye distances between the inner lips under which a mouth shows nothing of its teeth: 4 to 5 mm."""
SHARP: Final = 12.0
"""Sharpness under which a face counts as blurred: a blur of about 3 % of its width."""

_SIDE: Final = 128


def turn(points: Floats) -> NDArray[np.float64]:
    """Yaw in degrees, float64 ``[T]``, of landmarks ``[T, 68, 3]`` with depth; positive towards the picture's right."""
    forwards = -align(points).rotation[:, :, 2]
    return np.asarray(np.degrees(np.arctan2(forwards[:, 0], -forwards[:, 2])))


def sharpness(image: Image, box: Box) -> float:
    """The variance of the Laplacian over a face, in squared grey levels (Pech-Pacheco et al., ICPR 2000).

    The face is scaled to 128 pixels first, so that large and small ones compare.
    """
    height, width = image.shape[:2]
    left, top = max(0, int(box[0])), max(0, int(box[1]))
    part = image[top : min(height, int(box[3]) + 1), left : min(width, int(box[2]) + 1)]
    if 0 in part.shape:
        return 0.0
    face = PIL.Image.fromarray(np.ascontiguousarray(part)).convert("L").resize((_SIDE, _SIDE), PIL.Image.Resampling.BOX)
    grey = np.asarray(face, dtype=np.float32)
    around = grey[1:-1, :-2] + grey[1:-1, 2:] + grey[:-2, 1:-1] + grey[2:, 1:-1]
    return float((around - 4 * grey[1:-1, 1:-1]).var())


def judge(*, width: float, yaw: float, sharp: float, where: str) -> list[str]:
    """Refuse a face that cannot serve, and say what is poor about one that can.

    Args:
        width: Pixels across the face.
        yaw: Degrees, either way.
        sharp: ``sharpness`` of it.
        where: The file, for errors.

    Raises:
        FaceTooSmall: Under 48 pixels across.
        FaceUnreliable: Turned beyond 60 degrees.
    """
    if width < SMALLEST:
        raise FaceTooSmall(
            f"the face is {width:.0f} pixels wide, and needs {SMALLEST} at least",
            where=where,
            hint=f"Give a larger picture of it; {SMALL} pixels or more are good.",
        )
    if abs(yaw) > TURNED_AWAY:
        raise FaceUnreliable(
            f"the face is turned away by {abs(yaw):.0f} degrees, so that half of it is not seen",
            where=where,
            hint=f"Give one that looks towards the camera, within {TURNED} degrees.",
        )
    poor = []
    if width < SMALL:
        poor.append(f"the face is {width:.0f} pixels wide; under {SMALL}, fine movements are lost")
    if abs(yaw) > TURNED:
        poor.append(f"the face is turned by {abs(yaw):.0f} degrees; beyond {TURNED}, one half is unsure")
    if sharp < SHARP:
        poor.append(f"the face is blurred (sharpness {sharp:.0f}; {SHARP:.0f} and more are good)")
    return poor


def require_teeth(points: Floats, *, where: str) -> None:
    """Refuse a picture of somebody's teeth that can show none.

    Args:
        points: Landmarks ``[68, 3]``.
        where: The file, for errors.

    Raises:
        FaceUnreliable: The lips are together, or nearly so.
    """
    opening = float(mouth_opening(points))
    if opening < TEETH_OPENING_THRESHOLD:
        raise FaceUnreliable(
            f"the mouth is closed: the lips are apart by {100 * opening:.0f} % of the outer eyes' distance, "
            f"and showing teeth takes {100 * TEETH_OPENING_THRESHOLD:.0f} %",
            where=where,
            hint="Give a picture of the same person that smiles or laughs with teeth, or leave teeth= out.",
        )

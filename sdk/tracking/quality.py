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

MIN_WIDTH_PIXELS: Final = 48
"""Under this width of a face, its landmarks say too little."""
RECOMMENDED_WIDTH_PIXELS: Final = 160
"""Under this width, fine movements are lost."""
MAX_YAW_DEGREES: Final = 60
"""Beyond this, half of the landmarks are guesses."""
RECOMMENDED_YAW_DEGREES: Final = 30
"""Beyond this, one half of the mouth is foreshortened."""
SHARPNESS_THRESHOLD: Final = 12.0
"""Sharpness under which a face counts as blurred: a blur of about 3 % of its width."""
TEETH_OPENING_THRESHOLD: Final = 0.05
"""Outer-eye distances between the inner lips under which a mouth shows none of its teeth: 4 to 5 mm."""

SHARPNESS_PIXELS: Final = 128


def yaw_degrees(points: Floats) -> NDArray[np.float64]:
    """Yaw, float64 ``[T]``, of landmarks ``[T, 68, 3]`` with depth; positive towards the picture's right."""
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
    picture = PIL.Image.fromarray(np.ascontiguousarray(part)).convert("L")
    grey = np.asarray(picture.resize((SHARPNESS_PIXELS,) * 2, PIL.Image.Resampling.BOX), dtype=np.float32)
    around = grey[1:-1, :-2] + grey[1:-1, 2:] + grey[:-2, 1:-1] + grey[2:, 1:-1]
    return float((around - 4 * grey[1:-1, 1:-1]).var())


def quality_warnings(*, width: float, yaw: float, sharpness: float, where: str) -> list[str]:
    """Warn of a face that is small (pixels), turned (degrees, either way) or blurred, and refuse one that cannot serve.

    Raises:
        FaceTooSmall: Under 48 pixels across.
        FaceUnreliable: Turned beyond 60 degrees.
    """
    if width < MIN_WIDTH_PIXELS:
        raise FaceTooSmall(
            f"the face is {width:.0f} pixels wide, and needs {MIN_WIDTH_PIXELS} at least",
            where=where,
            hint=f"Give a larger picture of it; {RECOMMENDED_WIDTH_PIXELS} pixels or more are good.",
        )
    if abs(yaw) > MAX_YAW_DEGREES:
        raise FaceUnreliable(
            f"the face is turned away by {abs(yaw):.0f} degrees, so that half of it is not seen",
            where=where,
            hint=f"Give one that looks towards the camera, within {RECOMMENDED_YAW_DEGREES} degrees.",
        )
    warnings = []
    if width < RECOMMENDED_WIDTH_PIXELS:
        warnings.append(
            f"the face is {width:.0f} pixels wide; under {RECOMMENDED_WIDTH_PIXELS}, fine movements are lost"
        )
    if abs(yaw) > RECOMMENDED_YAW_DEGREES:
        warnings.append(
            f"the face is turned by {abs(yaw):.0f} degrees; beyond {RECOMMENDED_YAW_DEGREES}, one half is unsure"
        )
    if sharpness < SHARPNESS_THRESHOLD:
        warnings.append(f"the face is blurred (sharpness {sharpness:.0f}; {SHARPNESS_THRESHOLD:.0f} and more are good)")
    return warnings


def require_teeth(points: Floats, *, where: str) -> None:
    """Refuse landmarks ``[68, 3]`` of a mouth that cannot show its teeth.

    Raises:
        FaceUnreliable: The lips are together, or nearly so; names ``where``.
    """
    opening = float(mouth_opening(points))
    if opening < TEETH_OPENING_THRESHOLD:
        raise FaceUnreliable(
            f"the mouth is closed: the lips are apart by {100 * opening:.0f} % of the outer eyes' distance, "
            f"and showing teeth takes {100 * TEETH_OPENING_THRESHOLD:.0f} %",
            where=where,
            hint="Give a picture of the same person that smiles or laughs with teeth, or leave teeth= out.",
        )

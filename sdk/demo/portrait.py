"""The demonstration's face."""

from __future__ import annotations

import numpy as np
from PIL import Image as Pillow

from sdk.data import Image
from sdk.errors import ComponentUnavailable, FaceNotFound
from sdk.interfaces import LandmarkDetector
from sdk.registry import install_line

CROP_IN_FACES = 2.6
"""The crop's side, in heights of the face's box: head and shoulders."""


def astronaut(detector: LandmarkDetector, *, size: int = 512) -> Image:
    """Crop scikit-image's astronaut to head and shoulders, uint8 ``[size, size, 3]``.

    NASA's photograph of Eileen Collins is in the public domain, and scikit-image's wheel includes it.

    Args:
        detector: Finds the face.
        size: Pixels along each side.

    Raises:
        ComponentUnavailable: scikit-image is not installed.
        FaceNotFound: The detector finds no face.
    """
    try:
        from skimage.data import astronaut as photograph
    except ImportError as error:
        raise ComponentUnavailable(
            "scikit-image, which carries the demonstration's face, is not installed",
            hint=f"Run: {install_line(['talkstyle[demo]'])}",
        ) from error
    pixels: Image = np.ascontiguousarray(photograph()[:, :, :3])  # type: ignore[no-untyped-call]
    (faces,) = detector.detect([pixels])
    if not faces:
        raise FaceNotFound("no face in the demonstration's photograph", hint="Try another detector.")
    left, top, right, bottom = faces[0].box
    side = min(CROP_IN_FACES * (bottom - top), *pixels.shape[:2])
    # A face sits a little above the middle of head and shoulders, and the crop stays inside the photograph.
    corner = ((left + right - side) / 2, (top + bottom) / 2 - 0.45 * side)
    x, y = (min(max(0.0, at), limit - side) for at, limit in zip(corner, pixels.shape[1::-1], strict=True))
    crop = Pillow.fromarray(pixels).resize((size, size), Pillow.Resampling.LANCZOS, box=(x, y, x + side, y + side))
    return np.asarray(crop)

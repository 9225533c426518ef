"""What every landmark detector must do."""

from __future__ import annotations

from typing import Final

import numpy as np

from sdk.data import Image, Landmarks
from sdk.geometry import MIRROR
from sdk.interfaces import LandmarkDetector
from sdk.testing.pictures import portrait
from sdk.testing.report import Checks, rate, require

CHECKS: Final = Checks()

MAX_ERROR: Final = 0.15
"""Eye distances, on average, between the detected points and the drawn ones; no detector was trained on drawings."""


def _blank(height: int, width: int) -> Image:
    return np.full((height, width, 3), 200, np.uint8)


def _one(detector: LandmarkDetector, image: Image) -> Landmarks:
    (faces,) = detector.detect([image])
    require(len(faces) == 1, f"{len(faces)} faces were found on a drawing of one")
    return faces[0]


@CHECKS.add("no pictures give no answers, and a blank one no face")
def _nothing(detector: LandmarkDetector) -> None:
    require(detector.detect([]) == [], "an empty batch did not give an empty list")
    for size in ((240, 320), (64, 64)):
        found = detector.detect([_blank(*size)])
        require(found == [[]], f"a blank picture of {size[1]}x{size[0]} gave {found!r}, not [[]]")


@CHECKS.add("a drawn face is found where it is")
def _finds(detector: LandmarkDetector) -> None:
    drawing = portrait(400, 360)
    face = _one(detector, drawing.pixels)
    require(isinstance(face, Landmarks), f"a face is {type(face).__name__}, not sdk.Landmarks")
    gaps = np.linalg.norm(face.points[:, :2] - drawing.landmarks.points[:, :2], axis=1)
    unit = float(np.linalg.norm(drawing.landmarks.points[45, :2] - drawing.landmarks.points[36, :2]))
    mean, worst = float(gaps.mean()) / unit, int(gaps.argmax())
    require(mean <= MAX_ERROR, f"points lie {mean:.2f} eye distances away on average; the worst is point {worst}")


@CHECKS.add("points are in iBUG-68 order: left and right are the picture's")
def _order(detector: LandmarkDetector) -> None:
    x = _one(detector, portrait(400, 360).pixels).points[:, 0]
    # Pairs that lie clearly apart: jaw, brows, eyes, nostrils, mouth corners.
    for left in (0, 4, 17, 36, 39, 31, 48):
        right = MIRROR[left]
        require(x[left] < x[right], f"point {left} lies to the right of point {right}")


@CHECKS.add("depth is measured, or said to be zero")
def _depth(detector: LandmarkDetector) -> None:
    face = _one(detector, portrait(400, 360).pixels)
    z = face.points[:, 2]
    require(face.depth == detector.depth, f"the landmarks say depth={face.depth}, the detector {detector.depth}")
    if not detector.depth:
        require(not z.any(), "z is not zero, though the detector says it knows no depth")
        return
    require(z[30] < z[[0, 16]].mean(), "the nose's tip is not nearer to the camera than the jaw's ends: z points away")


@CHECKS.add("pictures of several sizes go in one batch, each on its own")
def _batch(detector: LandmarkDetector) -> None:
    small, large = portrait(256, 300).pixels, portrait(480, 400).pixels
    images = [small, _blank(100, 220), large, small]
    batch = detector.detect(images)
    counts = [len(faces) for faces in batch]
    require(counts == [1, 0, 1, 1], f"1, 0, 1 and 1 faces were drawn, {counts} found")
    for index, image in enumerate(images):
        (alone,) = detector.detect([image])
        same = all(np.allclose(a.points, b.points, atol=0.01) for a, b in zip(batch[index], alone, strict=True))
        require(same, f"picture {index} alone gives other points than in a batch")


@CHECKS.add("the larger of two faces comes first")
def _largest(detector: LandmarkDetector) -> None:
    large, small = portrait(480, 480).pixels, portrait(240, 240).pixels
    canvas = _blank(480, 760)
    canvas[120:360, :240], canvas[:, 280:] = small, large
    (faces,) = detector.detect([canvas])
    widths = [round(face.width) for face in faces]
    require(len(faces) == 2, f"{len(faces)} faces were found on a drawing of two")
    require(widths[0] > widths[1], f"faces of {widths} pixels' width do not come largest first")


@CHECKS.add("pictures are left as they are")
def _untouched(detector: LandmarkDetector) -> None:
    image = portrait(256, 300).pixels.copy()
    before = image.copy()
    detector.detect([image])
    require(np.array_equal(image, before), "the picture was written into")


def speed(detector: LandmarkDetector) -> float:
    """Pictures of 512 x 512 a second."""
    images = [portrait(512, 512).pixels] * 10
    detector.detect(images[:1])
    return rate(len(images), lambda: detector.detect(images))

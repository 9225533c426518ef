"""The inside of the mouth, taken from a second picture of the same person that shows it.

What is above the dark line between the rows of teeth is fixed to the skull, what is below it follows the jaw. Both are
laid where the face frame has them: the same place under the nose, at the same share of the distance between the eyes.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sdk.data import Floats, Image, Portrait
from sdk.geometry import mouth_opening
from sdk.tracking import TEETH_OPENING_THRESHOLD, require_teeth
from talkstyle_warp.contours import MOUTH, Contour
from talkstyle_warp.curves import smoothstep
from talkstyle_warp.fitted_face import FittedFace, fit_face
from talkstyle_warp.mouth import Interior, luma, paint, pixels_within, tooth_tone, under_nose

CHEEKS: Final = ((41, 31, 48, 3, 1), (46, 35, 54, 13, 15))
"""Skin that both pictures show: what their colours are matched by."""

CAST: Final = 0.5
"""How much of the difference in colour is taken for the light's; the rest is the skin's own, flushed or made up."""

DARK: Final = 0.7
"""The line between the rows of teeth is darker than the teeth by this; where no such line is, there is but one row."""

ARC: Final = 0.02
"""By how much the line between the rows is higher at the mouth's corners than in the middle, outer-eye distances."""

LIFTED: Final = 0.08
"""By how far a smile lifts the upper lip at most, outer-eye distances: 7 mm."""

LIP: Final = 0.006
"""By how far the lips' edges are kept out, outer-eye distances: a lip's red must not travel with the teeth."""


def shown_by(portrait: Portrait, *, keep_open: bool) -> Portrait | None:
    """The picture whose teeth a portrait is to show: the one it came with, or itself where its lips are to be closed.

    An open portrait that stays open at rest shows its own mouth as it is, unless another was given.
    """
    if portrait.teeth is not None:
        return portrait.teeth
    itself = not keep_open and mouth_opening(portrait.landmarks.points) >= TEETH_OPENING_THRESHOLD
    return portrait if itself else None


def borrow(teeth: Portrait, pixels: Image, face: FittedFace, contour: Contour, places: Floats) -> Interior:
    """Lay another picture's teeth and tongue over places ``[H, W, 2]`` (pixels) of a portrait.

    A lower row is painted where that picture shows none.

    Args:
        teeth: The picture, its mouth open.
        pixels: The portrait.
        face: The portrait's face.
        contour: The portrait's mouth.
        places: Where to.

    Raises:
        FaceUnreliable: The picture's mouth is closed, or its landmarks make no face.
    """
    require_teeth(teeth.landmarks.points, where="Portrait.teeth")
    photo = fit_face(teeth.landmarks)
    edges = Contour.through(photo.points, MOUTH, closed=False)
    gain = _gain(pixels, face.points, teeth.pixels, photo.points)
    painted = paint(pixels, face, contour, places, tooth=gain * tooth_tone(teeth.pixels, photo.points, open_mouth=True))
    turn = photo.camera[:2, :2] @ np.linalg.inv(face.camera[:2, :2])

    def at(portrait: Floats, picture: Floats) -> NDArray[np.float64]:
        """Where the places are in the other picture, if these two points are one."""
        return np.asarray(picture + (places - portrait) @ turn.T)

    # The upper row is held by the nose, which hardly moves, and a smile lifts the upper lip, by so much at most. The
    # lower row is held by the lip that it stands behind.
    above = at(face.points[33, :2], photo.points[33, :2])
    edge = photo.points[33, :2] + turn @ (under_nose(face, contour, 0) - face.points[33, :2])
    lifted = float((edge - under_nose(photo, edges, 0)) @ edges.axes[1])
    above = above + (float(np.clip(lifted, 0.0, LIFTED * photo.unit)) - lifted) * edges.axes[1]
    below = at(under_nose(face, contour, 1), under_nose(photo, edges, 1))
    soft = max(1.5, 0.012 * photo.unit)
    split = _split(teeth.pixels, edges)
    middle = (1 - split) * edges.edge(0, np.zeros(())) + split * (edges.edge(1, np.zeros(())) - soft - LIP * photo.unit)

    def row(where: NDArray[np.float64], side: int) -> NDArray[np.float32]:
        """Colour and cover; where the picture's lips hide the row, its last line is carried on."""
        along, across = np.moveaxis(edges.coordinates(where), -1, 0)
        top = edges.edge(0, along) + soft + LIP * photo.unit
        bottom = edges.edge(1, along) - soft - LIP * photo.unit
        line = middle - ARC * photo.unit * (along / edges.half) ** 2
        past = smoothstep(across - line, -soft, soft)
        cover = (past if side else 1.0 - past) * smoothstep(bottom - (line if side else top), 0.0, 2 * soft)
        cover *= 1.0 - smoothstep(np.abs(along) / edges.half, 0.7, 1.0)  # no teeth end at an edge
        seen = np.clip(across, top, np.maximum(top, bottom))
        colour = _look(
            teeth.pixels, edges.origin + np.stack([along, seen], axis=-1) @ edges.axes, photo.unit / face.unit
        )
        layer = np.concatenate([np.clip(gain * colour, 0.0, 255.0), cover[..., None]], axis=-1)
        return np.asarray(layer, dtype=np.float32)

    return Interior(painted.cavity, row(above, 0), painted.lower if split == 1.0 else row(below, 1))


def _gain(own: Image, own_points: Floats, other: Image, other_points: Floats) -> NDArray[np.float64]:
    """What the other picture's colours are multiplied by ``[3]``, so that the cheeks are as bright in both."""

    def skin(pixels: Image, points: Floats) -> NDArray[np.float64]:
        flat = np.asarray(points, dtype=np.float64)[:, :2]
        seen = np.concatenate([pixels_within(pixels, flat[list(cheek)]) for cheek in CHEEKS])
        return np.asarray(np.median(seen, axis=0) if len(seen) else np.full(3, 128.0))

    full = skin(own, own_points) / np.maximum(skin(other, other_points), 1.0)
    light = float(luma(skin(own, own_points)) / max(float(luma(skin(other, other_points))), 1.0))
    return np.asarray(np.clip(light * (full / max(light, 1e-3)) ** CAST, 0.3, 3.0))


def _split(pixels: Image, edges: Contour) -> float:
    """Where the rows of teeth part, as a share of the way from the upper lip to the lower; 1 where only one is seen."""
    shares = np.linspace(0.0, 1.0, 33)
    along = np.linspace(-0.45, 0.45, 25) * edges.half
    top, bottom = edges.edge(0, along), edges.edge(1, along)
    across = top + shares[:, None] * (bottom - top)
    local = np.stack([np.broadcast_to(along, across.shape), across], axis=-1)
    light = luma(_bilinear(pixels.astype(np.float64), edges.origin + local @ edges.axes)).mean(axis=1)
    inner = slice(3, -2)  # the lips' own edges
    brightest = int(np.argmax(light[inner])) + 3
    # Teeth in the lower half alone are the lower ones, with the dark above them.
    dark = light[brightest:-1] if shares[brightest] <= 0.6 else light[3 : brightest + 1]
    first = brightest if shares[brightest] <= 0.6 else 3
    if dark.min() > DARK * light[brightest]:
        return 1.0
    split = float(shares[first + int(np.argmin(dark))])
    return split if split < 0.9 else 1.0


def _look(pixels: Image, where: NDArray[np.float64], ratio: float) -> NDArray[np.float64]:
    """The picture's colours at places ``[H, W, 2]``; shrunk first where it is much larger than the portrait."""
    height, width = pixels.shape[:2]
    low = np.clip(np.floor(where.reshape(-1, 2).min(0)) - 2, 0, (width - 2, height - 2)).astype(int)
    high = np.clip(np.ceil(where.reshape(-1, 2).max(0)) + 3, low + 2, (width, height)).astype(int)
    part = pixels[low[1] : high[1], low[0] : high[0]]
    size = (part.shape[1], part.shape[0])
    if ratio > 1.5:
        size = (max(2, round(size[0] / ratio)), max(2, round(size[1] / ratio)))
        part = np.asarray(PIL.Image.fromarray(part).resize(size, PIL.Image.Resampling.BOX))
    scale = np.array(size) / (high - low)
    return _bilinear(part.astype(np.float64), (where - low + 0.5) * scale - 0.5)


def _bilinear(pixels: NDArray[np.float64], where: NDArray[np.float64]) -> NDArray[np.float64]:
    """Colours between pixels; the nearest edge's outside."""
    height, width = pixels.shape[:2]
    x, y = np.clip(where[..., 0], 0, width - 1), np.clip(where[..., 1], 0, height - 1)
    x0, y0 = np.minimum(x.astype(int), max(width - 2, 0)), np.minimum(y.astype(int), max(height - 2, 0))
    x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
    fx, fy = (x - x0)[..., None], (y - y0)[..., None]
    top = pixels[y0, x0] * (1 - fx) + pixels[y0, x1] * fx
    bottom = pixels[y1, x0] * (1 - fx) + pixels[y1, x1] * fx
    return np.asarray(top * (1 - fy) + bottom * fy)

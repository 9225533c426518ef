"""The mouth's interior, taken from a second picture of the same person.

What is above the dark line between the rows of teeth is fixed to the skull, what is below it follows the jaw. Both keep
their position in the face frame: the same place under the nose, scaled by the distance between the eyes.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import PIL.Image

from sdk.data import FloatArray, Floats, Image, Portrait
from sdk.geometry import mouth_opening
from sdk.tracking import TEETH_OPENING_THRESHOLD, require_teeth
from talkstyle_warp.contours import MOUTH, Contour
from talkstyle_warp.curves import Doubles, smoothstep
from talkstyle_warp.fitted_face import FittedFace, fit_face
from talkstyle_warp.mouth import Interior, luma, paint_interior, pixels_within, teeth_middle, tooth_tone

# Skin that both pictures show, by which their colours are matched.
CHEEKS: Final = ((41, 31, 48, 3, 1), (46, 35, 54, 13, 15))
# Share of the difference in hue that is attributed to the light; the rest is the skin's own, flushed or made up.
HUE_EXPONENT: Final = 0.5
# Brightness, relative to the teeth, below which a line counts as the gap between the rows; else there is one row.
GAP_BRIGHTNESS: Final = 0.7
GAP_ARC: Final = 0.02  # how much higher that gap is at the mouth's corners than in the middle, outer-eye distances
MAX_LIFT: Final = 0.08  # how far a smile lifts the upper lip at most, outer-eye distances: 7 mm
# Width of the lips' edges that is left out, outer-eye distances, so that no red of a lip moves with the teeth.
LIP_MARGIN: Final = 0.006


def teeth_source(portrait: Portrait, *, keep_open: bool) -> Portrait | None:
    """The picture whose teeth to show: ``portrait.teeth``; else the portrait, if its open mouth is closed at rest."""
    if portrait.teeth is not None:
        return portrait.teeth
    itself = not keep_open and mouth_opening(portrait.landmarks.points) >= TEETH_OPENING_THRESHOLD
    return portrait if itself else None


def transfer_teeth(teeth: Portrait, pixels: Image, face: FittedFace, contour: Contour, places: Floats) -> Interior:
    """Lay the teeth and tongue of another picture over places ``[H, W, 2]`` (pixels) of a portrait with this mouth.

    The lower row is painted if that picture shows none.

    Raises:
        FaceUnreliable: The other picture's mouth is closed, or its landmarks make no face.
    """
    require_teeth(teeth.landmarks.points, where="Portrait.teeth")
    photo = fit_face(teeth.landmarks)
    edges = Contour.through(photo.points, MOUTH, closed=False)
    gain = _gain(pixels, face.points, teeth.pixels, photo.points)
    tooth = gain * tooth_tone(teeth.pixels, photo.points, open_mouth=True)
    painted = paint_interior(pixels, face, contour, places, tooth=tooth)
    turn = photo.camera[:2, :2] @ np.linalg.inv(face.camera[:2, :2])

    def at(portrait: Floats, picture: Floats) -> Doubles:
        """The places in the other picture, if these two points correspond."""
        return np.asarray(picture + (places - portrait) @ turn.T)

    # The upper row is placed by the nose, corrected for how far a smile lifts the upper lip; the lower row by the lip
    # in front of it.
    above = at(face.points[33, :2], photo.points[33, :2])
    edge = photo.points[33, :2] + turn @ (teeth_middle(face, contour, 0) - face.points[33, :2])
    lifted = float((edge - teeth_middle(photo, edges, 0)) @ edges.axes[1])
    above = above + (float(np.clip(lifted, 0.0, MAX_LIFT * photo.unit)) - lifted) * edges.axes[1]
    below = at(teeth_middle(face, contour, 1), teeth_middle(photo, edges, 1))
    soft, margin = max(1.5, 0.012 * photo.unit), LIP_MARGIN * photo.unit
    split = _split(teeth.pixels, edges)
    middle = (1 - split) * edges.edge(0, np.zeros(())) + split * (edges.edge(1, np.zeros(())) - soft - margin)

    def row(where: Doubles, side: int) -> FloatArray:
        """Colour and opacity; where the picture's lips hide the row, its last line is extended."""
        along, across = np.moveaxis(edges.coordinates(where), -1, 0)
        top = edges.edge(0, along) + soft + margin
        bottom = edges.edge(1, along) - soft - margin
        line = middle - GAP_ARC * photo.unit * (along / edges.half) ** 2
        past = smoothstep(across - line, -soft, soft)
        cover = (past if side else 1.0 - past) * smoothstep(bottom - (line if side else top), 0.0, 2 * soft)
        cover *= 1.0 - smoothstep(np.abs(along) / edges.half, 0.7, 1.0)  # teeth fade out to the sides
        seen = np.clip(across, top, np.maximum(top, bottom))
        colour = _sample(teeth.pixels, edges.to_pixels(along, seen), photo.unit / face.unit)
        layer = np.concatenate([np.clip(gain * colour, 0.0, 255.0), cover[..., None]], axis=-1)
        return np.asarray(layer, dtype=np.float32)

    upper = row(above, 0)
    # To the sides, where the picture's lips hide its teeth, painted ones go on.
    cover = upper[..., 3:] + (1 - upper[..., 3:]) * painted.upper[..., 3:]
    share = upper[..., 3:] / np.maximum(cover, 1e-6)
    upper = np.concatenate([share * upper[..., :3] + (1 - share) * painted.upper[..., :3], cover], axis=-1)
    return Interior(painted.cavity, upper, painted.lower if split == 1.0 else row(below, 1))


def _gain(own: Image, own_points: Floats, other: Image, other_points: Floats) -> Doubles:
    """Factors ``[3]`` on the other picture's colours that make the cheeks equally bright in both."""

    def skin(pixels: Image, points: Floats) -> Doubles:
        seen = np.concatenate([pixels_within(pixels, points, cheek) for cheek in CHEEKS])
        return np.asarray(np.median(seen, axis=0) if len(seen) else np.full(3, 128.0))

    here, there = skin(own, own_points), skin(other, other_points)
    full, light = here / np.maximum(there, 1.0), float(luma(here) / max(float(luma(there)), 1.0))
    return np.asarray(np.clip(light * (full / max(light, 1e-3)) ** HUE_EXPONENT, 0.3, 3.0))


def _split(pixels: Image, edges: Contour) -> float:
    """Where the gap between the rows is, from 0 at the upper lip to 1 at the lower; 1 if there is one row."""
    shares = np.linspace(0.0, 1.0, 33)
    along = np.linspace(-0.45, 0.45, 25) * edges.half
    top, bottom = edges.edge(0, along), edges.edge(1, along)
    across = top + shares[:, None] * (bottom - top)
    light = luma(_bilinear(pixels.astype(np.float64), edges.to_pixels(along, across))).mean(axis=1)
    inner = slice(3, -2)  # the lips' own edges
    brightest = int(np.argmax(light[inner])) + 3
    # Teeth in the lower half only are the lower row; the gap is above them.
    dark = light[brightest:-1] if shares[brightest] <= 0.6 else light[3 : brightest + 1]
    first = brightest if shares[brightest] <= 0.6 else 3
    if dark.min() > GAP_BRIGHTNESS * light[brightest]:
        return 1.0
    split = float(shares[first + int(np.argmin(dark))])
    return split if split < 0.9 else 1.0


def _sample(pixels: Image, where: Doubles, ratio: float) -> Doubles:
    """The picture's colours at places ``[H, W, 2]``; downscaled first if it is much larger than the portrait."""
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


def _bilinear(pixels: Doubles, where: Doubles) -> Doubles:
    """Colours interpolated between pixels; outside, those of the nearest edge."""
    height, width = pixels.shape[:2]
    x, y = np.clip(where[..., 0], 0, width - 1), np.clip(where[..., 1], 0, height - 1)
    x0, y0 = np.minimum(x.astype(int), max(width - 2, 0)), np.minimum(y.astype(int), max(height - 2, 0))
    x1, y1 = np.minimum(x0 + 1, width - 1), np.minimum(y0 + 1, height - 1)
    fx, fy = (x - x0)[..., None], (y - y0)[..., None]
    top = pixels[y0, x0] * (1 - fx) + pixels[y0, x1] * fx
    bottom = pixels[y1, x0] * (1 - fx) + pixels[y1, x1] * fx
    return np.asarray(top * (1 - fy) + bottom * fy)

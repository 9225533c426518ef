"""The mouth's interior, painted once per portrait: cavity, upper teeth, lower teeth and tongue.

Measures are those of an average adult's dentition, in outer-eye distances (90 mm).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import FloatArray, Floats, Image
from talkstyle_warp.contours import EYES, Contour
from talkstyle_warp.curves import Doubles, smoothstep
from talkstyle_warp.fitted_face import FittedFace

# Crown widths from the middle outwards (mm / 90): incisors, canine, premolars, molars.
_UPPER_WIDTHS: Final = (0.094, 0.073, 0.084, 0.078, 0.075, 0.110, 0.105)
_LOWER_WIDTHS: Final = (0.058, 0.065, 0.076, 0.078, 0.080, 0.120, 0.115)
LOWER_BITE: Final = 0.012  # how far the lower teeth stand above the lower lip's edge
_UPPER_ARCH: Final = 0.34
_LOWER_ARCH: Final = 0.31


@dataclass(frozen=True, eq=False)
class Interior:
    """Layers over a window of the portrait, in the portrait's pixels, with the lips closed."""

    cavity: FloatArray  # the cavity's colour, [3], 0 to 255
    # upper teeth and gum, colour (0 to 255) and opacity (0 to 1), float32 [H, W, 4]; fixed to the skull
    upper: FloatArray
    lower: FloatArray  # lower teeth in front of the tongue, likewise; follows the jaw


def _polygon_mask(points: Doubles, places: Doubles) -> NDArray[np.bool_]:
    """Which places ``[..., 2]`` lie within a polygon, by counting crossings."""
    inside = np.zeros(places.shape[:-1], dtype=bool)
    x, y = places[..., 0], places[..., 1]
    for (x0, y0), (x1, y1) in zip(points, np.roll(points, -1, axis=0), strict=True):
        crosses = (y0 > y) != (y1 > y)
        inside ^= crosses & (x < (x1 - x0) * (y - y0) / np.where(y1 == y0, 1e-9, y1 - y0) + x0)
    return inside


def pixels_within(pixels: Image, points: Floats, polygon: Sequence[int]) -> Doubles:
    """The colours inside a polygon of landmarks, ``[N, 3]``; possibly none."""
    points = np.asarray(points, dtype=np.float64)[[*polygon], :2]
    height, width = pixels.shape[:2]
    x0, y0 = np.clip(np.floor(points.min(0)), 0, (width - 1, height - 1)).astype(int)
    x1, y1 = np.clip(np.ceil(points.max(0)) + 1, 1, (width, height)).astype(int)
    if x1 <= x0 or y1 <= y0:
        return np.zeros((0, 3))
    step = max(1, (x1 - x0) // 200)
    ys, xs = np.mgrid[y0:y1:step, x0:x1:step]
    inside = _polygon_mask(points, np.stack([xs, ys], axis=-1).astype(np.float64))
    return np.asarray(pixels[ys[inside], xs[inside]], dtype=np.float64)


def luma(colour: Doubles) -> Doubles:
    """The luma of colours ``[..., 3]`` (ITU-R BT.601)."""
    return np.asarray(colour @ np.array([0.299, 0.587, 0.114]))


def _brightest(colours: Doubles, share: float) -> Doubles:
    """The mean of the brightest share of colours ``[N, 3]``."""
    light = luma(colours)
    return np.asarray(colours[light >= np.quantile(light, 1.0 - share)].mean(axis=0))


def tooth_tone(pixels: Image, points: Floats, *, open_mouth: bool = False) -> Doubles:
    """The colour of teeth in this portrait's light, ``[3]``.

    That of its own teeth if an open mouth shows them; else the whites of the eyes, kept near the skin's brightness.
    """
    eyes = np.concatenate([pixels_within(pixels, points, (*upper, *lower[-2:0:-1])) for upper, lower in EYES])
    skin = pixels_within(pixels, points, (31, 35, 53, 49))
    skin_tone = np.median(skin, axis=0) if len(skin) else np.array([180.0, 140.0, 120.0])
    white = _brightest(eyes, 0.2) if len(eyes) >= 12 else np.array([205.0, 195.0, 180.0])
    inside = pixels_within(pixels, points, range(60, 68)) if open_mouth else eyes[:0]
    if len(inside) >= 12:
        shown = _brightest(inside, 0.3)
        if luma(shown) > 0.75 * luma(skin_tone) and shown[2] > 0.6 * shown[0]:
            return np.minimum(shown, 250.0)  # these are the teeth themselves
    # An eye may be in shadow, or have a glint on it.
    goal = float(np.clip(luma(white), 1.1 * luma(skin_tone), 1.35 * luma(skin_tone)))
    hue = (
        0.3 * white / max(float(luma(white)), 1.0)
        + 0.5 * np.array([1.04, 1.0, 0.89])
        + 0.2 * skin_tone / max(float(luma(skin_tone)), 1.0)
    )
    return np.asarray(np.clip(hue * goal, 0.0, 250.0), dtype=np.float64)


def lip_tone(pixels: Image, points: Floats) -> Doubles:
    """The lower lip's colour, ``[3]``."""
    lip = pixels_within(pixels, points, (60, 67, 66, 65, 64, 55, 56, 57, 58, 59))
    return np.median(lip, axis=0) if len(lip) else np.array([170.0, 100.0, 95.0])


def _teeth(
    a: Doubles, b: Doubles, widths: tuple[float, ...], arch: float, blur: float
) -> tuple[Doubles, Doubles, Doubles]:
    """A row of crowns from the front: opacity, shade (1 is the tone itself) and share of gum, each ``[H, W]``, 0 to 1.

    ``a`` is the place across the face from the middle, ``b`` that from the biting edge towards the gum, ``[H, W]``,
    ``arch`` the half width of the dental arch, and ``blur`` a pixel's size, all in outer-eye distances.
    """
    side = np.clip(np.abs(a) / arch, 0.0, 0.999)
    arc = arch * np.arcsin(side)  # along the arch, which foreshortens the outer crowns
    ends = np.concatenate([[0.0], np.cumsum(widths)])
    index = np.clip(np.searchsorted(ends, arc, side="right") - 1, 0, len(widths) - 1)
    width = np.asarray(widths)[index]
    t = (arc - ends[index]) / width - 0.5
    height = np.array([0.110, 0.097, 0.108, 0.088, 0.080, 0.075, 0.070])[index] * (0.85 + 0.15 * (widths[0] > 0.08))
    recess = np.array([0.0, 0.010, 0.0, 0.008, 0.010, 0.012, 0.014])[index] if widths[0] > 0.08 else 0.0
    bite = recess + 0.012 * np.abs(2 * t) ** 5 + 0.020 * side**2
    coverage = smoothstep(b - bite, -blur, blur)
    gum_line = height * (1.0 - 0.16 * (2 * t) ** 2)
    gum = smoothstep(b - gum_line, -0.008, 0.008)
    between = np.exp(-(((0.5 - np.abs(t)) * width / (0.006 + 0.4 * blur)) ** 2)) * (0.006 / (0.006 + 0.4 * blur))
    edge = np.exp(-((b - bite) / 0.012)) * (b > bite)
    shade = (1.0 - 0.55 * side**2.2) * (1.0 - 0.20 * between) * (1.0 - 0.10 * edge)
    shade *= 1.0 - 0.10 * smoothstep(b, 0.03, 0.11)
    fade = 1.0 - smoothstep(np.abs(a), 0.97 * arch, arch)
    return coverage * fade, shade, gum


def teeth_middle(face: FittedFace, contour: Contour, side: int) -> Doubles:
    """The middle of the teeth on a lip's edge (0 upper, 1 lower), ``[2]``, pixels: under the nose."""
    nose, bridge, corners = face.shape[33], face.shape[27], (face.shape[48] + face.shape[54]) / 2
    middle = np.array([0.35 * (nose[0] + bridge[0]) + 0.3 * corners[0], corners[1], corners[2]])
    along = contour.coordinates(face.to_pixels(middle[None])[0, :2])[0]
    return contour.to_pixels(along, contour.edge(side, along))


def paint_interior(
    pixels: Image, face: FittedFace, contour: Contour, places: Doubles, *, tooth: Doubles | None = None
) -> Interior:
    """Paint the layers over places ``[H, W, 2]`` (pixels) of a portrait; ``tooth`` is the teeth's colour, if known."""
    transferred = tooth is not None
    if tooth is None:
        tooth = tooth_tone(pixels, face.points, open_mouth=face.parted)
    lip = lip_tone(pixels, face.points)
    skin_light = float(luma(tooth))
    # In the mouth's own plane, so that a turned portrait foreshortens the teeth like the mouth.
    middle, under = teeth_middle(face, contour, 0), teeth_middle(face, contour, 1)
    a, b = np.moveaxis(face.plane(places - middle), -1, 0)
    # The upper teeth are behind the upper lip, the lower ones behind the lower lip, whether the mouth is open or not.
    c = b - float((under - middle) @ contour.axes[1]) / face.unit
    blur = 0.7 / face.unit + 0.004
    gum_tone = 0.55 * lip + 0.45 * np.array([1.0, 0.55, 0.52]) * skin_light * 0.75

    def crowns(cover: Floats, shade: Floats, gum: Floats, dim: float) -> FloatArray:
        colour = (1 - gum[..., None]) * tooth + gum[..., None] * gum_tone * 0.75
        return np.asarray(
            np.concatenate([colour * shade[..., None] * dim, cover[..., None]], axis=-1), dtype=np.float32
        )

    # At rest the upper incisors reach 3 mm below the line of the lips, and the lower ones, behind them, 1 mm above it.
    upper = crowns(*_teeth(a, 0.030 - b, _UPPER_WIDTHS, _UPPER_ARCH, blur), 1.0)
    lower_teeth = crowns(*_teeth(a, c + LOWER_BITE, _LOWER_WIDTHS, _LOWER_ARCH, blur), 0.86)
    tongue_tone = 0.5 * lip + 0.5 * np.array([0.95, 0.50, 0.50]) * skin_light * 0.7
    dome = np.sqrt((a / 0.27) ** 2 + (np.minimum(c - 0.08, 0.0) / 0.30) ** 2)
    tongue_cover = 1.0 - smoothstep(dome, 0.45, 1.0)
    groove = 1.0 - 0.12 * np.exp(-((a / 0.035) ** 2))
    light = np.exp(-(((np.abs(a) - 0.07) / 0.06) ** 2) - ((c - 0.01) / 0.05) ** 2)  # wet, on either side of the groove
    tongue_shade = (0.58 + 0.37 * smoothstep(c, -0.20, 0.06) + 0.12 * light) * groove
    tongue = tongue_tone * tongue_shade[..., None]
    cover = lower_teeth[..., 3:]
    joined_cover = cover + (1 - cover) * tongue_cover[..., None]
    joined = cover * lower_teeth[..., :3] + (1 - cover) * tongue_cover[..., None] * tongue
    joined /= np.maximum(joined_cover, 1e-6)
    lower = np.concatenate([joined, joined_cover], axis=-1).astype(np.float32)
    if face.parted and not transferred:
        # Next to the portrait's own teeth, painted ones in the corners of the mouth would look painted.
        upper[..., 3] *= 1.0 - smoothstep(np.abs(a) * face.unit / contour.half, 0.5, 0.75)
    cavity = (np.array([0.20, 0.085, 0.075]) * skin_light).astype(np.float32)
    return Interior(cavity, upper, lower)

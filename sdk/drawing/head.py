"""The drawing itself, from back to front: backdrop, hair, shoulders, neck, ears, face, features, hair in front."""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
import PIL.Image
from numpy.typing import ArrayLike, NDArray

from sdk.data import FloatArray, Image
from sdk.drawing.brush import Canvas, Curve, blend, curve, ribbon
from sdk.drawing.look import Colour, Look
from sdk.errors import ConfigError
from sdk.geometry import LEFT_EYE, RIGHT_EYE, rotation_matrix

MIN_SIZE: Final = 64
EYES: Final = 0.27
"""The distance of the outer eye corners, as a share of the picture's side."""
CENTRE: Final = (0.5, 0.465)
"""The point between the eyes, as shares of the picture's side."""

DARK: Final = (44, 26, 26)
WHITE: Final = (240, 236, 232)

# Outlines beyond the landmarks, in the face frame, from the picture's left to its right.
_CROWN: Final = (
    (-0.80, 0.10, 0.60), (-0.86, -0.22, 0.60), (-0.83, -0.56, 0.58), (-0.66, -0.90, 0.56), (-0.34, -1.10, 0.56),
    (0.0, -1.16, 0.56), (0.36, -1.10, 0.56), (0.68, -0.90, 0.56), (0.84, -0.56, 0.58), (0.86, -0.22, 0.60),
    (0.80, 0.10, 0.60),
)  # fmt: skip
_FRINGE: Final = (
    (-0.77, 0.10, 0.50), (-0.735, -0.14, 0.42), (-0.65, -0.38, 0.26), (-0.47, -0.60, 0.14), (-0.30, -0.76, 0.10),
    (-0.16, -0.74, 0.09), (0.16, -0.60, 0.08), (0.44, -0.46, 0.12), (0.64, -0.28, 0.24), (0.735, -0.10, 0.42),
    (0.77, 0.10, 0.50),
)  # fmt: skip
_CROP: Final = (
    (-0.775, 0.12, 0.52), (-0.70, 0.02, 0.44), (-0.68, -0.30, 0.28), (-0.60, -0.52, 0.18), (-0.38, -0.62, 0.10),
    (-0.10, -0.66, 0.08), (0.18, -0.68, 0.08), (0.48, -0.60, 0.14), (0.66, -0.34, 0.28), (0.70, 0.02, 0.44),
    (0.775, 0.12, 0.52),
)  # fmt: skip
# One side of long hair: outer and inner edge of what falls beside the face.
_FALL_OUT: Final = (
    (0.855, -0.30, 0.60),
    (0.93, 0.20, 0.62),
    (1.01, 0.75, 0.60),
    (1.03, 1.30, 0.50),
    (0.84, 1.86, 0.40),
)
_FALL_IN: Final = (
    (0.765, -0.26, 0.50),
    (0.765, 0.20, 0.50),
    (0.75, 0.70, 0.46),
    (0.69, 1.20, 0.42),
    (0.78, 1.87, 0.38),
)
_EAR: Final = (
    (-0.775, -0.02, 0.56),
    (-0.86, -0.04, 0.62),
    (-0.885, 0.12, 0.63),
    (-0.85, 0.30, 0.62),
    (-0.775, 0.38, 0.56),
)


def draw(
    person: Look, size: int, factor: int, expression: NDArray[np.float64], pose: NDArray[np.float64]
) -> tuple[Image, NDArray[np.uint8], FloatArray]:
    """The picture of a person, the silhouette as alpha, and the landmarks in the picture's pixels.

    ``factor`` is how many times larger the canvas is, which smooths the edges.
    """
    if size < MIN_SIZE:
        raise ConfigError(f"size={size} is too small to draw a face", where="size", hint=f"Give {MIN_SIZE} or more.")
    head = _Head(person, size * factor, expression, pose)
    head.paint()
    pixels, mask = (np.asarray(picture.reduce(factor)) for picture in (head.canvas.picture, head.canvas.mask))
    return pixels, mask, (head.points / factor).astype(np.float32)


class _Head:
    """One drawing; everything in it is in canvas pixels."""

    def __init__(self, person: Look, side: int, expression: NDArray[np.float64], pose: NDArray[np.float64]) -> None:
        self.person = person
        self.unit = EYES * side
        self.origin = np.array([CENTRE[0] * side, CENTRE[1] * side, 0.0])
        self.rotation = rotation_matrix(pose[:3])
        self.travel = pose[3:]
        self.shape = person.face + expression
        self.points = self.place(self.shape)
        self.canvas = Canvas(_backdrop(side, *person.backdrop).copy())
        self.rng = np.random.default_rng(person.seed)

    def place(self, shape: ArrayLike) -> NDArray[np.float64]:
        """From the face frame to the canvas, ``[N, 3]``."""
        return np.asarray((np.asarray(shape) @ self.rotation.T + self.travel) * self.unit + self.origin)

    def at(self, shape: ArrayLike, *, per: int = 6) -> Curve:
        """A smooth line through points of the head, on the canvas."""
        return curve(self.place(shape)[:, :2], per=per)

    def body(self, shape: ArrayLike) -> Curve:
        """A smooth line through points that follow the head's translation a little, and not its rotation."""
        still = np.asarray(shape, dtype=np.float64) + 0.4 * self.travel[:2]
        return curve(still * self.unit + self.origin[:2])

    def paint(self) -> None:
        """Paint everything, from back to front."""
        crop = _FRINGE if self.person.long_hair else _CROP
        self._hair_behind()
        self._body()
        if not self.person.long_hair:
            self._ears()
        self._face()
        self._nose()
        self._eye(self.shape[RIGHT_EYE], -1.0)
        self._eye(self.shape[LEFT_EYE], 1.0)
        self._brows()
        self._mouth()
        self._hair(_CROWN, crop, 64)
        if self.person.long_hair:
            for mirror in ((-1.0, 1.0, 1.0), (1.0, 1.0, 1.0)):
                self._hair(np.array(_FALL_OUT) * mirror, np.array(_FALL_IN) * mirror, 30)
        self._hair(_CROWN, crop, 64)

    def _stroke(self, line: Curve, width: float, colour: Colour, *, start: float, end: float = 2.9) -> None:
        """A line that is thickest in its middle: its width is a sine from ``start`` to ``end``."""
        self.canvas.fill(ribbon(line, self.unit * width * np.sin(np.linspace(start, end, len(line)))), colour)

    def _hair_behind(self) -> None:
        dark = blend(*self.person.hair, 0.08)
        if self.person.long_hair:
            left = np.array(_FALL_OUT) * (-1.0, 1.0, 1.0)
            outline = np.concatenate([left[::-1], np.array(_CROWN)[1:-1], np.array(_FALL_OUT)])
        else:
            outline = np.concatenate([[(-0.74, 0.45, 0.62)], np.array(_CROWN), [(0.74, 0.45, 0.62)]])
        self.canvas.fill(self.at(outline), dark, solid=True)

    def _body(self) -> None:
        person, canvas = self.person, self.canvas
        skin = blend(person.light, person.shadow, 0.55)
        jaw = self.points[:, :2]
        side = [(-0.42, 1.25), (-0.44, 1.50), (-0.62, 1.68), (-0.95, 1.80), (-0.95, 2.10)]
        left, right = self.body(side), self.body([(-x, y) for x, y in side[::-1]])
        ends = jaw[[3, 13]] * 0.75 + jaw[[13, 3]] * 0.25
        neck = np.concatenate([ends[:1], left, right, ends[1:]])
        canvas.fill(neck, skin, solid=True)
        cast = curve(jaw[1:16]) + np.array([0.05, 0.20]) * self.unit
        canvas.soft(cast, blend(person.shadow, DARK, 0.35), share=0.85, blur=0.09 * self.unit, within=neck)
        light = self.body([(-0.36, 1.38), (-0.30, 1.40), (-0.30, 1.62), (-0.42, 1.66)])
        canvas.soft(light, person.light, share=0.5, blur=0.07 * self.unit, within=neck)
        collar = [(-0.66, 1.61), (-0.50, 1.76), (-0.24, 1.90), (0.0, 1.94), (0.24, 1.90), (0.50, 1.76), (0.66, 1.61)]
        arm = [(1.10, 1.72), (1.55, 1.86), (1.85, 2.10), (1.95, 2.60)]
        cloth = self.body([(-x, y) for x, y in arm[::-1]] + collar + arm)
        canvas.fill(cloth, person.cloth, solid=True)
        dark = self.body([(0.15, 2.15), (0.95, 1.75), (2.1, 2.0), (2.1, 2.7), (0.3, 2.7)])
        canvas.soft(dark, blend(person.cloth, DARK, 0.6), share=0.6, blur=0.2 * self.unit, within=cloth)
        lit = self.body([(-1.5, 1.95), (-1.0, 1.80), (-0.6, 1.82), (-0.8, 2.1)])
        canvas.soft(lit, blend(person.cloth, WHITE, 0.4), share=0.45, blur=0.12 * self.unit, within=cloth)
        canvas.fill(ribbon(self.body(collar), 0.05 * self.unit), blend(person.cloth, WHITE, 0.16))

    def _ears(self) -> None:
        skin = blend(self.person.light, self.person.shadow, 0.45)
        for sign in (-1.0, 1.0):
            outline = np.array(_EAR) * (sign, 1.0, 1.0)
            self.canvas.fill(self.at(outline), skin, solid=True)
            rim = self.at(outline * (0.985, 0.75, 1.0) + _by(0, 0.04))
            self.canvas.fill(ribbon(rim, 0.02 * self.unit), self.person.shadow)

    def _face(self) -> None:
        top = [(0.755, -0.12, 0.46), (0.70, -0.42, 0.34), (0.54, -0.70, 0.24), (0.28, -0.86, 0.20), (0.0, -0.90, 0.18)]
        top = [*top, *((-x, y, z) for x, y, z in top[-2::-1])]
        closed = np.concatenate([self.points[:17], self.place(top), self.points[:1]])[:, :2]
        outline = curve(closed)
        self.canvas.fill(outline, self.person.light, solid=True)
        self.canvas.paste(self._skin(), outline)

    def _skin(self) -> PIL.Image.Image:
        """The skin's shading: an ellipsoid lit from the upper left, and soft spots placed at landmarks."""
        person, side = self.person, self.canvas.picture.width // 4
        middle = self.place([(0.0, 0.22, 0.3)])[0, :2]
        axes = (self.place([(1.0, 0.22, 0.3), (0.0, 1.22, 0.3)])[:, :2] - middle).T
        rows, columns = np.mgrid[0:side, 0:side].astype(np.float32) * 4 + 2
        inverse = np.linalg.inv(axes)
        dx, dy = columns - middle[0], rows - middle[1]
        u = (inverse[0, 0] * dx + inverse[0, 1] * dy).astype(np.float32)
        v = (inverse[1, 0] * dx + inverse[1, 1] * dy).astype(np.float32)
        nx, ny = u / 0.86, v / 1.22
        nz = np.sqrt(np.maximum(0.02, 1 - nx * nx - ny * ny))
        lit = np.clip((-0.42 * nx - 0.34 * ny + 0.84 * nz - 0.12) / 0.80, 0, 1)
        lit = lit * lit * (3 - 2 * lit)
        light, shadow, red = (np.array(c, dtype=np.float32) for c in (person.light, person.shadow, person.lips))
        skin = shadow + (light - shadow) * lit[..., None]
        # Landmark, offset in the face frame, spread across and down, opacity, colour.
        deep, bright = shadow * 0.78, np.minimum(255, light * 1.06 + 4)
        spots = (
            (39, (0.02, -0.05), (0.11, 0.10), 0.42, shadow), (42, (-0.02, -0.05), (0.11, 0.10), 0.48, shadow),
            (37, (0.05, -0.07), (0.20, 0.075), 0.34, shadow), (44, (-0.05, -0.07), (0.20, 0.075), 0.38, shadow),
            (41, (0.06, 0.08), (0.17, 0.045), 0.22, shadow), (46, (-0.06, 0.08), (0.17, 0.045), 0.26, shadow),
            (31, (-0.26, -0.02), (0.19, 0.13), 0.24, red), (35, (0.26, -0.02), (0.19, 0.13), 0.16, red),
            (28, (0.13, 0.03), (0.055, 0.16), 0.36, shadow), (29, (0.13, 0.06), (0.06, 0.14), 0.40, shadow),
            (28, (-0.01, -0.04), (0.04, 0.18), 0.50, bright), (29, (-0.02, 0.0), (0.045, 0.12), 0.50, bright),
            (30, (-0.03, -0.01), (0.06, 0.05), 0.70, bright), (30, (0.02, 0.03), (0.15, 0.09), 0.22, red),
            (33, (0.02, 0.045), (0.17, 0.04), 0.55, shadow), (35, (0.04, -0.01), (0.05, 0.07), 0.40, shadow),
            (31, (-0.04, -0.01), (0.04, 0.06), 0.25, shadow),
            (51, (0.02, -0.075), (0.03, 0.05), 0.25, shadow),
            (57, (0.0, 0.085), (0.15, 0.04), 0.50, shadow), (8, (-0.02, -0.13), (0.14, 0.08), 0.40, bright),
            (48, (-0.05, -0.02), (0.05, 0.07), 0.28, shadow), (54, (0.05, -0.02), (0.05, 0.07), 0.34, shadow),
            (27, (-0.12, -0.42), (0.34, 0.16), 0.40, bright), (31, (-0.20, -0.18), (0.16, 0.07), 0.34, bright),
            (8, (0.0, 0.06), (0.40, 0.06), 0.35, deep),
        )  # fmt: skip
        for index, offset, spread, share, colour in spots:
            anchor = self.place([self.shape[index] + _by(*offset)])[0, :2]
            cx, cy = inverse @ (anchor - middle)
            x, y = (anchor / 4).astype(int)
            reach = int(0.75 * max(spread) * self.unit) + 2  # three deviations
            part = np.s_[max(0, y - reach) : max(0, y + reach), max(0, x - reach) : max(0, x + reach)]
            weight = share * np.exp(-0.5 * (((u[part] - cx) / spread[0]) ** 2 + ((v[part] - cy) / spread[1]) ** 2))
            skin[part] += (colour - skin[part]) * weight[..., None]
        small = PIL.Image.fromarray(np.clip(skin, 0, 255).astype(np.uint8))
        return small.resize(self.canvas.picture.size, PIL.Image.Resampling.BILINEAR)

    def _nose(self) -> None:
        dark, fold = (blend(self.person.shadow, DARK, share) for share in (0.62, 0.25))
        for wing, hole, sign in ((31, 32, -1.0), (35, 34, 1.0)):
            p, q = self.shape[wing], self.shape[hole]
            nostril = [p + _by(-0.055 * sign, 0.012), q + _by(0.022 * sign, -0.012), q + _by(-0.03 * sign, 0.012)]
            self._stroke(self.at(nostril), 0.03, dark, start=0.3)
            steps = [(-0.03, -0.095, 0.03), (0.022, -0.045, 0.02), (0.008, 0.012, 0), (-0.04, 0.022, 0)]
            self._stroke(self.at([p + _by(x * sign, y, z) for x, y, z in steps]), 0.016, fold, start=0.2)

    def _eye(self, p: NDArray[np.float64], out: float) -> None:
        canvas, unit, upper = self.canvas, self.unit, p[:4]
        over, under = self.at(upper), self.at(p[[3, 4, 5, 0]])
        outline = np.concatenate([over, under[1:-1]])
        opening = float(np.linalg.norm(p[1] - p[5]) + np.linalg.norm(p[2] - p[4])) / 2
        lash = blend(self.person.hair[0], DARK, 0.6)
        if opening > 0.012:
            centre = np.array([p[[0, 3], 0].mean(), p[[0, 3], 1].mean() - 0.012, p[:, 2].mean()])
            spot = self.place([centre])[0, :2]
            with canvas.inside(outline) as ball:
                ball.fill(outline, WHITE)
                ball.disc(spot, 0.072 * unit, blend(self.person.iris, DARK, 0.65))
                ball.disc(spot, 0.062 * unit, self.person.iris)
                ball.disc(spot + np.array([0.0, 0.02]) * unit, 0.043 * unit, blend(self.person.iris, WHITE, 0.3))
                ball.disc(spot, 0.032 * unit, (18, 14, 16))
                ball.soft(ribbon(over, 0.07 * unit), (70, 50, 50), share=0.75, blur=0.018 * unit)
                ball.disc(spot + np.array([-0.024, -0.026]) * unit, 0.017 * unit, (255, 255, 255))
        lift = np.array([0.0, -0.048, 0.01])
        first, last = (0, 3) if out < 0 else (3, 0)
        crease = np.array([p[0] + lift * 0.9, p[1] + lift * 1.05, p[2] + lift, p[3] + lift * 0.6])
        self._stroke(self.at(crease), 0.013, blend(self.person.shadow, DARK, 0.3), start=0.25)
        self._stroke(under, 0.009, blend(self.person.shadow, DARK, 0.4), start=0.1, end=3.0)
        wing = p[first] + (_by(out * 0.04, -0.02, 0.02) if self.person.long_hair else _by(out * 0.014, -0.004, 0.01))
        line = self.at([wing, *upper] if first == 0 else [*upper, wing])
        width = np.interp(np.linspace(0, 1, len(line)), [0, 0.25, 0.75, 1], [0.15, 1.0, 0.9, 0.35])
        canvas.fill(ribbon(line, unit * 0.026 * (width if first == 0 else width[::-1])), lash)
        corner = self.at([p[last] + _by(0, 0.004), p[last] + _by(-out * 0.02, 0.012)])
        canvas.fill(ribbon(corner, unit * 0.02), blend(self.person.lips, WHITE, 0.25))

    def _brows(self) -> None:
        colour = blend(blend(*self.person.hair, 0.1), self.person.shadow, 0.18)
        thickness = (0.25, 0.8, 1.0, 1.0, 0.7)
        for brow, profile in ((self.shape[17:22], thickness), (self.shape[22:27], thickness[::-1])):
            line = self.at(brow + _by(0.0, 0.022, 0.0), per=8)
            width = np.interp(np.linspace(0, 4, len(line)), range(5), profile) * 0.062 * self.unit
            self.canvas.soft(ribbon(line, width * 1.25), colour, share=0.55, blur=0.012 * self.unit)
            self.canvas.fill(ribbon(line, width * 0.72), colour)

    def _mouth(self) -> None:
        canvas, unit, s = self.canvas, self.unit, self.shape
        upper_out, lower_out = self.at(s[48:55]), self.at(s[[54, 55, 56, 57, 58, 59, 48]])
        upper_in, lower_in = self.at(s[60:65]), self.at(s[[64, 65, 66, 67, 60]])
        inside = np.concatenate([upper_in, lower_in[1:-1]])
        gap = float(np.linalg.norm(s[62] - s[66]))
        red = self.person.lips
        whole = np.concatenate([upper_out, lower_out[1:-1]])
        canvas.fill(whole, red)
        top = np.concatenate([upper_out, upper_in[::-1]])
        canvas.soft(top, blend(red, DARK, 0.42), share=0.75, blur=0.02 * unit, within=whole)
        shine = self.at((s[[67, 66]] + s[[58, 57]]) / 2 + _by(0.01, -0.012))
        canvas.soft(ribbon(shine, 0.03 * unit), blend(red, WHITE, 0.7), share=0.6, blur=0.028 * unit, within=whole)
        if gap > 0.012:
            tongue = self.at(s[[67, 66, 65]] * 0.8 + s[[61, 62, 63]] * 0.2)
            teeth = self.at(s[60:65] + _by(0.0, min(0.075, 0.45 * gap), 0.0))
            with canvas.inside(inside) as hole:
                hole.fill(inside, (66, 22, 26))
                hole.soft(ribbon(tongue, 0.5 * gap * unit), (176, 84, 84), share=0.9, blur=0.03 * unit)
                hole.fill(np.concatenate([upper_in, teeth[::-1]]), (238, 230, 220))
                hole.soft(ribbon(upper_in, 0.05 * unit), (70, 30, 30), share=0.7, blur=0.014 * unit)
        self._stroke(upper_in, 0.014, blend(red, DARK, 0.7), start=0.12, end=np.pi - 0.12)

    def _hair(self, outer: ArrayLike, inner: ArrayLike, strands: int) -> None:
        """Cover the band between two lines with strands that follow them, brighter where the light falls."""
        smooth = 60 // len(np.asarray(outer))
        first, second = self.at(outer, per=smooth), self.at(inner, per=smooth)
        self.canvas.fill(np.concatenate([first, second[::-1]]), blend(*self.person.hair, 0.15), solid=True)
        strands = max(8, round(strands * min(1.0, self.canvas.picture.width / 1536)))
        width = max(1.0, 1.7 * float(np.linalg.norm(first - second, axis=1).max()) / strands)
        along = np.linspace(0, 1, len(first))
        sheen = 0.14 + 0.55 * np.exp(-0.5 * ((along - 0.32) / 0.13) ** 2)
        sheen += 0.2 * np.exp(-0.5 * ((along - 0.74) / 0.12) ** 2)
        palette = [blend(*self.person.hair, step / 39) for step in range(40)]
        shares, shades = (np.arange(strands) + 0.5) / strands, self.rng.uniform(-0.15, 0.15, strands)
        for share, tone in zip(shares, shades, strict=True):
            # Rounder in the middle of the band than at its edges.
            tones = np.clip(sheen * (0.55 + 1.8 * share * (1 - share)) + tone, 0, 1)
            colours = [palette[k] for k in (tones[:-1] * 39).astype(int)]
            self.canvas.line(first + (second - first) * share, colours, width)


def _by(x: float, y: float, z: float = 0.0) -> NDArray[np.float64]:
    """A step in the face frame."""
    return np.array([x, y, z])


@cache
def _backdrop(side: int, light: Colour, shadow: Colour) -> PIL.Image.Image:
    """A wall with a glow on it."""
    rows, columns = np.mgrid[0:side, 0:side].astype(np.float32) / side
    glow = np.exp(-(((columns - 0.42) / 0.55) ** 2 + ((rows - 0.36) / 0.60) ** 2))
    wall = np.array(shadow) + (np.array(light) - np.array(shadow)) * glow[..., None]
    grain = np.random.default_rng(0).uniform(0, 1, (side, side, 1))  # rounds without bands
    return PIL.Image.fromarray((wall + grain).astype(np.uint8))

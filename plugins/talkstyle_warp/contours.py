"""Contours of the mouth and the eyes, with the soft mattes on either side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from sdk.data import Floats, Image
from talkstyle_warp.curves import Doubles, parting_weights, smoothstep, spline_weights

# Landmarks along the upper and the lower edge, from left to right in the picture.
MOUTH: Final = ((60, 61, 62, 63, 64), (60, 67, 66, 65, 64))
EYES: Final = (((36, 37, 38, 39), (36, 41, 40, 39)), ((42, 43, 44, 45), (42, 47, 46, 45)))


@dataclass(frozen=True, eq=False)
class Contour:
    """The upper and lower edge of a mouth or an eye, in coordinates along and across (downwards) its corners' line."""

    origin: Doubles  # the middle between the corners, [2], pixels
    axes: Doubles  # unit vectors along and across, as rows, [2, 2]
    half: float  # half the distance between the corners, pixels
    knots: tuple[Doubles, Doubles]  # positions of the landmarks along the contour, upper and lower, pixels
    heights: tuple[Doubles, Doubles]  # their positions across it
    lips: bool = False  # whether its edges part as lips do

    @classmethod
    def through(cls, points: Floats, edges: tuple[tuple[int, ...], tuple[int, ...]], *, closed: bool) -> Contour:
        """The contour through landmarks ``[68, 2 or 3]`` (pixels); where ``closed``, both edges are their mean."""
        flat = np.asarray(points, dtype=np.float64)[:, :2]
        start, end = flat[edges[0][0]], flat[edges[0][-1]]
        half = max(float(np.linalg.norm(end - start)) / 2, 1.0)
        along = (end - start) / (2 * half)
        axes = np.array([along, (-along[1], along[0])])
        origin = (start + end) / 2
        upper, lower = ((flat[list(edge)] - origin) @ axes.T for edge in edges)
        if closed:
            upper = lower = (upper + lower) / 2
        knots, heights = (upper[:, 0], lower[:, 0]), (upper[:, 1], lower[:, 1])
        return cls(origin, axes, half, knots, heights, lips=edges == MOUTH)

    @property
    def opening(self) -> float:
        """The largest distance between the edges, at the upper edge's landmarks, pixels."""
        return float(np.max(self.edge(1, self.knots[0]) - self.edge(0, self.knots[0])))

    def widened(self, up: float, down: float, left: float, right: float) -> Contour:
        """The contour with its edges moved apart and its corners moved outwards by so many pixels."""
        shift = (right - left) / 2
        knots = self.knots[0] - shift, self.knots[1] - shift
        for edge in knots:
            edge[[0, -1]] += (-left, right)
        heights = (self.heights[0] - up, self.heights[1] + down)
        origin, half = self.origin + shift * self.axes[0], self.half + (left + right) / 2
        return Contour(origin, self.axes, half, knots, heights)

    def coordinates(self, places: Floats) -> Doubles:
        """Along and across, ``[..., 2]``, of places in pixels ``[..., 2]``."""
        return np.asarray((places - self.origin) @ self.axes.T)

    def to_pixels(self, along: Floats, across: Floats) -> Doubles:
        """Positions along and across to pixels ``[..., 2]``."""
        return np.asarray(self.origin + np.stack(np.broadcast_arrays(along, across), axis=-1) @ self.axes)

    def colours(self, picture: Image, along: Floats, across: Floats) -> Doubles:
        """The colours of a picture ``[H, W, C]`` at positions along and across, by nearest pixel, ``[..., C]``."""
        x, y = np.moveaxis(np.rint(self.to_pixels(along, across)).astype(int), -1, 0)
        height, width = picture.shape[:2]
        return np.asarray(picture[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)], dtype=np.float64)

    def weights(self, side: int, along: Floats) -> Doubles:
        """Weights ``[..., n]`` on an edge's landmarks (0 upper, 1 lower) at positions along the contour."""
        return spline_weights(self.knots[side], along)

    def parting(self, side: int, along: Floats) -> Doubles:
        """Like ``weights``, but for how lips part from the line in which they meet."""
        return parting_weights(self.knots[side], along, self.half)

    def edge(self, side: int, along: Floats) -> Doubles:
        """The height of an edge (0 upper, 1 lower) at positions along the contour, pixels."""
        if not self.lips:
            return np.asarray(self.weights(side, along) @ self.heights[side])
        middle = (self.heights[0] + self.heights[1]) / 2
        return np.asarray(
            self.weights(side, along) @ middle + self.parting(side, along) @ (self.heights[side] - middle)
        )

    def places(self, side: int, count: int) -> tuple[Doubles, Doubles]:
        """Evenly spaced places on an edge: ``[count, 2]`` in pixels, and their positions along the contour."""
        along = np.linspace(-self.half, self.half, count + 2)[1:-1]
        return self.to_pixels(along, self.edge(side, along)), along

    def beyond(self, places: Floats, reach: float) -> Doubles:
        """0 between the corners, rising to 1 at ``reach`` pixels past them."""
        return smoothstep(np.abs(self.coordinates(places)[..., 0]) - self.half, 0.0, reach)

    def mattes(
        self, places: Floats, soft: float, *, shift: tuple[float, float] = (0.0, 0.0)
    ) -> tuple[Doubles, Doubles]:
        """How much places belong to the upper and to the lower side, each 0 to 1.

        Args:
            places: ``[..., 2]``, pixels.
            soft: Width of the ramp, pixels. Where the edges coincide the two mattes sum to one.
            shift: Pixels by which the upper and the lower edge are moved downwards.
        """
        local = self.coordinates(places)
        upper = self.edge(0, local[..., 0]) + shift[0] - local[..., 1]
        lower = local[..., 1] - self.edge(1, local[..., 0]) - shift[1]
        return np.clip(0.5 + upper / soft, 0.0, 1.0), np.clip(0.5 + lower / soft, 0.0, 1.0)

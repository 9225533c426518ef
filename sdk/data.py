"""What components exchange: frozen records of NumPy arrays, each with its shape, dtype and unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sdk.arguments import as_array, instance, is_array, number, shown, whole
from sdk.errors import ConfigError, InputError, NotFiniteError
from sdk.geometry import POINTS, FloatArray, Floats, compose

__all__ = [
    "MOTION_RATE",
    "Audio",
    "Box",
    "Controls",
    "FloatArray",
    "Floats",
    "Image",
    "Landmarks",
    "Motion",
    "Portrait",
    "check_images",
    "read_box",
    "read_controls",
]

Image: TypeAlias = NDArray[np.uint8]
"""An sRGB picture, uint8 ``[H, W, 3]``."""

Box: TypeAlias = tuple[float, float, float, float]
"""``(left, top, right, bottom)`` in pixels."""

MOTION_RATE = Fraction(60)
"""Frames of motion a second, as in the paper."""


@dataclass(frozen=True, eq=False)
class Audio:
    """Mono sound.

    Attributes:
        samples: float32 ``[N]``, in [-1, 1].
        rate: Samples a second.
    """

    samples: FloatArray
    rate: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "samples", _float_array(self.samples, (None,), "Audio.samples"))
        object.__setattr__(self, "rate", whole(self.rate, "Audio.rate", low=1, error=InputError))

    @property
    def duration(self) -> Fraction:
        """Seconds, exact."""
        return Fraction(len(self.samples), self.rate)


@dataclass(frozen=True, eq=False)
class Landmarks:
    """One face's landmarks in a picture.

    Attributes:
        points: float32 ``[68, 3]``, iBUG-68 order, pixels: x right, y down, z away from the camera, in the same unit.
        score: The detector's confidence, in [0, 1].
        box: The face's box in pixels; by default the bounds of the points.
        depth: False if the detector measures no depth and z is zero.
    """

    points: FloatArray
    score: float = 1.0
    box: Box = (0.0, 0.0, 0.0, 0.0)
    depth: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", _float_array(self.points, (POINTS, 3), "Landmarks.points"))
        number(self.score, "Landmarks.score", low=0.0, high=1.0, error=InputError)
        read_box(self.box, "Landmarks.box", error=InputError)
        if self.box[2] <= self.box[0] or self.box[3] <= self.box[1]:
            low, high = self.points[:, :2].min(axis=0), self.points[:, :2].max(axis=0)
            object.__setattr__(self, "box", (float(low[0]), float(low[1]), float(high[0]), float(high[1])))

    @property
    def width(self) -> float:
        """The face's width in pixels: the widest stretch of the jaw line."""
        jaw = self.points[:17, :2]
        return float(np.linalg.norm(jaw[:, None] - jaw[None], axis=-1).max())


@dataclass(frozen=True, eq=False)
class Motion:
    """How a face moves, independent of the person.

    Attributes:
        expression: float32 ``[T, 68, 3]``, displacement from the neutral face, in face-frame units (outer-eye
            distances).
        pose: float32 ``[T, 6]``: axis-angle rotation (radians), then translation (face-frame units), both relative to
            the head's rest.
        rate: Frames a second; frame ``k`` is at ``k / rate`` seconds.
    """

    expression: FloatArray
    pose: FloatArray
    rate: Fraction = MOTION_RATE

    def __post_init__(self) -> None:
        object.__setattr__(self, "expression", _float_array(self.expression, (None, POINTS, 3), "Motion.expression"))
        object.__setattr__(self, "pose", _float_array(self.pose, (None, 6), "Motion.pose"))
        if not isinstance(self.rate, Fraction):
            object.__setattr__(self, "rate", Fraction(number(self.rate, "Motion.rate", error=InputError)))
        if len(self.expression) != len(self.pose):
            frames = f"{len(self.expression)} frames of expression and {len(self.pose)} of pose"
            raise InputError(f"{frames} do not belong together", where="Motion")
        if self.rate <= 0:
            raise InputError(f"a rate of {self.rate} Hz makes no sense", where="Motion.rate")

    def __len__(self) -> int:
        return len(self.expression)

    @property
    def duration(self) -> Fraction:
        """Seconds, exact."""
        return len(self) / self.rate

    @classmethod
    def empty(cls, rate: Fraction = MOTION_RATE) -> Motion:
        """Motion without a single frame."""
        return cls(np.zeros((0, POINTS, 3), np.float32), np.zeros((0, 6), np.float32), rate)

    @classmethod
    def concat(cls, motions: Iterable[Motion]) -> Motion:
        """Join motions of one rate, one after the other.

        Raises:
            InputError: There are none, or their rates differ.
        """
        parts = list(motions)
        if len({part.rate for part in parts}) != 1:
            raise InputError(f"{len(parts)} motions of rates that differ, or none, cannot be joined", where="Motion")
        expression, pose = (np.concatenate([getattr(part, name) for part in parts]) for name in ("expression", "pose"))
        return cls(expression, pose, parts[0].rate)

    @property
    def times(self) -> NDArray[np.float64]:
        """The times of the frames in seconds, float64 ``[T]``: ``k / rate``, rounded once."""
        return np.asarray(np.arange(len(self)) * self.rate.denominator / self.rate.numerator, dtype=np.float64)

    def phi(self) -> FloatArray:
        """The input of the transfer loss: ``R (canonical + expression) + t``, float32 ``[T, 204]``."""
        return compose(self.expression, self.pose).reshape(len(self), POINTS * 3)

    def __getitem__(self, frames: slice | NDArray[np.bool_] | NDArray[np.intp]) -> Motion:
        """A stretch of the motion, or the frames of a mask or of indices, at the same rate."""
        return Motion(self.expression[frames], self.pose[frames], self.rate)


def read_box(value: Any, name: str, *, error: type[InputError] = ConfigError) -> Box:
    """Take four numbers as a box; ``ConfigError`` where they are none (another class with ``error``)."""
    edges = (
        list(value) if isinstance(value, list | tuple) or (is_array(value) and getattr(value, "ndim", 0) == 1) else []
    )
    if len(edges) != 4:
        hint = "Give (left, top, right, bottom) in pixels."
        raise error(f"{name}={shown(value)} is not a box", where=name, hint=hint)
    left, top, right, bottom = (number(edge, name, error=error) for edge in edges)
    return left, top, right, bottom


def check_images(images: Iterable[Image]) -> None:
    """Check that pictures are uint8 ``[H, W, 3]`` and not empty.

    Raises:
        InputError: One is not; names it by its index.
    """
    for index, image in enumerate(images):
        if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
            found = f"{image.dtype} {list(image.shape)}"
            raise InputError(f"a picture is uint8 [H, W, 3], not {found}", where=f"image {index}")


@dataclass(frozen=True, eq=False)
class Portrait:
    """A still picture of one face, ready to be animated.

    Attributes:
        pixels: uint8 ``[H, W, 3]``, sRGB.
        landmarks: The face, in the picture's pixels.
        alpha: uint8 ``[H, W]``, or None if the picture is opaque.
        teeth: Another picture of the same person with an open mouth, which a renderer may show behind the lips.
    """

    pixels: Image
    landmarks: Landmarks
    alpha: NDArray[np.uint8] | None = None
    teeth: Portrait | None = None

    def __post_init__(self) -> None:
        instance(self.landmarks, Landmarks, "Portrait.landmarks", "Give sdk.Landmarks.")
        if self.teeth is not None:
            instance(self.teeth, Portrait, "Portrait.teeth", "Give an sdk.Portrait.")
        for name in ("pixels", "alpha"):
            if (value := getattr(self, name)) is not None or name == "pixels":
                object.__setattr__(self, name, as_array(value, f"Portrait.{name}"))
        size = self.pixels.shape[:2]
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or self.pixels.dtype != np.uint8:
            found = f"{self.pixels.dtype} {list(self.pixels.shape)}"
            raise InputError(f"a portrait's pixels are uint8 [H, W, 3], not {found}", where="Portrait.pixels")
        if self.alpha is not None and (self.alpha.shape != size or self.alpha.dtype != np.uint8):
            found = f"{self.alpha.dtype} {list(self.alpha.shape)}"
            raise InputError(f"a portrait's alpha is uint8 {list(size)}, not {found}", where="Portrait.alpha")


@dataclass(frozen=True, kw_only=True)
class Controls:
    """How strongly each part of the face moves: 1 as generated, 0 not at all, up to 2.

    Attributes:
        mouth: Lips and jaw.
        brows: Eyebrows.
        blink: Eyelids; 0 keeps the eyes open.
        head: Rotation and translation of the head; 0 keeps the blinks.
    """

    mouth: float = 1.0
    brows: float = 1.0
    blink: float = 1.0
    head: float = 1.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            object.__setattr__(self, name, number(value, name, low=0.0, high=2.0))


def read_controls(controls: Controls | Mapping[str, float]) -> Controls:
    """Take controls, also as a dictionary of some of them.

    Raises:
        ConfigError: They are neither, or one has no such name or is out of range.
    """
    if isinstance(controls, Controls):
        return controls
    names = [field.name for field in fields(Controls)]
    hint = f"Give Controls, or a dictionary of {', '.join(names)}."
    given = dict(instance(controls, Mapping, "controls", hint))
    unknown = [name for name in given if name not in names]
    if unknown:
        raise ConfigError(f"there is no control {shown(unknown[0])}", where="controls", hint=hint)
    return Controls(**given)


def _float_array(value: Any, shape: tuple[int | None, ...], name: str) -> FloatArray:
    """Take an array as read-only float32, checking its shape (``None`` is any length) and that it is finite."""
    array = np.array(as_array(value, name), dtype=np.float32)
    if array.ndim != len(shape) or any(n not in (None, m) for n, m in zip(shape, array.shape, strict=True)):
        wanted = "[" + ", ".join("N" if n is None else str(n) for n in shape) + "]"
        raise InputError(f"{name} has shape {list(array.shape)}, not {wanted}", where=name)
    bad = ~np.isfinite(array)
    if bad.any():
        index = tuple(int(i) for i in np.argwhere(bad)[0])
        hint = f"{int(bad.sum())} of {array.size} values are not finite; mend or drop them first."
        raise NotFiniteError(f"{name} holds {array[index]} at index {index}", where=name, hint=hint)
    array.flags.writeable = False
    return array

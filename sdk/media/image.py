"""Stills: any common format in, upright 8-bit RGB out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from sdk.data import Image
from sdk.errors import Cancelled, InputError, MediaCorrupt, MediaError, NotFiniteError, OutputError, SdkError
from sdk.files import atomic_file
from sdk.media.source import Source, as_source

ImageInput: TypeAlias = str | os.PathLike[str] | bytes | BinaryIO | NDArray[np.uint8] | Pillow.Image
"""A path, a file's bytes, a binary file object, a uint8 array ``[H, W, 3 or 4]`` or ``[H, W]``, or a Pillow image."""

FORMATS: Final = ("AVIF", "BMP", "GIF", "JPEG", "JPEG2000", "MPO", "PNG", "PPM", "TIFF", "WEBP")
"""Formats that are read: none that runs a program or a script, as EPS does."""

MAX_PIXELS: Final = 89_000_000
"""Pixels in a still, at most: more than twice an 8K picture, and under Pillow's own limit."""


@dataclass(frozen=True, eq=False)
class Picture:
    """A still.

    Attributes:
        pixels: uint8 ``[H, W, 3]``, RGB; transparent places keep their colours.
        alpha: uint8 ``[H, W]``, or None where every pixel is opaque.
    """

    pixels: Image
    alpha: NDArray[np.uint8] | None = None

    def over(self, background: int) -> Image:
        """The picture over a grey level; its own pixels where it is opaque."""
        return self.pixels if self.alpha is None else composite(self.pixels, self.alpha, background)


def read_image(source: ImageInput) -> Picture:
    """Read a still: rotation as EXIF states it, palettes, 16 bit, CMYK, grey and alpha.

    Colour profiles are not applied: numbers are taken as sRGB.

    Raises:
        MediaNotFound: There is no such file.
        MediaCorrupt: It is empty, damaged, or in no known format.
        MediaError: It has too many pixels.
        NotFiniteError: A float array holds NaN or infinity.
        InputError: The array's shape or dtype is not that of a picture.
    """
    if isinstance(source, np.ndarray):
        _check(source)
        _check_size("array", source.shape[1], source.shape[0])
        return _picture(source)
    if isinstance(source, Pillow.Image):
        return _from_pillow(source, "image")
    origin = as_source(source)
    with open_still(origin) as image:
        if image is None:
            raise MediaCorrupt(
                "this is not a picture in a known format, or its header is damaged",
                where=origin.name,
                hint="Save it as PNG or JPEG (a HEIC photo too).",
            )
        return _from_pillow(image, origin.name)


@contextmanager
def open_still(source: Source) -> Iterator[Pillow.Image | None]:
    """Open a still without decoding it yet; None where it is no picture in a known format.

    Damage that is found inside the block is raised as ``MediaCorrupt``.
    """
    Pillow.init()  # registers every format; Pillow.open alone knows only some of those named in its formats=
    with source.open() as file:
        try:
            try:
                image = Pillow.open(file, formats=[name for name in FORMATS if name in Pillow.OPEN])
            except UnidentifiedImageError:
                yield None
                return
            with image:
                _check_size(source.name, *image.size)
                yield image
        except (SdkError, Cancelled):
            raise
        except (Pillow.DecompressionBombError, Pillow.DecompressionBombWarning) as error:
            raise _too_large(source.name, str(error)) from error
        except Exception as error:  # Pillow's readers raise whatever a hostile file makes them stumble over
            raise MediaCorrupt(
                f"the picture is damaged: {error} (read up to byte {file.tell()})",
                where=source.name,
                hint="Export or download it again.",
            ) from error


def composite(pixels: Image, alpha: NDArray[np.uint8], background: int | tuple[int, int, int]) -> Image:
    """Lay ``pixels`` ``[H, W, 3]`` with their ``alpha`` ``[H, W]`` over a grey level or a colour."""
    share = alpha[:, :, None].astype(np.uint16)
    behind = np.array(background, dtype=np.uint16) * (255 - share)
    return np.asarray((pixels * share + behind + 127) // 255, dtype=np.uint8)


def write_image(path: str | os.PathLike[str], array: NDArray[np.uint8]) -> None:
    """Write a uint8 array ``[H, W]`` or ``[H, W, 3 or 4]``, in the format that the suffix names; whole or not at all.

    Raises:
        InputError: The array is no picture.
        OutputError: It cannot be written there, or not in that format.
    """
    _check(array)
    with atomic_file(path) as temporary:
        try:
            Pillow.fromarray(np.ascontiguousarray(array)).save(temporary)
        except (OSError, ValueError) as error:
            hint = "Use .png, or .jpg without alpha."
            raise OutputError(f"the picture cannot be written: {error}", where=str(path), hint=hint) from error


def _check(array: NDArray[Any]) -> None:
    if array.dtype.kind == "f":
        bad = ~np.isfinite(array)
        if bad.any():
            index = tuple(int(i) for i in np.argwhere(bad)[0])
            raise NotFiniteError(f"the picture holds {array[index]} at {index}", where="array")
    if array.dtype != np.uint8:
        hint = "From floats in [0, 1]: (255 * x).round().astype(numpy.uint8)."
        raise InputError(f"a picture is uint8 with values from 0 to 255, not {array.dtype}", where="array", hint=hint)
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))) or 0 in array.shape:
        raise InputError(f"a picture has shape [H, W, 3 or 4] or [H, W], not {list(array.shape)}", where="array")


def _from_pillow(image: Pillow.Image, name: str) -> Picture:
    _check_size(name, *image.size)
    if image.mode == "F":
        raise InputError("a picture of floats cannot be read", where=name, hint="Save it with 8 or 16 bits.")
    transparent = image.has_transparency_data
    image = ImageOps.exif_transpose(image)
    if image.mode == "I" or image.mode.startswith("I;16"):  # Pillow would clip 16 bits to 255
        return _picture(np.clip(np.asarray(image).astype(np.int64) >> 8, 0, 255).astype(np.uint8))
    return _picture(np.asarray(image.convert("RGBA" if transparent else "RGB")))


def _picture(array: NDArray[np.uint8]) -> Picture:
    """Of grey ``[H, W]``, RGB or RGBA."""
    if array.ndim == 2:
        array = np.repeat(array[:, :, None], 3, axis=2)
    alpha = np.ascontiguousarray(array[:, :, 3]) if array.shape[2] == 4 else None
    if alpha is not None and (alpha == 255).all():
        alpha = None
    return Picture(np.array(array[:, :, :3], order="C"), alpha)


def _check_size(name: str, width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _too_large(name, f"{width} x {height}")


def _too_large(name: str, size: str) -> MediaError:
    return MediaError(
        f"the picture is too large: {size}", where=name, hint=f"At most {MAX_PIXELS // 1_000_000} megapixels are read."
    )

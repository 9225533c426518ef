"""Stills: any common format in, upright 8-bit RGB out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from sdk.arguments import is_array
from sdk.data import Image
from sdk.errors import Cancelled, InputError, MediaCorrupt, MediaError, OutputError, SdkError
from sdk.files import atomic_file
from sdk.media.forms import picture_array
from sdk.media.source import MediaInput, Source, as_source

ImageInput: TypeAlias = MediaInput | NDArray[Any] | Pillow.Image
"""A file (as ``MediaInput``), a Pillow image, or an array or tensor, uint8 or floats from 0 to 1, of shape ``[H, W]``,
``[H, W, 3 or 4]`` or ``[3 or 4, H, W]``."""

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
    if is_array(source) and not isinstance(source, Pillow.Image):
        array = picture_array(source)
        _check_size("array", array.shape[1], array.shape[0])
        return _picture(array)
    if isinstance(source, Pillow.Image):
        return _from_open_pillow(source)
    origin = as_source(cast("MediaInput", source), what="a picture")
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


def write_image(path: str | os.PathLike[str], array: NDArray[Any]) -> None:
    """Write an array (in any form of ``ImageInput``), in the format that the suffix names; whole or not at all.

    Raises:
        InputError: The array is no picture.
        OutputError: It cannot be written there, or not in that format.
    """
    array = picture_array(array)
    with atomic_file(path) as temporary:
        try:
            Pillow.fromarray(np.ascontiguousarray(array)).save(temporary)
        except (OSError, ValueError) as error:
            hint = "Use .png, or .jpg without alpha."
            raise OutputError(f"the picture cannot be written: {error}", where=str(path), hint=hint) from error


def _from_open_pillow(image: Pillow.Image) -> Picture:
    """Of a caller's image, which may be closed, or read from its file only now."""
    try:
        return _from_pillow(image, "image")
    except (SdkError, Cancelled):
        raise
    except Exception as error:  # Pillow's readers raise whatever makes them stumble; a closed file is one reason
        hint = "Give it before it is closed, at the end of its with block for instance, or give the file."
        raise MediaError(f"the Pillow image cannot be read: {error}", where="image", hint=hint) from error


def _from_pillow(image: Pillow.Image, name: str) -> Picture:
    _check_size(name, *image.size)
    if image.mode == "F":
        raise InputError("a picture of floats cannot be read", where=name, hint="Save it with 8 or 16 bits.")
    if 0 in image.size:
        raise InputError("the picture has no pixels", where=name)
    transparent = image.has_transparency_data
    image = image.convert("LA") if image.mode == "La" else image
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

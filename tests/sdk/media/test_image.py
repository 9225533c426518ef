import io
import zlib

import numpy as np
import pytest
from PIL import Image

from sdk.errors import InputError, MediaCorrupt, MediaError, MediaNotFound, NotFiniteError, OutputError
from sdk.media import probe, read_image, write_image

from .conftest import names_of_corners


def encoded(image, kind="PNG", **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def test_paths_bytes_file_objects_arrays(tmp_path, corners):
    path = tmp_path / "mein Bild 画.png"
    write_image(path, corners)
    data = path.read_bytes()
    for source in (path, str(path), data, io.BytesIO(data), corners, Image.fromarray(corners)):
        picture = read_image(source)
        assert np.array_equal(picture.pixels, corners)
        assert picture.alpha is None
        assert picture.pixels.flags["C_CONTIGUOUS"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied_once(corners, orientation):
    stored = Image.fromarray(corners)
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Pillow's transpositions that the camera did
    if orientation > 1:
        stored = stored.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(stored, exif=exif)
    assert names_of_corners(read_image(data).pixels) == "RGBW"
    info = probe(data)
    assert (info.kind, info.width, info.height) == ("image", 96, 64)


def test_alpha_is_kept(corners):
    alpha = np.full(corners.shape[:2], 255, np.uint8)
    alpha[:10] = 7
    array = np.dstack([corners, alpha])
    for source in (array, encoded(Image.fromarray(array)), Image.fromarray(array)):
        picture = read_image(source)
        assert np.array_equal(picture.alpha, alpha)
        assert np.array_equal(picture.pixels, corners)
    opaque = np.dstack([corners, np.full(corners.shape[:2], 255, np.uint8)])
    assert read_image(opaque).alpha is None


def test_other_modes(corners):
    image = Image.fromarray(corners)
    palette = encoded(image.convert("P", palette=Image.Palette.ADAPTIVE))
    assert names_of_corners(read_image(palette).pixels) == "RGBW"
    see_through = encoded(image.convert("P", palette=Image.Palette.ADAPTIVE), transparency=0)
    assert (read_image(see_through).alpha == 0).any()
    assert names_of_corners(read_image(encoded(image.convert("CMYK"), "TIFF")).pixels) == "RGBW"
    assert names_of_corners(read_image(encoded(image.convert("CMYK"), "JPEG", quality=95)).pixels) == "RGBW"
    assert names_of_corners(read_image(encoded(image, "WEBP", lossless=True)).pixels) == "RGBW"
    grey = np.arange(256, dtype=np.uint8).repeat(4).reshape(32, 32)
    for source in (grey, encoded(Image.fromarray(grey)), encoded(Image.fromarray(grey.astype(np.uint16) * 257))):
        assert np.array_equal(read_image(source).pixels, np.repeat(grey[:, :, None], 3, axis=2))
    assert read_image(encoded(Image.fromarray(grey > 100))).pixels.max() == 255


def test_missing_empty_damaged(tmp_path, corners):
    noisy = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    png, jpeg = encoded(Image.fromarray(noisy)), encoded(Image.fromarray(noisy), "JPEG")
    with pytest.raises(MediaNotFound):
        read_image(tmp_path / "none.png")
    with pytest.raises(MediaCorrupt, match="0 bytes"):
        read_image(b"")
    with pytest.raises(MediaCorrupt, match="known format"):
        read_image(b"nothing at all")
    for data in (png, jpeg):
        with pytest.raises(MediaCorrupt, match="byte"):
            read_image(data[: len(data) // 2])
    broken = bytearray(png)
    broken[len(png) // 2] ^= 255
    with pytest.raises(MediaCorrupt):
        read_image(bytes(broken))


def test_programs_are_not_pictures():
    with pytest.raises(MediaCorrupt, match="known format"):
        read_image(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EOF\n")


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("side", [9_500, 30_000])
def test_a_bomb_is_refused(side):
    def chunk(kind, body):
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    head = side.to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )
    for read in (read_image, probe):
        with pytest.raises(MediaError, match="too large"):
            read(bomb)


def test_floats_are_from_0_to_1():
    np.testing.assert_array_equal(read_image(np.full((4, 4, 3), 0.5, np.float32)).pixels, 128)
    with pytest.raises(InputError, match="from 0 to 1"):
        read_image(np.full((4, 4, 3), 200, np.float32))
    bad = np.zeros((4, 4, 3), np.float32)
    bad[1, 2, 0] = np.nan
    with pytest.raises(NotFiniteError, match=r"nan at \(1, 2, 0\)"):
        read_image(bad)
    with pytest.raises(InputError, match="floats"):
        read_image(encoded(Image.fromarray(np.zeros((4, 4), np.float32)), "TIFF"))
    for shape in ((6, 5, 2), (0, 4, 3), (4,)):
        with pytest.raises(InputError, match="shape"):
            read_image(np.zeros(shape, np.uint8))


def test_a_failed_write_leaves_the_old_file(tmp_path, corners):
    path = tmp_path / "out.jpg"
    path.write_bytes(b"old")
    with pytest.raises(OutputError):
        write_image(path, np.dstack([corners, corners[:, :, :1]]))
    with pytest.raises(OutputError):
        write_image(tmp_path / "none" / "out.png", corners)
    with pytest.raises(InputError):
        write_image(path, corners.astype(np.float64))
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.jpg"]

"""Hostile folders: each gets a typed error, in bounded memory, and nothing outside the pack is touched.

Previews: pictures and nothing else.
"""

import io
import os
import subprocess
import sys

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sdk.errors import OutputError, PackInvalid, StyleNotFound
from sdk.packs import StylePack, check_preview, check_target, read_previews
from sdk.packs.card import card
from sdk.packs.config import CONFIG_MAX_BYTES, DELTA_MAX_BYTES

posix = pytest.mark.skipif(sys.platform == "win32", reason="links and pipes as POSIX has them")


@pytest.mark.parametrize(("name", "limit"), [("config.json", CONFIG_MAX_BYTES), ("delta.safetensors", DELTA_MAX_BYTES)])
def test_a_gigabyte_is_refused_unread(folder, name, limit):
    with (folder / name).open("r+b") as file:
        file.truncate(2**30 + limit)
    before = peak()
    with pytest.raises(PackInvalid, match="over the limit"):
        StylePack.load(folder)
    assert peak() - before < 50 * 2**20


def peak():
    """The process's largest resident size so far, in bytes; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@posix
@pytest.mark.parametrize("name", ["config.json", "delta.safetensors"])
def test_links_that_lead_out_are_refused(folder, tmp_path, name):
    outside = tmp_path / "outside"
    (folder / name).rename(outside)
    (folder / name).symlink_to(outside)
    with pytest.raises(PackInvalid, match=r"^a link leads out"):
        StylePack.load(folder)
    (folder / name).unlink()
    (folder / name).symlink_to("../outside")
    with pytest.raises(PackInvalid, match=r"^a link leads out"):
        StylePack.load(folder)


@posix
@pytest.mark.parametrize("target", ["config.json", "gone", "/dev/zero", "."])
def test_links_that_lead_nowhere_good(folder, target):
    (folder / "config.json").unlink()
    (folder / "config.json").symlink_to(target)
    with pytest.raises((PackInvalid, StyleNotFound)):
        StylePack.load(folder)


@posix
def test_a_link_inside_the_pack_and_a_link_to_the_pack_are_fine(folder, tmp_path, pack):
    (folder / "delta.safetensors").rename(folder / "real")
    (folder / "delta.safetensors").symlink_to("real")
    (tmp_path / "alias").symlink_to(folder)
    assert StylePack.load(tmp_path / "alias") == pack


@posix
@pytest.mark.parametrize("name", ["config.json", "delta.safetensors"])
def test_a_pipe_does_not_hang(folder, name):
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(PackInvalid, match=r"^it is not a regular file"):
        StylePack.load(folder)


@posix
def test_a_pipe_does_not_hang_a_save(tmp_path):
    os.mkfifo(tmp_path / "config.json")
    with pytest.raises(OutputError, match="not a pack's"):
        check_target(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "delta.safetensors"])
def test_a_folder_in_a_files_place(folder, name):
    (folder / name).unlink()
    (folder / name).mkdir()
    with pytest.raises(PackInvalid, match=r"^it is not a regular file"):
        StylePack.load(folder)


@posix
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root reads everything")
def test_a_file_that_may_not_be_read(folder):
    (folder / "config.json").chmod(0)
    with pytest.raises(PackInvalid, match="permissions"):
        StylePack.load(folder)


def test_listing_the_styles_that_ship_loads_no_torch():
    code = (
        "import sys\nfrom sdk.packs import StyleLocation, read_config, shipped_styles\n"
        "assert all(read_config(folder).gain > 0 for folder in shipped_styles().values())\n"
        "assert len(shipped_styles()) == 8\n"
        "assert not {'torch', 'safetensors', 'huggingface_hub'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(("form", "name"), [("WEBP", "preview.webp"), ("PNG", "preview-a.png"), ("GIF", "preview.gif")])
def test_plain_pictures_pass(picture, form, name):
    check_preview(name, picture(form))


def test_a_place_or_a_comment_does_not_leave_the_machine(picture):
    exif = Image.Exif()
    exif[0x010E] = "in ann's kitchen"
    notes = PngInfo()
    notes.add_text("Source", "/home/ann/rap.mp4")
    for name, data in {
        "preview.webp": picture(exif=exif),
        "preview.png": picture("PNG", pnginfo=notes),
        "preview.gif": picture("GIF", comment=b"ann"),
    }.items():
        with pytest.raises(OutputError, match="more than pixels"):
            check_preview(name, data)


def test_what_is_no_such_picture(picture):
    whole = picture("PNG", size=64)
    for data in (b"", b"RIFF", whole[: len(whole) // 2], picture("WEBP"), b"<svg/>"):
        with pytest.raises(OutputError, match="not a valid PNG"):
            check_preview("preview.png", data)
    for name in ("preview.svg", "picture.png", "preview/../x.png", "../preview.png"):
        with pytest.raises(OutputError, match="not the name of a preview"):
            check_preview(name, whole)
    with pytest.raises(OutputError, match="over"):
        check_preview("preview.png", whole + bytes(5_000_000))


def test_a_picture_of_a_billion_pixels_is_not_unpacked():
    file = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(file, "PNG")
    with pytest.raises(OutputError, match="not a valid PNG"):
        check_preview("preview.png", file.getvalue())


def test_they_are_read_from_a_folder_and_shown_on_the_card(tmp_path, make_pack, picture):
    pictures = {"preview-opening.png": picture("PNG"), "preview.webp": picture()}
    folder = make_pack().save(tmp_path / "rap", files=pictures)
    assert read_previews(folder) == pictures
    text = (folder / "README.md").read_text()
    assert "![A drawn face in this style](preview.webp)" in text
    assert "](preview-opening.png)" in text
    assert "![" not in card(make_pack().config)


def test_a_link_to_elsewhere_is_not_followed(tmp_path, make_pack, picture):
    folder = make_pack().save(tmp_path / "rap")
    (tmp_path / "secret.png").write_bytes(picture("PNG"))
    (folder / "preview.png").symlink_to(tmp_path / "secret.png")
    with pytest.raises(PackInvalid, match=r"^a link leads out"):
        read_previews(folder)

"""Previews: pictures and nothing else."""

import io

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from sdk.errors import OutputError, PackInvalid
from sdk.packs.card import card
from sdk.packs.preview_files import check_preview, read_previews


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
        with pytest.raises(OutputError, match="no sound PNG"):
            check_preview("preview.png", data)
    for name in ("preview.svg", "picture.png", "preview/../x.png", "../preview.png"):
        with pytest.raises(OutputError, match="no name of a preview"):
            check_preview(name, whole)
    with pytest.raises(OutputError, match="over"):
        check_preview("preview.png", whole + bytes(5_000_000))


def test_a_picture_of_a_billion_pixels_is_not_unpacked():
    file = io.BytesIO()
    Image.new("1", (20_000, 20_000)).save(file, "PNG")
    with pytest.raises(OutputError, match="no sound PNG"):
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
    with pytest.raises(PackInvalid, match="leads out"):
        read_previews(folder)

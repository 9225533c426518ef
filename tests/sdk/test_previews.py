"""Previews of a style, made by the shipped generator and renderer."""

import io

import pytest
from PIL import Image

from sdk import previews as module
from sdk.packs import StylePack, check_preview
from sdk.previews import previews
from sdk.registry import resolve


@pytest.fixture(scope="module")
def pack():
    base = resolve("motion-generator", "tcn")
    fitted = {name: parameter.detach() * 1.05 for name, parameter in base.named_parameters()}
    return StylePack.create(name="more", base=base, fitted=fitted, encoder=resolve("audio-encoder", base.encoder))


def test_they_move_are_small_and_hold_nothing_but_pixels(pack, monkeypatch):
    monkeypatch.setattr(module, "SECONDS", 0.6)
    made = previews(pack, device="cpu")
    assert sorted(made) == ["preview-opening.png", "preview.webp"]
    for name, data in made.items():
        check_preview(name, data)
    assert len(made["preview.webp"]) < module.MAX_BYTES
    with Image.open(io.BytesIO(made["preview.webp"])) as picture:
        assert (picture.size, picture.n_frames) == ((192, 192), 9)
        first = picture.convert("RGB").tobytes()
        picture.seek(8)
        assert picture.convert("RGB").tobytes() != first
    assert previews(pack, device="cpu") == made

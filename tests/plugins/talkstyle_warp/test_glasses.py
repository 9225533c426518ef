"""Rims of glasses, drawn on faces, stay where they are when the eyes behind them shut."""

import numpy as np
import PIL.Image
import PIL.ImageDraw
import pytest

from sdk.data import Portrait
from sdk.drawing import drawn_face
from talkstyle_warp.glasses import find_rims
from tests.plugins.talkstyle_warp.conftest import motion


def with_glasses(portrait, *, colour, width, shape="ellipse"):
    """Glasses drawn around the eyes, two frames and a bridge; their mask too."""
    points = portrait.landmarks.points[:, :2]
    unit = np.linalg.norm(points[45] - points[36])
    picture, mask = PIL.Image.fromarray(portrait.pixels), PIL.Image.new("L", portrait.pixels.shape[1::-1])
    size, pen = np.array([0.27, 0.24]) * unit, max(1, round(width * unit))
    middles = [points[eye].mean(axis=0) + np.array([0, 0.04]) * unit for eye in (slice(36, 42), slice(42, 48))]
    for image, ink in ((picture, colour), (mask, 255)):
        draw = PIL.ImageDraw.Draw(image)
        for middle in middles:
            getattr(draw, shape)([*(middle - size), *(middle + size)], outline=ink, width=pen)
        (x0, y0), (x1, y1) = middles
        draw.line([x0 + size[0], y0 - 0.05 * unit, x1 - size[0], y1 - 0.05 * unit], fill=ink, width=pen)
    return Portrait(np.asarray(picture), portrait.landmarks), np.asarray(mask) > 0


KINDS = [
    {"colour": (30, 25, 25), "width": 0.03},
    {"colour": (60, 40, 90), "width": 0.018, "shape": "rectangle"},
    {"colour": (255, 250, 235), "width": 0.03},
]


@pytest.mark.parametrize("kind", KINDS, ids=["black", "rectangles", "white"])
def test_the_rims_do_not_bend_at_a_blink(renderer, kind, monkeypatch):
    portrait, rims = with_glasses(drawn_face(320, seed=3), **kind)

    def change():
        (shut,) = renderer.render(renderer.prepare(portrait), [motion(blink=1.0)])
        return np.abs(shut.astype(int) - portrait.pixels).max(axis=2)[rims].mean()

    assert change() < 0.2
    monkeypatch.setattr("talkstyle_warp.rig.find_rims", lambda *_: None)
    # Rectangles end above the lids' reach, at the brows.
    assert (change() > 0.5) == ("shape" not in kind)


@pytest.mark.parametrize("seed", range(4))
def test_a_face_without_glasses_has_none(seed):
    plain = drawn_face(320, seed=seed)
    assert find_rims(plain.pixels, plain.landmarks.points) is None
    worn, _ = with_glasses(plain, **KINDS[0])
    assert find_rims(worn.pixels, worn.landmarks.points) is not None


def test_eyes_at_the_pictures_border_are_no_error():
    plain = drawn_face(256, seed=1)
    top = int(plain.landmarks.points[36:48, 1].min())
    assert find_rims(plain.pixels[top:], plain.landmarks.points - np.array([0, top, 0])) is None

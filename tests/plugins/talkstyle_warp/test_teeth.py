"""Teeth from a second picture of the same person."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sdk.data import Portrait
from sdk.drawing import drawn_face
from sdk.errors import FaceUnreliable
from talkstyle_warp.mouth import luma
from talkstyle_warp.renderer import WarpRenderer

from .conftest import face, motion

OPEN = motion(opening=0.28)
GREEN = np.array([40, 200, 60], np.uint8)


def smile(size: int = 256, opening: float = 0.28, seed: int = 1) -> Portrait:
    return drawn_face(size, seed=seed, expression=motion(opening=opening).expression[0])


def inside(portrait: Portrait, upper: float = 0.0, lower: float = 1.0) -> np.ndarray:
    """Which pixels lie between the inner lips, from one share of the way down to another; by the middle landmarks."""
    points = portrait.landmarks.points
    ys, xs = np.mgrid[: portrait.pixels.shape[0], : portrait.pixels.shape[1]]
    top, bottom = (
        np.interp(xs, points[60:65, 0], points[60:65, 1]),
        np.interp(xs, points[[60, 67, 66, 65, 64], 0], points[[60, 67, 66, 65, 64], 1]),
    )
    within = (xs > points[60, 0]) & (xs < points[64, 0])
    return within & (ys >= top + upper * (bottom - top)) & (ys <= top + lower * (bottom - top))


def painted(portrait: Portrait, colour: np.ndarray, upper: float = 0.0, lower: float = 1.0) -> Portrait:
    pixels = portrait.pixels.copy()
    pixels[inside(portrait, upper, lower)] = colour
    return replace(portrait, pixels=pixels)


def frame(portrait: Portrait, moved=OPEN, **options: object) -> np.ndarray:
    renderer = WarpRenderer("cpu", **options)  # type: ignore[arg-type]
    (picture,) = renderer.render(renderer.prepare(portrait), [moved])
    return picture


def green(picture: np.ndarray) -> np.ndarray:
    r, g, b = np.moveaxis(picture.astype(int), -1, 0)
    return (g > r + 40) & (g > b + 40)


def test_what_is_between_the_lips_comes_from_that_picture_and_nowhere_else():
    portrait = face()
    mouth = np.zeros(portrait.pixels.shape[:2], bool)
    x, y = portrait.landmarks.points[48:68, :2].mean(axis=0).astype(int)
    mouth[y - 20 : y + 45, x - 35 : x + 36] = True
    with_teeth = green(frame(replace(portrait, teeth=painted(smile(), GREEN))))
    assert with_teeth.sum() > 150
    assert not (with_teeth & ~mouth).any()
    assert not green(frame(portrait)).any()


def test_zero_motion_still_gives_the_portrait_bit_for_bit():
    portrait = face()
    assert np.array_equal(frame(replace(portrait, teeth=smile()), motion()), portrait.pixels)
    opened = replace(face(opening=0.2), teeth=smile())
    assert np.array_equal(frame(opened, motion(), rest="portrait"), opened.pixels)


@pytest.mark.parametrize(("first", "last", "share"), [(0.0, 0.3, 0.0), (0.8, 1.0, 0.93)])
def test_the_upper_row_stays_with_the_skull_and_the_lower_row_follows_the_jaw(first, last, share):
    dark = painted(smile(512), np.array([25, 8, 8], np.uint8))
    teeth = painted(painted(dark, np.array([220, 215, 200], np.uint8), 0.0, 0.3), GREEN, first, last)
    portrait = replace(face(512), teeth=teeth)
    x = int(portrait.landmarks.points[62, 0])
    edges = [np.flatnonzero(green(frame(portrait, motion(opening=o)))[:, x]) for o in (0.26, 0.32)]
    # The row's edge towards the dark between the rows.
    low, high = (rows.max() if share == 0.0 else rows.min() for rows in edges)
    eyes = float(np.linalg.norm(np.diff(portrait.landmarks.points[[36, 45]], axis=0)))
    assert high - low == pytest.approx(share * 0.06 * eyes, abs=1.6)


def test_a_picture_of_another_size_and_slant_is_laid_the_same():
    small = painted(smile(), GREEN)
    large = painted(smile(640), GREEN)
    turned = drawn_face(400, seed=1, expression=motion(opening=0.28).expression[0], pose=np.array([0, 0, 0.2, 0, 0, 0]))
    one, two, three = (green(frame(replace(face(), teeth=teeth))) for teeth in (small, large, painted(turned, GREEN)))
    for other in (two, three):
        assert (one & other).sum() > 0.8 * (one | other).sum()


def test_its_colours_are_matched_to_the_portraits_light():
    bright, dark = smile(), smile()
    dark = replace(dark, pixels=(dark.pixels * 0.5).astype(np.uint8))
    one, two = (frame(replace(face(), teeth=teeth)).astype(int) for teeth in (bright, dark))
    assert np.abs(one - two).max() < 12
    assert np.abs(one - frame(face()).astype(int)).max() > 40


def test_teeth_that_are_given_count_over_those_that_an_open_portrait_shows():
    portrait = face(opening=0.2)
    given = replace(portrait, teeth=painted(smile(), GREEN))
    assert green(frame(given)).sum() > 100
    assert not green(frame(given, motion())).any()  # the lips close over them


def test_an_open_portrait_lends_itself_its_teeth():
    portrait = painted(face(opening=0.2), GREEN)
    points = portrait.landmarks.points
    column = green(frame(portrait))[:, int(points[62, 0])]
    (rows,) = np.nonzero(column)
    assert len(rows) > 8
    assert rows.min() - points[62, 1] < 5  # it begins under the upper lip, where the picture has it
    # At rest the lips close over it; a rim that its painted edge leaves on the lips may stay.
    assert green(frame(portrait, motion())).sum() < 0.1 * green(portrait.pixels).sum()


def test_alpha_stays_opaque_in_the_mouth():
    portrait = replace(face(alpha=True), teeth=smile())
    picture = frame(portrait)
    x, y = portrait.landmarks.points[[62, 66], :2].mean(axis=0).astype(int)
    assert (picture[y + 2 : y + 12, x, 3] == 255).all()


def test_a_closed_mouth_is_refused():
    with pytest.raises(FaceUnreliable, match=r"mouth is closed.*smiles or laughs"):
        WarpRenderer("cpu").prepare(replace(face(), teeth=face()))


def test_one_row_of_teeth_leaves_the_lower_one_painted():
    one_row = painted(smile(opening=0.12), np.uint8([235, 230, 220]))
    picture = frame(replace(face(), teeth=one_row), motion(opening=0.3))
    points = face().landmarks.points
    x, y = points[[62, 66], :2].mean(axis=0).astype(int)
    column = luma(picture[y : y + int(0.3 * np.linalg.norm(points[45] - points[36])), x].astype(float))
    assert column.max() > 150
    assert column.min() < 70


def test_painted_teeth_go_on_where_those_of_the_picture_end():
    portrait = face()
    mouth = WarpRenderer("cpu").prepare(replace(portrait, teeth=smile())).mouth
    corner, middle = portrait.landmarks.points[[60, 62], :2]
    x, y = np.rint(middle + 0.97 * (corner - middle)).astype(int)
    left, top = mouth.field.window.left, mouth.field.window.top
    # Just above the line in which the lips meet: where the corner of the picture's mouth is, its own row has faded.
    assert float(mouth.upper[3, y - 3 - top, x - left]) > 0.9

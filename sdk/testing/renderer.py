"""What every renderer must do."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import Motion, Portrait
from sdk.geometry import POINTS
from sdk.interfaces import Renderer
from sdk.testing.pictures import portrait
from sdk.testing.report import Checks, rate, require

CHECKS: Final = Checks()

MAX_STILL_ERROR: Final = 4.0
"""Of 255, on average, between the portrait and a frame without motion."""

MAX_PIECES_AHEAD: Final = 8
"""Pieces of motion that a renderer may read before it gives the first frame."""


def _still(frames: int) -> Motion:
    return Motion(np.zeros((frames, POINTS, 3), np.float32), np.zeros((frames, 6), np.float32), Fraction(25))


def _talk(frames: int) -> Motion:
    """A jaw that opens and closes, and a head that turns a little."""
    swing = np.sin(np.arange(frames) / 3).astype(np.float32)
    expression = np.zeros((frames, POINTS, 3), np.float32)
    for low in (*range(5, 12), *range(55, 60), 65, 66, 67):
        expression[:, low, 1] = 0.1 * (1 + swing)
    pose = np.zeros((frames, 6), np.float32)
    pose[:, 1] = 0.1 * swing
    pose[:, 3] = 0.02 * swing
    return Motion(expression, pose, Fraction(25))


def _frames(renderer: Renderer, portrait_: Portrait, *motions: Motion) -> list[NDArray[np.uint8]]:
    return [frame.copy() for frame in renderer.render(renderer.prepare(portrait_), motions)]


@CHECKS.add("one uint8 frame of the portrait's size for each frame of motion")
def _shape(renderer: Renderer) -> None:
    for height, width in ((256, 256), (301, 257)):
        frames = _frames(renderer, portrait(height, width), _talk(3))
        require(len(frames) == 3, f"3 frames of motion gave {len(frames)}")
        for frame in frames:
            require(frame.dtype == np.uint8, f"a frame is {frame.dtype}")
            require(frame.shape == (height, width, 3), f"a frame is {list(frame.shape)}, not {[height, width, 3]}")


@CHECKS.add("no motion gives no frames")
def _nothing(renderer: Renderer) -> None:
    require(_frames(renderer, portrait(256, 256)) == [], "no pieces of motion gave frames")
    require(_frames(renderer, portrait(256, 256), _still(0)) == [], "an empty piece of motion gave frames")


@CHECKS.add("zero motion gives the portrait back, nearly")
def _identity(renderer: Renderer) -> None:
    drawing = portrait(320, 280)
    (frame,) = _frames(renderer, drawing, _still(1))
    gap = float(np.abs(frame.astype(np.int16) - drawing.pixels).mean())
    require(gap <= MAX_STILL_ERROR, f"it differs by {gap:.1f} of 255 on average")


@CHECKS.add("motion moves the picture")
def _moves(renderer: Renderer) -> None:
    drawing = portrait(320, 280)
    still, moved = _frames(renderer, drawing, _still(1))[0], _frames(renderer, drawing, _talk(6))[5]
    left, top = drawing.landmarks.points[48:68, :2].min(axis=0).astype(int)
    right, bottom = drawing.landmarks.points[48:68, :2].max(axis=0).astype(int)
    mouth = np.abs(still.astype(np.int16) - moved)[top:bottom, left:right]
    require(float(mouth.mean()) > 1.0, f"an open mouth differs from a closed one by {mouth.mean():.2f} of 255")


@CHECKS.add("alpha is kept: RGBA frames, still transparent where the portrait is")
def _alpha(renderer: Renderer) -> None:
    drawing = portrait(256, 256, alpha=True)
    (frame,) = _frames(renderer, drawing, _still(1))
    require(frame.shape == (256, 256, 4), f"a frame is {list(frame.shape)}, not {[256, 256, 4]}")
    gap = float(np.abs(frame[..., 3].astype(np.int16) - np.asarray(drawing.alpha)).mean())
    require(gap <= MAX_STILL_ERROR, f"alpha differs by {gap:.1f} of 255 on average without motion")


@CHECKS.add("motion in pieces gives the frames of the whole")
def _pieces(renderer: Renderer) -> None:
    drawing, motion = portrait(256, 256), _talk(8)
    whole = _frames(renderer, drawing, motion)
    pieces = _frames(renderer, drawing, motion[:1], motion[1:1], motion[1:6], motion[6:])
    require(len(pieces) == 8, f"8 frames in pieces gave {len(pieces)}")
    gap = max(int(np.abs(a.astype(np.int16) - b).max()) for a, b in zip(whole, pieces, strict=True))
    require(gap <= 1, f"frames differ by up to {gap} of 255")


@CHECKS.add("one preparation serves many renderings, each the same")
def _again(renderer: Renderer) -> None:
    prepared, motion = renderer.prepare(portrait(256, 256)), _talk(4)
    first = [frame.copy() for frame in renderer.render(prepared, [motion])]
    second = [frame.copy() for frame in renderer.render(prepared, [motion])]
    require(all(np.array_equal(a, b) for a, b in zip(first, second, strict=True)), "a second rendering differs")


@CHECKS.add("it streams: endless motion gives frames at once, and each frame stays as it was")
def _streams(renderer: Renderer) -> None:
    taken = 0

    def endless() -> Iterator[Motion]:
        nonlocal taken
        motion = _talk(100)
        while True:
            require(taken <= MAX_PIECES_AHEAD + 20, f"{taken} pieces of motion were taken in for a few frames")
            yield motion[taken % 100 : taken % 100 + 1]
            taken += 1

    frames = renderer.render(renderer.prepare(portrait(256, 256)), endless())
    first = next(frames)
    require(taken <= MAX_PIECES_AHEAD, f"{taken} pieces of motion were taken in before the first frame")
    kept = first.copy()
    for _ in range(10):
        next(frames)
    require(np.array_equal(first, kept), "an earlier frame was overwritten by a later one")


@CHECKS.add("the portrait is left as it is")
def _untouched(renderer: Renderer) -> None:
    drawing = portrait(256, 256)
    before = drawing.pixels.copy()
    _frames(renderer, drawing, _talk(2))
    require(np.array_equal(drawing.pixels, before), "its pixels were written into")


def speed(renderer: Renderer) -> float:
    """Frames of 512 x 512 a second, without the preparation."""
    prepared, motion = renderer.prepare(portrait(512, 512)), _talk(20)
    next(iter(renderer.render(prepared, [motion[:1]])))
    return rate(len(motion), lambda: list(renderer.render(prepared, [motion])))

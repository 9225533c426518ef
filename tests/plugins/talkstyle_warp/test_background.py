"""Backgrounds that stay while the head moves, compared with pictures composed of a face and a known wall."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from sdk.data import Portrait
from sdk.drawing import drawn_face
from sdk.errors import ConfigError
from sdk.warnings import TalkstyleWarning
from talkstyle_warp.renderer import WarpRenderer

from .conftest import motion

SIZE = 320
TURNED = motion(opening=0.15, pose=(0.05, 0.18, 0.08, 0.06, 0.02, 0.0))


def wall(kind: str) -> np.ndarray:
    """A wall without anybody before it, ``[H, W, 3]``."""
    y, x = np.mgrid[:SIZE, :SIZE] / SIZE
    random = np.random.default_rng(0)
    light = {
        "flat": np.full_like(x, 0.75),
        "lit": 0.85 - 0.4 * ((x - 0.3) ** 2 + (y - 0.2) ** 2),
        "grainy": 0.7 - 0.2 * x + random.normal(0, 2.5, x.shape) / 255,
        "dark": 0.12 + 0.04 * y,
        "leaves": 0.5 + 0.3 * np.sin(40 * x) * np.sin(36 * y),
        "bricks": 0.4 + 0.3 * ((12 * x).astype(int) + (12 * y).astype(int)) % 2,
    }[kind]
    return np.clip(255 * light[..., None] * np.array([0.85, 0.95, 1.0]), 0, 255)


@cache
def drawn(seed: int = 1) -> Portrait:
    return drawn_face(SIZE, seed=seed, alpha=True)


def before(kind: str, seed: int = 1) -> Portrait:
    """A drawn face before a wall."""
    person = drawn(seed)
    assert person.alpha is not None
    share = person.alpha[..., None] / 255
    return replace(
        person, pixels=np.rint(share * person.pixels + (1 - share) * wall(kind)).astype(np.uint8), alpha=None
    )


def frame(portrait: Portrait, moved=TURNED, **options: object) -> np.ndarray:
    renderer = WarpRenderer("cpu", **options)  # type: ignore[arg-type]
    (picture,) = renderer.render(renderer.prepare(portrait), [moved])
    return picture


@pytest.mark.parametrize(("kind", "seed"), [("flat", 1), ("lit", 0), ("lit", 1), ("grainy", 1), ("dark", 0)])
def test_before_a_plain_wall_only_the_person_moves_and_leaves_no_halo(kind, seed):
    portrait = before(kind, seed)
    made = frame(portrait).astype(float)
    person = frame(drawn(seed))
    share = person[..., 3:] / 255.0
    # The same person, cut out by alpha, moved, and laid over the wall.
    true = share * person[..., :3] + (1 - share) * wall(kind)
    wrong, moving = (np.abs(picture - true).max(axis=-1) for picture in (made, frame(portrait, background="moving")))
    assert np.percentile(wrong, 99) < 14
    edge = (share[..., 0] > 0.02) & (share[..., 0] < 0.98)
    assert wrong[edge].mean() < 12
    assert wrong.mean() <= moving.mean() + 0.05
    if kind in ("lit", "grainy"):
        assert wrong.mean() < 0.8 * moving.mean()
    nobody = (drawn(seed).alpha == 0) & (person[..., 3] == 0)
    still = (made == portrait.pixels).all(axis=-1)
    assert still[nobody].mean() > 0.95


@pytest.mark.parametrize("kind", ["leaves", "bricks"])
def test_before_a_wall_with_a_pattern_it_moves(kind):
    portrait = before(kind)
    assert np.array_equal(frame(portrait), frame(portrait, background="moving"))


def test_a_pattern_that_is_to_stay_is_warned_of():
    with pytest.warns(TalkstyleWarning, match="not plain enough"):
        frame(before("bricks"), background="still")


@pytest.mark.parametrize("background", ["auto", "still", "moving"])
def test_without_motion_it_is_the_portrait_and_borders_stay(background):
    portrait = before("grainy")
    assert np.array_equal(frame(portrait, motion(), background=background), portrait.pixels)
    turned = frame(portrait, background=background)
    for edge in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        assert np.array_equal(turned[edge], portrait.pixels[edge])


def test_alpha_is_a_better_matte():
    renderer = WarpRenderer("cpu")
    assert renderer.prepare(drawn()).background is None
    assert renderer.prepare(before("flat")).background is not None


def test_torch_makes_the_same_picture():
    renderer = WarpRenderer("cpu")
    prepared = renderer.prepare(before("lit"))
    (fast,) = renderer.render(prepared, [TURNED])
    cubic = WarpRenderer("cpu", cubic=True)
    slow = cubic.prepare(before("lit"))
    slow.resampler.cubic = False  # the same resampler, but bilinear
    cubic.cubic = False
    (picture,) = cubic.render(slow, [TURNED])
    assert np.abs(fast.astype(int) - picture).max() <= 3


def test_unknown_backgrounds_are_refused():
    with pytest.raises(ConfigError, match="background='green'"):
        WarpRenderer("cpu", background="green")  # type: ignore[arg-type]

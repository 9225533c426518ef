"""The CPU's resampler compared with torch's."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from talkstyle_warp.compositing import Window
from talkstyle_warp.resamplers import NumbaResampler, TorchResampler
from talkstyle_warp.resampling import pack, resample

STEP = 7


def case(shift: float, channels: int = 3, *, size: tuple[int, int] = (90, 61), seed: int = 0):
    """A noisy picture, a window of it, and places that waver by so many pixels, some of them beyond the edges."""
    random = np.random.default_rng(seed)
    picture = random.integers(0, 256, (*size, channels), dtype=np.uint8)
    window = Window.around(np.array([9, 5]), np.array([55, 88]), step=STEP, size=size)
    ys, xs = np.mgrid[: window.rows, : window.columns].astype(np.float32)
    waver = random.normal(0, shift / STEP, (2, window.rows, window.columns)).astype(np.float32)
    return picture, window, torch.from_numpy(np.stack([xs, ys]) + waver)


def warped(resampler, sources: torch.Tensor, picture: np.ndarray) -> np.ndarray:
    out = picture.copy()
    with resampler.warped(sources, out):
        pass
    return out


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize("shift", [0.3, 4.0, 40.0])
def test_it_agrees_with_torch_within_a_level(channels, shift):
    picture, window, sources = case(shift, channels)
    fast = warped(NumbaResampler(picture, window), sources, picture).astype(int)
    slow = warped(TorchResampler(picture, window, torch.device("cpu"), cubic=False), sources, picture)
    assert np.abs(fast - slow).max() <= 1
    assert np.abs(fast - picture).max() > 100


def test_what_does_not_move_stays_bit_for_bit():
    picture, window, sources = case(0.0)
    assert np.array_equal(warped(NumbaResampler(picture, window), sources, picture), picture)
    sources[0, 3, 2] += 0.4  # one node, and only what is between it and its neighbours
    changed = np.argwhere((warped(NumbaResampler(picture, window), sources, picture) != picture).any(-1))
    low = np.array([window.top + 2 * STEP, window.left + STEP])
    assert (changed >= low).all()
    assert (changed < low + 2 * STEP).all()
    assert len(changed) > STEP**2


def test_places_that_are_no_numbers_take_some_colour_and_do_no_harm():
    picture, window, sources = case(0.0)
    sources[:, 2, 3] = torch.tensor([float("nan"), float("inf")])
    sources[:, 4, 4] = torch.tensor([-1e30, 1e30])
    warped(NumbaResampler(picture, window), sources, picture)


def test_only_its_channels_are_written():
    picture = np.random.default_rng(1).integers(0, 256, (14, 14, 4), dtype=np.uint8)
    out = picture.copy()
    places = np.stack(np.meshgrid([1.0, 7.0, 12.0], [2.0, 6.0, 13.0])).astype(np.float32)
    resample(pack(picture[..., 3:]), places, STEP, out, corner=(0, 0), channel=3)
    assert np.array_equal(out[..., :3], picture[..., :3])
    assert not np.array_equal(out[..., 3], picture[..., 3])

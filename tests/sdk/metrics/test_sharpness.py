from itertools import pairwise

import numpy as np
import pytest
from PIL import Image, ImageFilter

from sdk.drawing import drawn_face
from sdk.metrics import cpbd


def blurred(picture, radius):
    return np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))


@pytest.mark.parametrize("seed", [0, 3])
def test_blur_lowers_it_step_by_step(seed):
    face = drawn_face(384, seed=seed).pixels
    figures = [cpbd(face), *(cpbd(blurred(face, radius)) for radius in (0.5, 1, 2, 4))]
    assert figures[0] > 0.6
    assert all(a > b for a, b in pairwise(figures[:4]))
    assert figures[-1] < 0.02


def test_sharp_noise_is_near_one_and_nothing_is_zero():
    noise = np.random.default_rng(0).integers(0, 256, (128, 192), dtype=np.uint8)
    assert cpbd(noise) > 0.95
    assert cpbd(blurred(noise, 3)) < 0.1
    assert cpbd(np.full((100, 100, 3), 90, np.uint8)) == 0


def test_widths_are_held_against_the_limit_of_the_blocks_contrast():
    """Ramps as wide as the limit count as sharp, wider ones do not; faint ones may be wider."""

    def ramps(width, contrast):
        step = np.clip((np.arange(32) - 12) / width, 0, 1)
        return np.tile(100 + contrast * np.concatenate([step, 1 - step]), (64, 4)).round().astype(np.uint8)

    assert cpbd(ramps(3, 120)) == 1
    assert cpbd(ramps(4, 120)) == 0
    assert cpbd(ramps(5, 40)) == 1
    assert cpbd(ramps(6, 40)) == 0

"""``talkstyle bench render`` measures what is there: figures fall when a renderer does worse."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sdk.drawing import drawn_clip, drawn_face
from sdk.errors import ConfigError, FaceNotFound
from sdk.media import VideoReader, read_image, write_image, write_video
from sdk.progress import Reporter
from sdk.registry import load
from talkstyle_lab.bench import run_render
from talkstyle_lab.bench.driving import cycle, follow, largest
from talkstyle_lab.bench.render import _left_open as left_open
from talkstyle_lab.bench.rigidity import Rigidity

FRAMES = 24


class Still:
    """Shows the portrait as it is, whatever it is told."""

    name = "still"

    def prepare(self, portrait):
        return portrait

    def render(self, prepared, motions):
        for motion in motions:
            for _ in range(len(motion)):
                yield prepared.pixels.copy()


@pytest.fixture(scope="module")
def detector():
    pytest.importorskip("mediapipe")
    return load("landmark-detector", "mediapipe")


@pytest.fixture(scope="module")
def face_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("portraits") / "me.png"
    write_image(path, drawn_face(256, seed=1).pixels)
    return path


def test_the_warp_is_followed_and_a_still_picture_is_not(detector, face_file, tmp_path):
    moved = run_render([face_file], frames=FRAMES, speeds=(64,), out=tmp_path / "out", detector=detector, device="cpu")
    still = run_render([face_file], frames=FRAMES, speeds=(), detector=detector, renderer=Still())
    (good,), (bad,) = moved.rows, still.rows
    assert (good.portrait, good.clip, good.missed) == ("me", "cycle", 0)
    assert good.mouth_r > 0.97
    assert 0.8 < good.mouth_slope < 1.2
    assert good.points_mean < 2.0 < bad.points_mean
    assert good.blink < 0.5
    assert bad.around == 0.0 <= good.around < 1.0  # before a plain wall
    assert bad.mouth_r is None or abs(bad.mouth_r) < 0.5
    assert 0.9 < good.ssim < 1.0
    json.dumps(moved.as_dict(), allow_nan=False)
    assert moved.speeds[0].fps > 0
    assert sum(1 for _ in VideoReader(tmp_path / "out" / "cycle.mp4")) == FRAMES
    assert read_image(tmp_path / "out" / "me.png").pixels.std() > 10


def test_a_blink_is_what_most_shut_frames_show_and_none_where_none_is_meant():
    meant = np.array([1.0] * 20 + [0.05] * 3 + [1.0] * 20)
    found = meant.copy()
    found[20:23] = 0.1, 0.6, 0.5  # the first by luck
    assert left_open(meant, found) == pytest.approx(0.5)
    half = np.maximum(meant, 0.3)
    assert left_open(half, half) is None


def test_a_clip_drives_as_it_was_seen(detector, tmp_path):
    motion = cycle(40)
    write_video(tmp_path / "clip.mp4", drawn_clip(motion, size=256), rate=25)
    driver = follow(tmp_path / "clip.mp4", "clip", 20, detector=detector, report=Reporter())
    assert len(driver.motion) == len(driver.pictures) == 20
    meant = motion.expression[::2, 66, 1] - motion.expression[::2, 62, 1]
    seen = driver.motion.expression[:, 66, 1] - driver.motion.expression[:, 62, 1]
    assert np.corrcoef(meant, seen)[0, 1] > 0.95


def test_a_clip_without_a_face_is_refused(detector, tmp_path):
    write_video(tmp_path / "grey.mp4", [np.full((64, 64, 3), 128, np.uint8)] * 10, rate=25)
    with pytest.raises(FaceNotFound, match="0 of 5"):
        follow(tmp_path / "grey.mp4", "grey", 5, detector=detector, report=Reporter())


def test_an_affine_map_costs_no_likeness_and_smearing_does():
    portrait = drawn_face(256, seed=1)
    noise = np.random.default_rng(0).normal(0, 30, (256, 256, 1))
    grain = np.mean([np.roll(noise, (k // 5, k % 5), axis=(0, 1)) for k in range(25)], axis=0)
    pixels = np.clip(portrait.pixels + grain, 0, 255).astype(np.uint8)
    rigidity = Rigidity(pixels, portrait.landmarks.points)
    shifted = np.roll(pixels, (1, 2), axis=(0, 1))
    # The landmarks are said to have stayed: the two pixels are found, not known.
    assert rigidity(shifted, portrait.landmarks.points).ssim > 0.99
    smeared = np.mean([np.roll(pixels, k, axis=1) for k in range(8)], axis=0).astype(np.uint8)
    assert rigidity(smeared, portrait.landmarks.points).ssim < 0.92


def test_too_few_frames_are_refused():
    with pytest.raises(ConfigError, match="frames=3"):
        run_render(frames=3, detector="mediapipe")


def test_no_face_is_none(detector):
    assert largest(detector, np.zeros((64, 64, 3), np.uint8)) is None

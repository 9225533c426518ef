"""Looking at a drawn clip with the real detector and base; and at what is wrong with worse ones."""

from fractions import Fraction

import numpy as np
import pytest

import sdk
from sdk.data import Audio, Motion
from sdk.demo.assets import at_frame_rate, load_assets
from sdk.drawing import drawn_clip
from sdk.errors import FaceNotFound, MediaCorrupt, MediaNotFound, MediaTrackMissing, ReferenceTooShort
from sdk.media import open_audio, read_image, write_video

FPS = Fraction(15)


def write(path, motion, sound=None):
    write_video(
        path, drawn_clip(motion, size=224, seed=1), rate=FPS, audio=None if sound is None else open_audio(sound)
    )
    return path


@pytest.fixture(scope="module")
def stuff():
    return load_assets(seconds=4)


@pytest.fixture(scope="module")
def motion(stuff):
    return at_frame_rate(stuff.motion, stuff.speech.duration, FPS)


@pytest.fixture(scope="module")
def clip(tmp_path_factory, stuff, motion):
    return write(tmp_path_factory.mktemp("clip") / "speaks.mp4", motion, stuff.speech)


@pytest.fixture(scope="module")
def found(clip):
    stages = []
    return sdk.inspect(clip, device="cpu", each=2, on_progress=lambda p: stages.append(p.stage)), stages


def test_a_clip_that_can_serve(found, motion):
    result, stages = found
    assert result.duration == pytest.approx(4, abs=0.1)
    assert result.usable == pytest.approx(4, abs=0.2)
    assert 0.5 < result.quality <= 1
    assert abs(result.yaw) < 15
    assert result.speech > 0.5
    assert result.offset_r is not None
    assert 0 <= result.offset_null <= 1
    assert {"detect", "listen", "pick"} <= set(stages)
    assert any("only" in warning and "s to learn from" in warning for warning in result.warnings)
    assert len(result.opening) == pytest.approx(240, abs=8)


def test_picks_are_frames_of_the_clip_with_their_pictures(found):
    result, _ = found
    assert {one.template for one in result.picks} >= {"none", "O"}
    assert len(result.images) == len(result.picks)
    wide = [result.opening[one.frame] for one in result.picks if one.template == "O"]
    shut = [result.opening[one.frame] for one in result.picks if one.template == "none"]
    assert min(wide) > max(shut)
    for image in result.images:
        assert image.dtype == np.uint8
        assert min(image.shape[:2]) > 50


def test_the_document_and_the_picture(found, tmp_path):
    result, _ = found
    document = result.as_dict()
    assert document["picks"][0]["template"] == result.picks[0].template
    assert document["warnings"] == list(result.warnings)
    assert "images" not in document
    drawn = read_image(result.picture(tmp_path / "clip.png")).pixels
    assert drawn.shape[1] == 1200
    assert drawn.std() > 10


def test_a_silent_clip_is_looked_at_without_its_sound(tmp_path, motion):
    result = sdk.inspect(write(tmp_path / "silent.mp4", motion[:45]), device="cpu")
    assert result.speech is result.offset is result.offset_r is result.level is None
    assert any("no sound" in warning for warning in result.warnings)
    with pytest.raises(MediaTrackMissing):
        sdk.inspect(tmp_path / "silent.mp4", audio=tmp_path / "silent.mp4", device="cpu")


def test_what_is_wrong_with_the_sound_is_said(tmp_path, motion):
    clip = write(tmp_path / "clip.mp4", motion[:45])
    nothing = sdk.inspect(clip, audio=Audio(np.zeros(16000 * 3), 16000), device="cpu")
    assert nothing.speech == 0
    assert any("nothing is heard" in warning for warning in nothing.warnings)
    rng = np.random.default_rng(0)
    loud = np.clip(rng.normal(size=16000 * 6) * 3, -1, 1).astype(np.float32)
    clipped = sdk.inspect(clip, audio=Audio(loud, 16000), device="cpu")
    assert any("clip" in warning and "sample" in warning for warning in clipped.warnings)
    assert any("lasts 3.0 s and its sound 6.0 s" in warning for warning in clipped.warnings)


def test_a_mouth_that_never_opens_shows_no_open_syllable(tmp_path):
    pose = np.zeros((45, 6))
    pose[:, 1] = 0.1 * np.sin(np.arange(45) / 5)
    silent = Motion(np.zeros((45, 68, 3)), pose, FPS)
    result = sdk.inspect(write(tmp_path / "silent.mp4", silent), device="cpu")
    assert any("key motion" in warning and "O" in warning for warning in result.warnings)


def test_what_cannot_be_read_or_used_is_an_error_with_a_type(tmp_path, motion):
    with pytest.raises(MediaNotFound):
        sdk.inspect(tmp_path / "none.mp4")
    (tmp_path / "noise.mp4").write_bytes(b"no video at all" * 50)
    with pytest.raises(MediaCorrupt):
        sdk.inspect(tmp_path / "noise.mp4")
    with pytest.raises(ReferenceTooShort):
        sdk.inspect(write(tmp_path / "short.mp4", motion[:15]), device="cpu")
    write_video(tmp_path / "wall.mp4", iter([np.full((128, 128, 3), 90, np.uint8)] * 40), rate=FPS)
    with pytest.raises(FaceNotFound):
        sdk.inspect(tmp_path / "wall.mp4", device="cpu")

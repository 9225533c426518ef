import numpy as np
import PIL.Image
import pytest

from sdk.drawing import drawn_face
from sdk.errors import ConfigError, FaceAmbiguous, FaceNotFound, FaceTooSmall, FaceUnreliable, MediaNotFound
from sdk.tracking import load_portrait
from tests.sdk.tracking.conftest import Script, face


@pytest.fixture(scope="module")
def drawn():
    return drawn_face(512)


def test_a_drawn_portrait(mediapipe, drawn, tmp_path):
    path = tmp_path / "ein Gesicht ü.png"
    PIL.Image.fromarray(drawn.pixels).save(path)
    portrait, warnings = load_portrait(path, detector=mediapipe)
    assert warnings == ()
    assert portrait.alpha is None
    assert np.array_equal(portrait.pixels, drawn.pixels)
    again, _ = load_portrait(path.read_bytes(), detector=mediapipe)
    assert np.array_equal(again.landmarks.points, portrait.landmarks.points)


def test_alpha_is_kept_and_what_it_hides_is_not_seen(mediapipe):
    one, other = drawn_face(400, seed=1, alpha=True), drawn_face(400, seed=2)
    pixels = np.concatenate([one.pixels, other.pixels], axis=1)
    alpha = np.concatenate([one.alpha, np.zeros_like(one.alpha)], axis=1)
    with pytest.raises(FaceAmbiguous):
        load_portrait(pixels, detector=mediapipe)
    portrait, _ = load_portrait(np.dstack([pixels, alpha]), detector=mediapipe)
    assert np.array_equal(portrait.alpha, alpha)
    assert np.array_equal(portrait.pixels, pixels)
    assert portrait.landmarks.points[:, 0].max() < 400


def test_no_face(mediapipe):
    with pytest.raises(FaceNotFound):
        load_portrait(np.full((300, 300, 3), 90, np.uint8), detector=mediapipe)
    with pytest.raises(MediaNotFound):
        load_portrait("nowhere.png", detector=mediapipe)


def test_two_faces(mediapipe, drawn):
    pair = np.concatenate([drawn.pixels, np.pad(drawn_face(300, seed=1).pixels, ((106, 106), (0, 0), (0, 0)))], axis=1)
    with pytest.raises(FaceAmbiguous) as caught:
        load_portrait(pair, detector=mediapipe)
    first, second = caught.value.boxes
    assert first[2] < 512 < second[0]
    for choice in ("largest", 0, first):
        portrait, _ = load_portrait(pair, detector=mediapipe, face=choice)
        assert portrait.landmarks.points[:, 0].max() < 512
    for choice in (1, second):
        portrait, _ = load_portrait(pair, detector=mediapipe, face=choice)
        assert portrait.landmarks.points[:, 0].min() > 512


@pytest.mark.parametrize("choice", ["smallest", 1.5, (5, 5, 1, 1), True, (1, 2)])
def test_a_choice_that_makes_no_sense(choice):
    with pytest.raises(ConfigError, match="face="):
        load_portrait(np.zeros((9, 9, 3), np.uint8), detector=Script([[face(), face()]]), face=choice)


def test_profile(mediapipe):
    with pytest.raises(FaceUnreliable, match="70 degrees"):
        load_portrait(np.zeros((9, 9, 3), np.uint8), detector=Script([[face(yaw=70)]]))
    turned = drawn_face(512, pose=np.array([0, 0.65, 0, 0, 0, 0]))
    _, warnings = load_portrait(turned.pixels, detector=mediapipe)
    assert any("degrees" in warning for warning in warnings)


def test_tiny_and_small(mediapipe):
    with pytest.raises(FaceTooSmall):
        load_portrait(drawn_face(100).pixels, detector=mediapipe)
    _, warnings = load_portrait(drawn_face(256).pixels, detector=mediapipe)
    assert any("pixels wide" in warning for warning in warnings)


def test_blurred(mediapipe, drawn):
    small = PIL.Image.fromarray(drawn.pixels).resize((40, 40))
    _, warnings = load_portrait(small.resize((512, 512), PIL.Image.Resampling.BICUBIC), detector=mediapipe)
    assert any("blurred" in warning for warning in warnings)


@pytest.mark.parametrize("name", ["studio.png", "s7.jpg", "s8.jpg", "painted.png"])
def test_real_portraits(media, mediapipe, name):
    portrait, warnings = load_portrait(media / "portraits" / name, detector=mediapipe)
    assert portrait.landmarks.width > 160
    assert warnings == ()

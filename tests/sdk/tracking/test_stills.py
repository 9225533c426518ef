import numpy as np
import PIL.Image
import pytest

from sdk.drawing import drawn_face
from sdk.errors import (
    ComponentBroken,
    ConfigError,
    FaceAmbiguous,
    FaceNotFound,
    FaceTooSmall,
    FaceUnreliable,
    MediaCorrupt,
    MediaNotFound,
)
from sdk.progress import Reporter
from sdk.tracking import load_portrait, load_stills
from tests.sdk.tracking.conftest import Script, face

SHARP = np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)


def test_stills_of_one_person(mediapipe):
    opened = np.zeros((68, 3))
    opened[[65, 66, 67], 1] = 0.15
    images = [drawn_face(512), drawn_face(400), drawn_face(512, expression=opened)]
    steps = []
    stills = load_stills([image.pixels for image in images], detector=mediapipe, report=Reporter(steps.append))
    assert stills.points.shape == (3, 68, 3)
    assert stills.used == (0, 1, 2)
    assert stills.warnings == ()
    assert steps[-1].fraction == 1
    for points, image in zip(stills.points, images, strict=True):
        eyes = np.linalg.norm(image.landmarks.points[36] - image.landmarks.points[45])
        assert np.linalg.norm(points[:, :2] - image.landmarks.points[:, :2], axis=1).mean() < 0.04 * eyes


def test_one_still_is_enough():
    assert load_stills([SHARP], detector=Script([[face()]])).points.shape == (1, 68, 3)


def test_pictures_that_cannot_serve_are_left_out_by_name():
    nobody = [[]] * 4  # however it is turned
    entries = [[face()], *nobody, [face(eyes=20)], [face(yaw=75)], [face(eyes=80)]]
    stills = load_stills([SHARP] * 5, detector=Script(entries))
    assert stills.used == (0, 4)
    text = "\n".join(stills.warnings)
    for expected in ("image 1 is left out: no face", "image 2 is left out: the face is 32", "image 3 is left out"):
        assert expected in text
    assert "image 4: the face is 128 pixels wide" in text


def test_no_picture_can_serve():
    with pytest.raises(FaceNotFound, match="image 0"):
        load_stills([SHARP] * 2, detector=Script([]))
    with pytest.raises(FaceTooSmall):
        load_stills([SHARP], detector=Script([[face(eyes=20)]]))


def test_no_pictures():
    with pytest.raises(ConfigError):
        load_stills([], detector=Script([]))


def test_several_faces():
    pair = [face(eyes=60, at=(80.0, 90.0)), face(eyes=100, at=(220.0, 90.0))]
    with pytest.raises(FaceAmbiguous, match="image 1"):
        load_stills([SHARP] * 2, detector=Script([[pair[1]], pair]))
    stills = load_stills([SHARP] * 2, detector=Script([[pair[1]], pair]), face="largest")
    assert np.allclose(stills.points[0], stills.points[1])


def test_a_broken_detector_is_named_with_the_picture():
    with pytest.raises(ComponentBroken, match=r"'script' raised ValueError.*image 1"):
        load_stills([SHARP] * 2, detector=Script([[face()], ValueError("bad")]))


def test_a_damaged_picture(tmp_path):
    path = tmp_path / "broken.png"
    path.write_bytes(b"\x89PNG broken")
    with pytest.raises(MediaCorrupt):
        load_stills([path], detector=Script([]))


def test_the_hash_is_of_the_pictures():
    a = load_stills([SHARP, SHARP], detector=Script([[face()]] * 2)).sha256
    b = load_stills([SHARP.copy(), SHARP], detector=Script([[face()]] * 2)).sha256
    c = load_stills([SHARP, SHARP // 2], detector=Script([[face()]] * 2)).sha256
    assert a == b != c


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


def test_a_portrait_without_a_face(mediapipe):
    with pytest.raises(FaceNotFound):
        load_portrait(np.full((300, 300, 3), 90, np.uint8), detector=mediapipe)
    with pytest.raises(MediaNotFound):
        load_portrait("nowhere.png", detector=mediapipe)


def test_a_portrait_of_two_faces(mediapipe, drawn):
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


def test_a_portrait_in_profile(mediapipe):
    with pytest.raises(FaceUnreliable, match="70 degrees"):
        load_portrait(np.zeros((9, 9, 3), np.uint8), detector=Script([[face(yaw=70)]]))
    turned = drawn_face(512, pose=np.array([0, 0.65, 0, 0, 0, 0]))
    _, warnings = load_portrait(turned.pixels, detector=mediapipe)
    assert any("degrees" in warning for warning in warnings)


def test_tiny_and_small_portraits(mediapipe):
    with pytest.raises(FaceTooSmall):
        load_portrait(drawn_face(100).pixels, detector=mediapipe)
    _, warnings = load_portrait(drawn_face(256).pixels, detector=mediapipe)
    assert any("pixels wide" in warning for warning in warnings)


def test_a_blurred_portrait(mediapipe, drawn):
    small = PIL.Image.fromarray(drawn.pixels).resize((40, 40))
    _, warnings = load_portrait(small.resize((512, 512), PIL.Image.Resampling.BICUBIC), detector=mediapipe)
    assert any("blurred" in warning for warning in warnings)


@pytest.mark.parametrize("name", ["studio.png", "s7.jpg", "s8.jpg", "painted.png"])
def test_real_portraits(media, mediapipe, name):
    portrait, warnings = load_portrait(media / "portraits" / name, detector=mediapipe)
    assert portrait.landmarks.width > 160
    assert warnings == ()

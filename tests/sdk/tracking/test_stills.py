import numpy as np
import pytest

from sdk.drawing import drawn_face
from sdk.errors import ComponentBroken, ConfigError, FaceAmbiguous, FaceNotFound, FaceTooSmall, MediaCorrupt
from sdk.progress import Reporter
from sdk.tracking import load_stills
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
    entries = [[face()], [], [face(eyes=20)], [face(yaw=75)], [face(eyes=80)]]
    stills = load_stills([SHARP] * 5, detector=Script(entries))
    assert stills.used == (0, 4)
    text = "\n".join(stills.warnings)
    for expected in ("image 1 is left out: no face", "image 2 is left out: the face is 32", "image 3 is left out"):
        assert expected in text
    assert "image 4: the face is 128 pixels wide" in text


def test_no_picture_can_serve():
    with pytest.raises(FaceNotFound, match="image 0"):
        load_stills([SHARP] * 2, detector=Script([[], []]))
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

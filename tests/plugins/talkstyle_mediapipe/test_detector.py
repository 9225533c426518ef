import subprocess
import sys
import threading

import numpy as np
import PIL.Image
import pytest

from sdk.drawing import drawn_face
from sdk.errors import ConfigError, InputError
from sdk.geometry import MIRROR
from sdk.media import VideoReader, read_image
from talkstyle_mediapipe.detector import MediaPipeDetector


def error(found, truth):
    """The mean distance in the picture, in % of the outer eyes' distance."""
    eyes = np.linalg.norm(truth[36, :2] - truth[45, :2])
    return 100 * np.linalg.norm(found[:, :2] - truth[:, :2], axis=1).mean() / eyes


def scene(size, *places):
    """Drawn faces on a grey picture: ``(seed, side, left, top)`` each. Returns it with each face's landmarks."""
    picture = np.full((*size, 3), 120, dtype=np.uint8)
    truths = []
    for seed, side, left, top in places:
        drawn = drawn_face(side, seed=seed)
        picture[top : top + side, left : left + side] = drawn.pixels
        truths.append(drawn.landmarks.points + np.array([left, top, 0]))
    return picture, truths


@pytest.mark.parametrize("seed", range(6))
def test_lands_on_drawn_faces(detector, seed):
    drawn = drawn_face(384, seed=seed)
    (face,) = detector.detect([drawn.pixels])[0]
    assert error(face.points, drawn.landmarks.points) < 4
    assert face.score > 0.8
    left, top, right, bottom = face.box
    assert left < face.points[36, 0] < face.points[45, 0] < right
    assert top < face.points[27, 1] < face.points[8, 1] <= bottom + 1


def test_depth_is_in_pixels_and_away_from_the_camera(detector):
    drawn = drawn_face(512)
    (face,) = detector.detect([drawn.pixels])[0]
    truth = drawn.landmarks.points
    assert face.depth
    for near, far in ((30, 27), (30, 36), (27, 0), (51, 48)):
        assert face.points[near, 2] < face.points[far, 2]
    ratio = (face.points[0, 2] - face.points[30, 2]) / (truth[0, 2] - truth[30, 2])
    assert 0.6 < ratio < 1.6


def test_several_faces_come_largest_first(detector):
    picture, truths = scene((600, 1100), (1, 420, 20, 60), (0, 600, 480, 0))
    faces = detector.detect([picture])[0]
    assert len(faces) == 2
    assert faces[0].width > faces[1].width
    assert error(faces[0].points, truths[1]) < 4
    assert error(faces[1].points, truths[0]) < 4


def test_pictures_without_a_face(detector):
    noise = np.random.default_rng(0).integers(0, 255, (200, 320, 3), dtype=np.uint8)
    blank = np.zeros((1200, 900, 3), dtype=np.uint8)
    assert detector.detect([noise, blank, noise[:1, :1]]) == [[], [], []]
    assert detector.detect([]) == []


@pytest.mark.parametrize("side", [240, 170])
def test_small_faces_in_large_frames(detector, side):
    # The face itself is 0.41 of the side: 9 and 6 % of the frame's height.
    picture, (truth,) = scene((1080, 1920), (0, side, 1200, 500))
    (face,) = detector.detect([picture])[0]
    assert error(face.points, truth) < 5


def test_a_small_face_is_looked_at_closely(detector):
    picture, (truth,) = scene((1920, 1080), (1, 500, 300, 700))
    (face,) = detector.detect([picture])[0]
    (crop,) = detector.detect([picture[700:1200, 300:800]])[0]
    assert error(face.points, crop.points + np.array([300, 700, 0])) < 1.5
    assert error(face.points, truth) < 4


def test_a_large_still(detector):
    small = drawn_face(512)
    large = np.asarray(PIL.Image.fromarray(small.pixels).resize((4096, 4096), PIL.Image.Resampling.BICUBIC))
    (face,) = detector.detect([large])[0]
    assert error(face.points, small.landmarks.points * 8) < 4


def test_the_mirrored_look_commutes_with_mirroring():
    detector = MediaPipeDetector(flip_input=True)
    # Small enough to be looked at closely, and away from the middle.
    picture, (truth,) = scene((700, 900), (1, 300, 500, 150))
    (face,) = detector.detect([picture])[0]
    (mirrored,) = detector.detect([np.ascontiguousarray(picture[:, ::-1])])[0]
    back = mirrored.points[list(MIRROR)] * (-1, 1, 1) + (900, 0, 0)
    assert error(face.points, back) < 0.5
    assert error(face.points, truth) < 4


def test_pictures_do_not_influence_each_other(detector):
    a, b = drawn_face(256, seed=0).pixels, drawn_face(256, seed=3, pose=np.array([0, 0.3, 0, 0.1, 0, 0])).pixels
    alone = detector.detect([a])[0][0].points
    batch = detector.detect([b, a, b, a])
    assert np.array_equal(batch[1][0].points, alone)
    assert np.array_equal(batch[3][0].points, alone)


def test_threads_share_one_detector(detector):
    pictures = [drawn_face(256, seed=seed).pixels for seed in range(3)]
    alone = [detector.detect([picture])[0][0].points for picture in pictures]
    found = {}

    def work(index):
        found[index] = [detector.detect([pictures[index]])[0][0].points for _ in range(5)]

    threads = [threading.Thread(target=work, args=(index,)) for index in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index in range(3):
        assert all(np.array_equal(points, alone[index]) for points in found[index])


@pytest.mark.parametrize(
    "image", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.float32), np.zeros((0, 8, 3), np.uint8)]
)
def test_what_is_no_picture_is_named(detector, image):
    with pytest.raises(InputError, match="image 1"):
        detector.detect([np.zeros((8, 8, 3), np.uint8), image])


@pytest.mark.parametrize("options", [{"max_faces": 0}, {"min_confidence": 1.5}])
def test_options_out_of_range(options):
    with pytest.raises(ConfigError, match=next(iter(options))):
        MediaPipeDetector(**options)


def test_stderr_stays_clean():
    code = (
        "from talkstyle_mediapipe.detector import MediaPipeDetector as D\n"
        "from sdk.drawing import drawn_face\n"
        "assert D().detect([drawn_face(256).pixels])[0]\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == ""


@pytest.mark.parametrize("name", ["studio.png", "s7.jpg", "s8.jpg", "painted.png"])
def test_real_portraits(detector, media, name):
    picture = read_image(media / "portraits" / name)
    (face,) = detector.detect([picture.pixels])[0]
    assert face.width > 160


def test_a_real_clip_with_a_small_face(detector, media):
    frames = [frame.image for k, frame in enumerate(VideoReader(media / "talk" / "bench.mp4")) if k % 10 == 0]
    assert all(len(faces) == 1 for faces in detector.detect(frames))

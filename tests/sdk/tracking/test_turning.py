"""Which way is up: drawn faces with the real detector, and votes that are scripted."""

import numpy as np
import PIL.Image
import pytest

from sdk.data import Landmarks
from sdk.drawing import drawn_clip, drawn_face
from sdk.errors import FaceAmbiguous, FaceNotFound
from sdk.media import read_image
from sdk.tracking import load_clip, load_portrait, load_stills
from sdk.tracking.turning import given_box, turned
from tests.sdk.tracking.conftest import Script, face, write_clip
from tests.sdk.tracking.test_clip import talking

SIZE = 320


def roll(landmarks):
    across = landmarks.points[45] - landmarks.points[36]
    return np.degrees(np.arctan2(across[1], across[0]))


class Upright:
    """Finds a face where it is, but lays an upright one over it when it is upside down, with less confidence.

    The picture is dark; a bright corner says how it was turned. Without scores, every face is as sure as another.
    """

    name = "upright"
    depth = True

    def __init__(self, *, tilt=0.0, scores=True):
        self.tilt, self.scores = tilt, scores
        self.seen = 0

    def detect(self, images):
        self.seen += len(images)
        return [[self._face(image)] for image in images]

    def _face(self, image):
        corners = [image[:9, :9], image[-9:, :9], image[-9:, -9:], image[:9, -9:]]
        turns = int(np.argmax([corner.mean() for corner in corners]))  # the corner goes round counterclockwise
        tilt = (self.tilt - 90 * turns + 180) % 360 - 180
        score = 0.95 if abs(tilt) < 50 else 0.8
        if abs(tilt) > 100:
            tilt, score = 0.0, 0.6
        angle = np.radians(tilt)
        spin = np.array([[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
        points = face(eyes=100, at=(0.0, 0.0)).points @ spin.T + [160, 120, 0]
        return Landmarks(points.astype(np.float32), score if self.scores else 1.0)


def marked(turns=0):
    image = np.random.default_rng(0).integers(0, 90, (240, 320, 3), dtype=np.uint8)
    image[:10, :10] = 255
    return np.rot90(image, turns).copy()


@pytest.mark.parametrize("scores", [True, False], ids=["with scores", "without scores"])
@pytest.mark.parametrize("turns", range(4))
def test_a_picture_is_turned_to_where_most_orientations_agree(turns, scores):
    portrait, warnings = load_portrait(marked(turns), detector=Upright(scores=scores))
    assert np.array_equal(portrait.pixels, marked())
    assert abs(roll(portrait.landmarks)) < 1
    assert any("turned by" in warning for warning in warnings) == (turns > 0)
    assert any("upside down" in warning for warning in warnings) == (turns == 2)


@pytest.mark.parametrize("tilt", [-60, -45, 0, 45, 60])
def test_a_tilted_head_stays_as_it_is(tilt):
    portrait, warnings = load_portrait(marked(), detector=Upright(tilt=tilt))
    assert np.array_equal(portrait.pixels, marked())
    assert roll(portrait.landmarks) == pytest.approx(tilt, abs=1)
    assert not any("turned by" in warning for warning in warnings)


def test_an_upright_face_costs_one_look():
    detector = Upright()
    load_portrait(marked(), detector=detector)
    assert detector.seen == 1


def test_alpha_is_turned_too():
    alpha = np.full((320, 240), 255, np.uint8)
    alpha[:50] = 0
    portrait, _ = load_portrait(np.dstack([marked(1), alpha]), detector=Upright())
    assert portrait.alpha.shape == portrait.pixels.shape[:2] == (240, 320)
    assert (portrait.alpha[:, -50:] == 0).all()


def test_unsure_faces_that_others_do_not_contradict_stay():
    unsure = [face(score=0.6)]
    portrait, warnings = load_portrait(marked(), detector=Script([unsure, [], [], []]))
    assert portrait.landmarks.score == pytest.approx(0.6)
    assert not any("turned" in warning for warning in warnings)


def test_one_orientation_alone_does_not_make_a_face():
    with pytest.raises(FaceNotFound):
        load_portrait(marked(), detector=Script([[], [face()], [], []]))


def test_boxes_are_in_the_picture_as_it_was_given():
    image = np.zeros((40, 60, 3), np.uint8)
    image[5:12, 20:45] = 255
    for turns in range(4):
        rows, columns = np.nonzero(turned(image, turns)[..., 0])
        box = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert given_box(box, (60, 40), turns) == (20, 5, 45, 12)


def test_one_of_two_in_a_turned_picture_is_chosen_by_where_it_was(mediapipe):
    pair = np.hstack([drawn_face(SIZE, seed=1).pixels, drawn_face(SIZE, seed=2).pixels])
    given = np.rot90(pair, 2)
    with pytest.raises(FaceAmbiguous) as caught:
        load_portrait(given, detector=mediapipe)
    for box in caught.value.boxes:
        portrait, warnings = load_portrait(given, detector=mediapipe, face=box)
        assert np.array_equal(portrait.pixels, pair)
        assert any("upside down" in warning for warning in warnings)
        on_the_left = (box[0] + box[2]) / 2 < SIZE
        assert (portrait.landmarks.points[30, 0] > SIZE) == on_the_left


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("turns", range(4))
def test_drawn_faces(mediapipe, turns, mirrored):
    pixels = drawn_face(SIZE).pixels[:, :: -1 if mirrored else 1]
    portrait, warnings = load_portrait(np.rot90(pixels, turns), detector=mediapipe)
    assert np.array_equal(portrait.pixels, pixels)
    assert any("turned by" in warning for warning in warnings) == (turns > 0)
    again, _ = load_portrait(pixels, detector=mediapipe)
    assert np.array_equal(again.landmarks.points, portrait.landmarks.points)


@pytest.mark.parametrize("name", ["painted.png", "s7.jpg", "s8.jpg", "studio.png"])
def test_real_portraits(media, mediapipe, name):
    image = PIL.Image.fromarray(read_image(media / "portraits" / name).pixels)
    image.thumbnail((768, 768))
    upright = np.asarray(image)
    for pixels in (upright, upright[:, ::-1]):
        for turns in range(4):
            portrait, _ = load_portrait(np.rot90(pixels, turns), detector=mediapipe)
            assert np.array_equal(portrait.pixels, pixels)
    for degrees in (30, 45, 60):
        _, warnings = load_portrait(image.rotate(degrees), detector=mediapipe)
        assert not any("turned by" in warning and "so the picture" in warning for warning in warnings)


def test_stills_are_turned_and_named(mediapipe):
    pixels = drawn_face(SIZE).pixels
    stills = load_stills([pixels, np.rot90(pixels, 2)], detector=mediapipe)
    assert np.array_equal(stills.points[0], stills.points[1])
    assert any(warning.startswith("image 1: the face is upside down") for warning in stills.warnings)


@pytest.mark.parametrize("turns", [1, 2])
def test_a_clip_is_turned_as_a_whole(tmp_path, mediapipe, turns):
    frames = list(drawn_clip(talking(2.2), size=224))
    paths = []
    for name, many in (("plain", frames), ("turned", [np.rot90(one, turns).copy() for one in frames])):
        times = [k / 30 for k in range(len(many))]
        paths.append(write_clip(tmp_path / f"{name}.mp4", times, size=(224, 224), frames=many))
    plain, given = (load_clip(path, detector=mediapipe) for path in paths)
    assert (plain.turns, given.turns) == (0, 4 - turns)
    assert np.abs(plain.points - given.points).mean() < 1.5
    assert any("turned by" in warning for warning in given.warnings)
    assert not any("turned by" in warning for warning in plain.warnings)

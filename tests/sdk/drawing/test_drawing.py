from fractions import Fraction

import numpy as np
import pytest

from sdk.data import Motion
from sdk.drawing import drawn_clip, drawn_face
from sdk.errors import ConfigError
from sdk.face import normalise
from sdk.geometry import canonical_face, eye_opening, mouth_opening, mouth_width


def test_seed_0_has_the_canonical_face():
    face = drawn_face(200)
    assert face.pixels.shape == (200, 200, 3)
    assert face.alpha is None
    points = face.landmarks.points
    unit = np.linalg.norm(points[36] - points[45])
    middle = (points[36] + points[45]) / 2
    assert np.allclose((points - middle) / unit, canonical_face(), atol=1e-4)


def test_the_same_seed_is_the_same_picture_and_others_differ():
    pictures = [drawn_face(96, seed=seed).pixels for seed in (0, 1, 2, 3, 9, 9)]
    assert np.array_equal(pictures[4], pictures[5])
    for a in range(5):
        for b in range(a):
            assert np.abs(pictures[a].astype(int) - pictures[b]).mean() > 4


def test_size_only_scales():
    small, large = drawn_face(128, seed=5), drawn_face(256, seed=5)
    assert np.allclose(small.landmarks.points * 2, large.landmarks.points, atol=1e-3)
    halved = large.pixels.reshape(128, 2, 128, 2, 3).mean(axis=(1, 3))
    assert np.abs(halved - small.pixels).mean() < 5


def test_alpha_is_the_silhouette():
    face = drawn_face(200, alpha=True)
    assert face.alpha.dtype == np.uint8
    points = face.landmarks.points[:, :2].round().astype(int)
    inner = [*range(17, 68), *range(3, 14)]
    assert (face.alpha[points[inner, 1], points[inner, 0]] == 255).all()
    assert (face.alpha[:20] == 0).all()
    assert (face.alpha[-1] == 255).mean() > 0.8
    edge = (face.alpha > 0) & (face.alpha < 255)
    assert 100 < edge.sum() < 4000  # smoothed, and only at the edge


def test_expression_and_pose_move_the_landmarks_as_told():
    expression = np.zeros((68, 3))
    expression[[65, 66, 67], 1] = 0.2
    turn = np.array([0.1, -0.3, 0.05, 0.05, -0.02, 0])
    still, moved = drawn_face(256).landmarks.points, drawn_face(256, expression=expression, pose=turn).landmarks.points
    motion = normalise(np.stack([still, moved]), neutral=canonical_face())
    assert mouth_opening(moved) == pytest.approx(0.2, abs=0.002)
    assert np.allclose(motion.expression[1], expression, atol=2e-3)
    assert np.linalg.norm(motion.pose[1, :3] - motion.pose[0, :3]) == pytest.approx(np.linalg.norm(turn[:3]), abs=0.01)


def test_what_is_drawn_is_where_the_landmarks_are():
    # Dark inside an open mouth, and the iris gone behind closed lids.
    opened = np.zeros((68, 3))
    opened[[55, 56, 57, 58, 59, 65, 66, 67], 1] = 0.2
    opened[4:13, 1] = 0.2
    shut = np.zeros((68, 3))
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        shut[upper] = canonical_face()[lower] - canonical_face()[upper]
    neutral, talking, asleep = drawn_face(256), drawn_face(256, expression=opened), drawn_face(256, expression=shut)

    def at(face, point):
        x, y = point[:2].round().astype(int)
        return face.pixels[y - 1 : y + 2, x - 1 : x + 2].mean()

    mouth = talking.landmarks.points[[62, 66]].mean(axis=0)
    assert at(talking, mouth) < at(neutral, neutral.landmarks.points[57]) - 20
    assert eye_opening(asleep.landmarks.points) < 0.05
    pupil = neutral.landmarks.points[36:42].mean(axis=0)
    assert at(neutral, pupil) < 60 < at(asleep, pupil)


def test_a_clip_follows_its_motion():
    expression = np.zeros((6, 68, 3), np.float32)
    expression[3:, [65, 66, 67], 1] = 0.2
    expression[3:, 55:60, 1] = 0.2
    motion = Motion(expression, np.zeros((6, 6), np.float32), Fraction(30))
    frames = list(drawn_clip(motion, size=128, seed=1))
    assert len(frames) == 6
    assert all(frame.shape == (128, 128, 3) and frame.dtype == np.uint8 for frame in frames)
    assert np.array_equal(frames[0], frames[2])
    assert np.array_equal(frames[3], frames[5])
    assert not np.array_equal(frames[2], frames[3])


def test_people_differ_in_shape():
    widths = {round(float(mouth_width(drawn_face(64, seed=seed).landmarks.points)), 4) for seed in range(6)}
    assert len(widths) == 6


def test_too_small():
    with pytest.raises(ConfigError):
        drawn_face(32)
    with pytest.raises(ConfigError):
        next(drawn_clip(Motion(np.zeros((1, 68, 3)), np.zeros((1, 6))), size=10))

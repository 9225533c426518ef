import numpy as np
import pytest

from sdk import face, geometry
from sdk.data import Landmarks, Motion
from sdk.errors import InputError


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def posed(rng, frames=40, scale=80.0):
    """A person with a shape of their own, moving, in pixels."""
    own = geometry.canonical_face() * [1.1, 0.9, 1.0] + rng.normal(0, 0.002, (68, 3))
    expression = np.zeros((frames, 68, 3))
    expression[:, 55:60, 1] = expression[:, 65:68, 1] = np.abs(np.sin(np.arange(frames) / 3))[:, None] * 0.2
    pose = np.concatenate([rng.normal(0, 0.1, (frames, 3)), rng.normal(0, 0.05, (frames, 2)), np.zeros((frames, 1))], 1)
    return own, geometry.compose(expression, pose, own) * scale + [300, 200, 0]


def test_align_finds_scale_turn_and_place(rng):
    _, points = posed(rng)
    pose = face.align(points)
    back = pose.to_pixels(pose.to_face(points))
    np.testing.assert_allclose(back, points, atol=1e-3)
    shape = geometry.canonical_face()
    known = geometry.compose(np.zeros((1, 68, 3)), np.array([[0.1, -0.3, 0.05, 0, 0, 0]])) * 50 + 7
    found = face.align(known, shape)
    np.testing.assert_allclose(found.scale, [50], rtol=1e-5)
    np.testing.assert_allclose(geometry.axis_angle(found.rotation)[0], [0.1, -0.3, 0.05], atol=1e-5)


def test_normalise_takes_shape_place_and_camera_out(rng):
    _, points = posed(rng)
    motion = face.normalise(points)
    turned = points @ geometry.rotation_matrix(np.array([0.1, 0.3, -0.05])).T.astype(np.float32) * 1.7 + 50
    again = face.normalise(turned)
    np.testing.assert_allclose(again.expression, motion.expression, atol=2e-3)
    opening = geometry.mouth_opening(geometry.canonical_face() + motion.expression)
    assert np.corrcoef(opening, np.abs(np.sin(np.arange(40) / 3)))[0, 1] > 0.99


def test_a_held_out_part_changes_neither_neutral_nor_rest(rng):
    _, points = posed(rng)
    other = points.copy()
    other[30:] = other[30:] * 1.3 + 40
    first = face.normalise(points, valid=slice(0, 30))
    second = face.normalise(other, valid=slice(0, 30))
    np.testing.assert_allclose(first.expression[:30], second.expression[:30], atol=1e-6)
    np.testing.assert_allclose(first.pose[:30], second.pose[:30], atol=1e-6)


def test_identity_does_not_enter_the_motion(rng):
    """Two people of different shape who move alike have the same motion, but for a slight pitch of what is upright."""
    expression = np.zeros((20, 68, 3))
    expression[10:, 55:60, 1] = expression[10:, 65:68, 1] = 0.15
    still = np.zeros((20, 6))
    motions = []
    for taller in (1.0, 1.15):
        own = geometry.canonical_face() * [1.0, taller, 1.0]
        motions.append(face.normalise(geometry.compose(expression, still, own) * 90).expression)
    np.testing.assert_allclose(motions[0], motions[1], atol=0.01)


def test_zero_motion_returns_the_portraits_own_landmarks(rng):
    _, points = posed(rng, frames=1)
    still = Motion(np.zeros((3, 68, 3)), np.zeros((3, 6)))
    np.testing.assert_allclose(face.retarget(still, Landmarks(points[0]))[1], points[0], atol=1e-2)


def test_retarget_keeps_the_portraits_shape_and_moves_in_its_unit(rng):
    motion = Motion(np.broadcast_to([0, 0.1, 0], (1, 68, 3)), np.zeros((1, 6)))
    points = geometry.canonical_face() * [120.0, 100, 120] + 300
    moved = face.retarget(motion, Landmarks(points))[0]
    np.testing.assert_allclose((moved - points)[:, :2], np.broadcast_to([0, 12], (68, 2)), atol=0.1)


def test_lift_gives_flat_landmarks_the_depth_of_the_turned_face():
    pose = np.array([[0.1, 0.35, 0.0, 0, 0, 0]])
    points = geometry.compose(np.zeros((1, 68, 3)), pose) * 100
    lifted = face.lift(points[..., :2])
    np.testing.assert_array_equal(lifted[..., :2], points[..., :2])
    np.testing.assert_allclose(lifted[..., 2] - lifted[..., 2].mean(), points[..., 2] - points[..., 2].mean(), atol=0.1)


def _opened(by: float) -> np.ndarray:
    """A face with lips of its own, its mouth opened."""
    points = geometry.canonical_face() * [1.1, 1, 1]
    points[48:60:6, 0] *= 1.2
    points[[55, 56, 57, 58, 59, 65, 66, 67], 1] += by
    points[4:13, 1] += 0.75 * by
    return points


def test_one_still_is_closed_with_its_own_lips():
    shut, neutral = _opened(0), face.neutral_face_of_stills(_opened(0.2)[None] * 100 + 40)
    assert geometry.mouth_opening(neutral) < 0.01 < geometry.mouth_opening(_opened(0.2))
    shut = shut / (shut[45, 0] - shut[36, 0])
    np.testing.assert_allclose(neutral[17:48], shut[17:48], atol=0.01)
    assert geometry.mouth_width(neutral) == pytest.approx(geometry.mouth_width(shut), abs=0.01)


def test_many_stills_find_the_face_at_rest_by_their_trend(rng):
    openings = rng.uniform(0.0, 0.3, 24)
    openings[:2] = 0.0
    neutral = face.neutral_face_of_stills(np.stack([_opened(by) for by in openings]) * 100 + 40)
    rest = _opened(0)
    np.testing.assert_allclose(neutral, rest / (rest[45, 0] - rest[36, 0]), atol=0.03)


def test_no_frames_are_an_error():
    with pytest.raises(InputError, match="no frames"):
        face.neutral_face(np.zeros((0, 68, 3)))
    with pytest.raises(InputError, match="no pictures"):
        face.neutral_face_of_stills(np.zeros((0, 68, 3)))

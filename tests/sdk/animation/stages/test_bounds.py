import numpy as np
import pytest

from sdk.animation.stages.bounds import BROW, CROSSING, HEAD, LIDS, LOWER_FACE, NOSTRILS, PLACE, WIDTH, Bounds
from sdk.data import Motion

MEASURES = {
    "head": (HEAD, lambda m: np.linalg.norm(m.pose[:, :3], axis=1)),
    "place": (PLACE, lambda m: np.linalg.norm(m.pose[:, 3:], axis=1)),
    "lower face": (LOWER_FACE, lambda m: np.linalg.norm(m.expression[:, [*range(17), *range(48, 68)]], axis=2).max(1)),
    "opening": (LOWER_FACE, lambda m: m.expression[:, 66, 1] - m.expression[:, 62, 1]),
    "width": (WIDTH, lambda m: np.abs(m.expression[:, 54, 0] - m.expression[:, 48, 0])),
    "crossing": (CROSSING, lambda m: m.expression[:, 62, 1] - m.expression[:, 66, 1]),
    "brows": (BROW, lambda m: np.linalg.norm(m.expression[:, 17:27], axis=2).max(1)),
    "nose": (NOSTRILS, lambda m: np.linalg.norm(m.expression[:, 27:36], axis=2).max(1)),
    "lids": (LIDS, lambda m: np.linalg.norm(m.expression[:, 36:48], axis=2).max(1)),
}


def wild(size, frames=200):
    random = np.random.default_rng(0)
    return Motion(size * random.normal(size=(frames, 68, 3)), size * random.normal(size=(frames, 6)))


@pytest.mark.parametrize("size", [0.1, 1.0, 100.0, 1e19])
@pytest.mark.parametrize("measure", MEASURES)
def test_however_wild_a_motion_is_each_measure_stays_below_its_second_limit(measure, size):
    (_, second), of = MEASURES[measure]
    assert of(Bounds().push(wild(size))).max() <= second * (1 + 1e-6)


def test_what_a_face_can_do_is_left_as_it_is():
    motion = wild(0.004)
    assert Bounds().push(motion) is motion


def test_it_begins_softly_and_keeps_the_shape():
    # A turn about an oblique axis that grows: the angle never falls, and the axis stays.
    angles = np.linspace(0, 4 * HEAD[0], 400)
    axis = np.array([1.0, 2.0, -0.5]) / np.linalg.norm([1.0, 2.0, -0.5])
    pose = np.concatenate([angles[:, None] * axis, np.zeros((400, 3))], axis=1)
    held = Bounds().push(Motion(np.zeros((400, 68, 3)), pose)).pose[:, :3]
    size = np.linalg.norm(held, axis=1)
    steps = np.diff(size)
    assert (steps >= 0).all()
    assert np.abs(np.diff(steps)).max() < 0.05 * steps.max()
    np.testing.assert_array_equal(held[angles < HEAD[0]], pose[angles < HEAD[0], :3].astype(np.float32))
    np.testing.assert_allclose(held[1:] / size[1:, None], np.tile(axis, (399, 1)), atol=1e-5)


def test_one_part_beyond_its_limit_leaves_the_others():
    expression = np.full((1, 68, 3), 0.01)
    expression[0, 8, 1] = 3.0
    held = Bounds().push(Motion(expression, np.full((1, 6), 0.01)))
    assert held.expression[0, 8, 1] <= LOWER_FACE[1]
    np.testing.assert_array_equal(held.expression[0, 17:48], np.float32(0.01))
    np.testing.assert_array_equal(held.pose, np.float32(0.01))
    assert (held.expression[0, 48:] < 0.01).all()  # lips and jaw keep their proportions

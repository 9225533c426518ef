import numpy as np
import pytest

from sdk.animation.stages.blinks import Blinks
from sdk.data import Motion
from sdk.geometry import LEFT_EYE, RIGHT_EYE, canonical_face, eye_opening

LIDS = [37, 38, 40, 41, 43, 44, 46, 47]
OPEN = float(eye_opening(canonical_face()))


def still(frames):
    return Motion(np.zeros((frames, 68, 3)), np.zeros((frames, 6)))


def opening(motion):
    """How far the eyes are open, 1 as in the canonical face."""
    return eye_opening(canonical_face() + motion.expression) / OPEN


def starts(shut):
    return np.flatnonzero(shut[1:] & ~shut[:-1])


def test_rate_and_intervals_are_a_persons():
    count = []
    for seed in range(5):
        shut = opening(Blinks(seed).push(still(60 * 300))) < 0.1
        begins = starts(shut)
        count.append(len(begins) / 5)
        assert np.diff(begins).min() >= 55
        assert np.std(np.diff(begins)) > 30  # not a metronome
    assert all(12 <= rate <= 20 for rate in count), count


def test_a_blink_shuts_the_eyes_and_shuts_faster_than_it_opens():
    motion = Blinks(0).push(still(60 * 20))
    lids = opening(motion)
    first = starts(lids < 0.1)[0]
    course = lids[first - 10 : first + 25]
    assert course.min() < 0.01
    assert course[0] == course[-1] == 1
    before = np.count_nonzero(course[: course.argmin()] < 0.999)
    after = np.count_nonzero(course[course.argmin() :] < 0.999)
    assert before < after
    assert 9 <= np.count_nonzero(course < 0.999) <= 18  # 150 to 300 ms
    assert (lids <= 1.0001).all()


def test_both_eyes_together_and_nothing_else():
    motion = Blinks(3).push(still(60 * 10))
    face = canonical_face() + motion.expression
    right, left = face[:, RIGHT_EYE], face[:, LEFT_EYE]
    np.testing.assert_allclose(right[:, 1, 1] - right[:, 5, 1], left[:, 2, 1] - left[:, 4, 1], atol=1e-6)
    assert np.abs(np.delete(motion.expression, LIDS, axis=1)).max() == 0


def test_the_upper_lid_does_most_of_the_way():
    motion = Blinks(0).push(still(60 * 10))
    shut = int(opening(motion).argmin())
    upper, lower = (np.abs(motion.expression[shut, rows, 1]).mean() for rows in ([37, 38], [40, 41]))
    assert upper > 4 * lower


def test_zero_leaves_the_eyes_open_and_two_blinks_twice_as_often():
    trembling = Motion(0.02 * np.random.default_rng(0).standard_normal((600, 68, 3)), np.zeros((600, 6)))
    np.testing.assert_allclose(opening(Blinks(0, amount=0).push(trembling)), 1, atol=0.25)
    assert np.abs(Blinks(0, amount=0).push(trembling).expression[:, LIDS]).max() == 0
    once, twice = (len(starts(opening(Blinks(0, amount=a).push(still(60 * 300))) < 0.1)) for a in (1, 2))
    assert twice == pytest.approx(2 * once, rel=0.15)


def test_the_generators_own_lids_narrow_but_never_shut_and_a_blink_shuts_once():
    face = canonical_face()
    frames = 60 * 30
    expression = np.zeros((frames, 68, 3), np.float32)
    wave = 0.5 + 0.5 * np.sin(np.arange(frames) / 20)  # a generator that shuts the eyes again and again
    for upper, lower in ((37, 41), (38, 40), (43, 47), (44, 46)):
        expression[:, upper] = wave[:, None] * (face[lower] - face[upper])
    lids = opening(Blinks(0).push(Motion(expression, np.zeros((frames, 6)))))
    ours = opening(Blinks(0).push(still(frames)))
    assert lids[ours > 0.999].min() > 0.6
    assert lids.min() > -1e-6
    np.testing.assert_array_equal(starts(lids < 0.05).shape, starts(ours < 0.05).shape)
    assert np.abs(np.diff(lids)).max() < 0.4


def test_the_end_finds_the_eyes_open():
    for seed in range(30):
        for frames in (20, 100, 333):
            lids = opening(Blinks(seed, end=frames / 60).push(still(frames)))
            assert lids[0] > 0.99
            assert lids[-1] > 0.95


def test_seeds_and_cuts():
    motion = Motion(0.01 * np.random.default_rng(1).standard_normal((900, 68, 3)), np.zeros((900, 6)))
    whole = Blinks(5).push(motion)
    again, other, pieces = Blinks(5), Blinks(6), Blinks(5)
    np.testing.assert_array_equal(again.push(motion).expression, whole.expression)
    assert np.abs(other.push(motion).expression - whole.expression).max() > 0.01
    joined = np.concatenate(
        [pieces.push(motion[a:b]).expression for a, b in ((0, 1), (1, 400), (400, 400), (400, 900))]
    )
    np.testing.assert_allclose(joined, whole.expression, atol=1e-7)


def test_blinks_can_be_turned_off_and_on_under_way():
    blinks = Blinks(0)
    before = opening(blinks.push(still(60 * 60))) < 0.1
    blinks.change(0.0)
    blinks.push(still(20))  # one that had begun is completed
    off = opening(blinks.push(still(60 * 60))) < 0.1
    blinks.change(2.0)
    on = opening(blinks.push(still(60 * 60))) < 0.1
    assert len(starts(off)) == 0
    assert 1.5 * len(starts(before)) < len(starts(on)) < 3 * len(starts(before))
    assert starts(on)[0] < 60 * 4

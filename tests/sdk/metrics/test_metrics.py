import numpy as np
import pytest

from sdk.data import Motion
from sdk.metrics import (
    compare,
    correlate,
    jaw_lip_distance,
    jaw_lip_velocity_distance,
    landmark_distance,
    mouth_area_distance,
    pose_distance,
    speed,
    style_distance,
    style_landmark_distance,
)
from tests.sdk.fakes import talking


def motion(frames=600, **style):
    return Motion(*talking(frames, **style))


def course(seed=0, frames=900):
    noise = np.random.default_rng(seed).normal(size=frames + 30)
    return np.convolve(noise, np.hanning(15), "same")[15 : frames + 15]


def test_a_late_course_is_found_with_its_lag():
    a = course()
    found = correlate(np.roll(a, 4), a)
    assert found.r == pytest.approx(1, abs=0.02)
    assert found.lag == pytest.approx(4 / 60)
    assert correlate(np.roll(a, -4), a).lag == pytest.approx(-4 / 60)


def test_lags_beyond_reach_are_not_found():
    a = course()
    assert correlate(np.roll(a, 20), a, within=0.1).r < 0.6
    assert correlate(np.roll(a, 20), a, within=0.4).r > 0.98


def test_a_far_lag_must_earn_its_cost():
    near, far = course(), course(1)
    generated, real = near + 1.3 * np.roll(far, 20), near + far  # follows a little better a third of a second late
    free, costly = (correlate(generated, real, within=0.4, lag_cost=cost) for cost in (0.0, 1.2))
    assert free.lag == pytest.approx(20 / 60)
    assert costly.lag == 0.0
    assert 0.3 < costly.r < free.r
    # One that is plainly late is found all the same, and its r has no cost in it.
    plain = correlate(np.roll(near, 12), near, within=0.4, lag_cost=1.2)
    assert (plain.lag, plain.r) == (pytest.approx(12 / 60), pytest.approx(1, abs=0.05))


def test_unrelated_courses_stay_near_the_null():
    scores = [correlate(course(seed), course(seed + 100)) for seed in range(6)]
    assert np.mean([s.r for s in scores]) < np.mean([s.null for s in scores]) + 0.1
    assert correlate(course(), course()).null < 0.6


def test_unseen_frames_do_not_count():
    a = course()
    b = a.copy()
    valid = np.ones(900, dtype=bool)
    b[300:600], valid[300:600] = 40.0, False
    assert correlate(a, b).r < 0.5
    assert correlate(a, b, valid=valid).r == pytest.approx(1, abs=1e-6)


def test_distances_are_zero_for_the_same_and_in_percent_of_the_eye_distance():
    one = motion()
    assert landmark_distance(one, one) == 0
    moved = Motion(one.expression + np.float32([0.02, 0, 0]), one.pose)
    assert landmark_distance(moved, one) == pytest.approx(2, rel=1e-3)
    turned = Motion(one.expression, one.pose + np.float32([np.radians(3), 0, 0, 0, 0, 0]))
    assert pose_distance(turned, one) == pytest.approx(3, rel=1e-3)


def test_areas_and_velocities_differ_where_openings_do():
    wide, narrow = motion(opening=0.2), motion(opening=0.1)
    assert mouth_area_distance(wide, wide) == jaw_lip_velocity_distance(wide, wide) == jaw_lip_distance(wide, wide) == 0
    assert mouth_area_distance(narrow, wide) == pytest.approx(50 * 2 / np.pi, rel=0.05)  # half, over a sine's mean
    assert jaw_lip_velocity_distance(narrow, wide) > 1
    assert jaw_lip_distance(narrow, wide) > 1


def test_speed_is_per_second():
    expression = np.zeros((61, 68, 3))
    expression[:, :, 1] = np.arange(61)[:, None] / 60 * 0.1
    assert speed(Motion(expression, np.zeros((61, 6)))) == pytest.approx(10, rel=1e-3)


def test_style_distance_knows_the_style_and_not_the_clock():
    lively, calm = motion(opening=0.25), motion(opening=0.08)
    other_words = motion(opening=0.25, seed=7)
    assert style_distance(other_words, lively) < 0.3 * style_distance(calm, lively)
    smiling = motion(opening=0.25, smile=0.05)
    assert style_distance(smiling, lively) > 0.2
    assert style_distance(smiling, lively, mean=False) < 0.01


def test_sld_finds_the_nearest_window_and_depends_on_no_place():
    lively, calm = motion(opening=0.25), motion(opening=0.05)
    assert style_landmark_distance(lively, lively) == pytest.approx(0, abs=1e-6)
    assert style_landmark_distance(motion(opening=0.25, seed=3), lively) < style_landmark_distance(calm, lively)
    away = Motion(lively.expression, lively.pose + np.float32([0, 0, 0, 0.5, 0.3, 0]))
    assert style_landmark_distance(away, lively) == pytest.approx(0, abs=1e-4)
    assert style_landmark_distance(calm, lively, order=1) > style_landmark_distance(lively, lively, order=1)
    assert style_landmark_distance(calm, lively, mouth=True) > 0


def test_comparing_without_a_clock_leaves_out_what_needs_one():
    scores = compare(motion(), motion(seed=2), paired=False, ordered=False)
    assert scores.opening_r is scores.lmd is scores.sld is scores.speed_ratio is None
    assert "lmd" in compare(motion(), motion()).as_dict()


def test_ratios_are_over_the_real():
    scores = compare(motion(opening=0.2), motion(opening=0.1))
    assert scores.opening_ratio == pytest.approx(2, rel=0.05)
    assert scores.opening_r == pytest.approx(1, abs=0.01)

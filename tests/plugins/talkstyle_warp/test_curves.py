from __future__ import annotations

import numpy as np

from talkstyle_warp.curves import parting_weights, smoothstep, spline_weights

KNOTS = np.array([-3.0, -1.0, 0.5, 2.0])


def test_a_spline_passes_through_its_knots_and_is_constant_beyond_them():
    np.testing.assert_allclose(spline_weights(KNOTS, KNOTS), np.eye(4), atol=1e-12)
    np.testing.assert_allclose(spline_weights(KNOTS, np.array([-9.0, 9.0])), np.eye(4)[[0, 3]], atol=1e-12)


def test_a_spline_draws_straight_lines_straight():
    at = np.linspace(-3, 2, 31)
    np.testing.assert_allclose(spline_weights(KNOTS, at) @ (2 * KNOTS + 1), 2 * at + 1, atol=1e-12)


def test_knots_that_coincide_do_no_harm():
    weights = spline_weights(np.array([0.0, 1.0, 1.0, 0.9, 2.0]), np.linspace(0, 2, 50))
    assert np.isfinite(weights).all()
    np.testing.assert_allclose(weights.sum(-1), 1.0, atol=1e-9)


def test_smoothstep_rises_from_zero_to_one():
    np.testing.assert_allclose(smoothstep(np.array([-1.0, 0.0, 1.0, 2.0, 3.0]), 0.0, 2.0), [0, 0, 0.5, 1, 1])


LIPS = np.array([-1.0, -0.27, 0.0, 0.27, 1.0])


def test_lips_part_in_a_round_line_whatever_is_asked_beside_the_middle():
    at = np.array([0.5, 0.75])
    for beside in (0.98, 0.9):
        gap = parting_weights(LIPS, at, 1.0) @ np.array([0.0, beside, 1.0, beside, 0.0])
        assert 0.82 < gap[0] < 0.92
        assert 0.51 < gap[1] < 0.64
    # Values at the knots are met, and what all do alike, everything does.
    np.testing.assert_allclose(parting_weights(LIPS, LIPS, 1.0), np.eye(5), atol=1e-9)
    np.testing.assert_allclose(parting_weights(LIPS, np.linspace(-2, 2, 21), 1.0).sum(axis=1), 1.0, atol=1e-9)


def test_lips_of_a_turned_face_part_smoothly_too():
    at = np.linspace(-1, 1, 201)
    turned = np.array([-1.0, -0.45, -0.21, 0.1, 1.0])
    gap = parting_weights(turned, at, 1.0) @ np.array([0.0, 0.97, 1.0, 0.97, 0.0])
    assert np.abs(np.diff(gap)).max() < 0.05
    assert gap.max() < 1.05
    assert (np.diff(np.sign(np.diff(gap))) != 0).sum() <= 3

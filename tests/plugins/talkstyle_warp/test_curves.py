from __future__ import annotations

import numpy as np

from talkstyle_warp.curves import smoothstep, spline_weights

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

import numpy as np
import pytest

from sdk.data import Audio, Motion
from sdk.metrics import in_context, loudness, ridge
from tests.sdk.fakes import talking


def test_loudness_is_in_decibels_of_full_scale_at_sixty_hertz():
    tone = np.sin(np.arange(16000) * 2 * np.pi * 440 / 16000).astype(np.float32)
    level = loudness(Audio(np.concatenate([tone, np.zeros(16000)]), 16000))
    assert len(level) == 120
    assert level[10:50] == pytest.approx(-3.01, abs=0.2)
    assert level[70:] == pytest.approx(-60)
    assert len(loudness(Audio(np.zeros(16001), 16000))) == 61


def test_context_stands_beside_each_frame_and_ends_are_held():
    features = np.arange(40, dtype=np.float32)[:, None]
    wide = in_context(features)
    assert wide.shape == (40, 7)
    assert wide[20].tolist() == [8, 12, 16, 20, 24, 28, 32]
    assert wide[0].tolist() == [0, 0, 0, 0, 4, 8, 12]


def test_ridge_finds_what_is_linear_and_does_not_chase_noise():
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(600, 5))
    expression, pose = talking(600, loudness=np.abs(inputs[:, 0]).astype(np.float32))
    weight = rng.normal(size=(5, 68 * 3)) * 0.01
    linear = Motion((inputs @ weight + 0.1).reshape(-1, 68, 3), pose)
    made = ridge(inputs[:400], linear[:400], inputs[400:])
    assert made.expression == pytest.approx(linear.expression[400:], abs=1e-3)
    # Unrelated inputs, many of them: a good penalty falls back on the mean, plain least squares would not.
    noise = rng.normal(size=(600, 300))
    made = ridge(noise[:400], Motion(expression, pose)[:400], noise[400:])
    assert made.expression.std(0).max() < 0.25 * expression.std(0).max()


def test_ridge_of_more_inputs_than_frames_is_the_same_map():
    """Repeated inputs change nothing but which of its two forms is solved, and the penalty's scale."""
    inputs = np.random.default_rng(0).normal(size=(80, 6))
    expression = np.repeat(inputs[:, None, :3], 68, axis=1)
    motion = Motion(expression, np.zeros((80, 6)))
    wide = np.tile(inputs, (1, 20))
    few, many = (ridge(x[:60], motion[:60], x[60:]).expression for x in (inputs, wide))
    np.testing.assert_allclose(many, few, atol=0.02)
    np.testing.assert_allclose(few, expression[60:], atol=0.05)

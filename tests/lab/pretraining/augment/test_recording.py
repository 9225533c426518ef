"""Recordings: anything may happen to a voice but a delay."""

from itertools import pairwise

import numpy as np

from talkstyle_lab.pretraining.augment.recording import level, rerecord
from talkstyle_lab.pretraining.augment.spectra import power

RATE = 16_000


def other(rng):
    return (0.1 * rng.standard_normal(int(rng.uniform(0.5, 2) * RATE))).astype(np.float32)


def test_recordings_follow_the_seed_and_stay_in_range(voice):
    made = [rerecord(voice, np.random.default_rng(seed), other) for seed in range(12)]
    assert all(np.abs(m).max() <= 1 and m.dtype == np.float32 and len(m) == len(voice) for m in made)
    assert all(not np.allclose(a, b, atol=1e-3) for a, b in pairwise(made))
    np.testing.assert_array_equal(made[3], rerecord(voice, np.random.default_rng(3), other))


def test_no_recording_is_late(delay):
    rng = np.random.default_rng(0)  # noise in bursts: nothing in it repeats, so that only a true delay matches
    loud = np.interp(np.arange(3 * RATE) / RATE, np.arange(0, 3.2, 0.1), rng.random(32) ** 2)
    bursts = (0.2 * loud * np.convolve(rng.standard_normal(3 * RATE), np.hanning(9) / 4, "same")).astype(np.float32)
    late = [delay(bursts, rerecord(bursts, np.random.default_rng(seed), other))[0] for seed in range(60)]
    assert set(late) <= {-1, 0, 1}  # Opus may be a sample off


def test_levels_differ(voice):
    loud = [10 * np.log10(power(level(voice, np.random.default_rng(seed)))) for seed in range(20)]
    assert min(loud) < -32
    assert max(loud) > -20
    silent = np.zeros(RATE, np.float32)
    np.testing.assert_array_equal(level(silent, np.random.default_rng(0)), silent)

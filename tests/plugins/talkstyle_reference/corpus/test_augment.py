import numpy as np

from talkstyle_reference.corpus.augment import augment


def test_sound_keeps_its_place_and_length(babble):
    clean = babble.audio / 32768
    rng = np.random.default_rng(0)
    energy = np.convolve(clean**2, np.ones(320), "same")
    for _ in range(12):
        rough = augment(clean, rng)
        assert rough.shape == clean.shape
        assert rough.dtype == np.float32
        assert np.abs(rough).max() <= 1
        assert np.corrcoef(energy, np.convolve(rough.astype(float) ** 2, np.ones(320), "same"))[0, 1] > 0.5


def test_draws_differ_and_nothing_is_nothing():
    rng = np.random.default_rng(0)
    tone = np.sin(np.arange(4000) / 10)
    assert not np.allclose(augment(tone, rng), augment(tone, rng))
    assert augment(np.zeros(0), rng).shape == (0,)
    assert np.isfinite(augment(np.zeros(4000), rng)).all()

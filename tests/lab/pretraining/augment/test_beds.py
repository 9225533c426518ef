import numpy as np
import pytest

from talkstyle_lab.pretraining.augment.beds import babble, beside, music, noise, one_voice
from talkstyle_lab.pretraining.augment.spectra import power

RATE = 16_000


def other(rng):
    time = np.arange(int(rng.uniform(0.5, 2) * RATE)) / RATE
    return np.sin(2 * np.pi * rng.uniform(100, 300) * time).astype(np.float32)


MADE = {
    "noise": noise,
    "music": music,
    "voice": lambda count, rng: one_voice(count, rng, other),
    "babble": lambda count, rng: babble(count, rng, other),
}


@pytest.mark.parametrize("name", MADE)
def test_beds_have_the_length_and_follow_the_seed(name):
    one, same, another = (MADE[name](5 * RATE, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one.shape, one.dtype) == ((5 * RATE,), np.float32)
    assert np.isfinite(one).all()
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, another, atol=1e-3)
    assert power(one) > 0


@pytest.mark.parametrize("decibels", [5.0, 25.0])
def test_the_voice_is_louder_by_what_is_asked(voice, decibels):
    bed = music(len(voice), np.random.default_rng(0))
    added = beside(voice, bed, decibels) - voice
    assert 10 * np.log10(power(voice) / power(added)) == pytest.approx(decibels, abs=0.5)


def test_music_has_notes_and_beats():
    for seed in range(4):
        sound = music(8 * RATE, np.random.default_rng(seed))
        spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)))) ** 2
        assert np.sort(spectrum)[-400:].sum() > 0.3 * spectrum.sum()  # lines, where noise would have a floor


def test_a_silent_bed_adds_nothing(voice):
    np.testing.assert_array_equal(beside(voice, np.zeros_like(voice), 10), voice)

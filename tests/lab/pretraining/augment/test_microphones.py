import numpy as np

from talkstyle_lab.pretraining.augment.microphones import drifting, overloaded, through_microphone
from talkstyle_lab.pretraining.augment.spectra import resampled


def test_a_microphone_colours_and_brings_no_delay(voice, delay):
    spectra = []
    for seed in range(6):
        heard = through_microphone(voice, np.random.default_rng(seed))
        assert delay(voice, heard)[0] == 0
        spectra.append(np.log(np.abs(np.fft.rfft(heard)[300:20_000]) + 1e-9))
    spread = np.std(spectra, axis=0).mean()
    assert spread > 0.2  # nepers


def test_overload_bends_the_peaks_alone(voice):
    bent = overloaded(voice, np.random.default_rng(0))
    assert np.abs(bent).max() <= np.abs(voice).max() * 1.001
    assert np.square(bent).mean() > np.square(voice).mean()
    assert (np.sign(bent) == np.sign(voice)).all()


def test_a_drifting_level_changes_slowly(voice):
    wandering = drifting(voice, np.random.default_rng(0))
    heard = np.abs(voice) > 1e-4
    gain = wandering[heard] / voice[heard]
    assert gain.max() / gain.min() > 1.05
    assert np.abs(np.diff(gain)).max() < 0.01


def test_resampling_there_and_back_is_the_same_below_the_lower_rate(voice):
    smooth = np.convolve(voice, np.hanning(65) / 32, "same").astype(np.float32) * np.hanning(len(voice))
    for rate in (8000, 24_000, 48_000):
        there = resampled(smooth, 16_000, rate)
        assert len(there) == len(smooth) * rate // 16_000
        np.testing.assert_allclose(resampled(there, rate, 16_000), smooth, atol=1e-3)

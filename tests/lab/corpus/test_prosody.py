import numpy as np

from talkstyle_lab.corpus.prosody import pitch_track, prosody


def test_pitch_is_found(babble):
    hertz, _ = pitch_track(babble.audio)
    voiced = hertz > 0
    truth = 120 + 25 * np.sin(2 * np.pi * 0.8 * np.arange(len(hertz)) / 100)
    assert voiced[20:220].mean() > 0.6
    assert np.median(np.abs(12 * np.log2(hertz[voiced] / truth[voiced]))) < 0.5


def test_silence_has_no_pitch_and_no_accents(babble):
    hertz, _ = pitch_track(np.zeros(8000, dtype=np.int16))
    assert not hertz.any()


def test_accents_are_the_vowels(babble):
    heard = prosody(babble)
    assert len(heard.accents) == 5
    assert heard.loudness.shape == (babble.frames,)
    assert 0 <= heard.accents[:, 1].min() <= heard.accents[:, 1].max() <= 1

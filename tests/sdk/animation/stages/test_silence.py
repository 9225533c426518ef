import numpy as np

from sdk.animation.stages.silence import SilenceGate, close_mouth
from sdk.data import Motion

RATE = 16000


def speech(seconds):
    return (0.1 * np.random.default_rng(0).standard_normal(round(seconds * RATE))).astype(np.float32)


def silence(seconds):
    return np.zeros(round(seconds * RATE), np.float32)


def gains(sound, cuts=()):
    gate = SilenceGate(RATE)
    return np.concatenate([*(gate.push(piece) for piece in np.split(sound, list(cuts))), gate.finish()])


def test_closed_in_silence_and_open_in_speech():
    result = gains(np.concatenate([silence(1), speech(1), silence(1)]))
    assert len(result) == 180
    assert (result[:48] == 0).all()
    assert (result[60:120] > 0.99).all()  # open before the first sound, and until the last
    assert (result[140:] == 0).all()


def test_the_mouth_opens_and_closes_evenly():
    result = gains(np.concatenate([silence(1), speech(1), silence(1)]))
    assert np.abs(np.diff(result)).max() < 0.2


def test_gaps_between_words_do_not_close_it():
    assert gains(np.concatenate([speech(1), silence(0.25), speech(1)]))[30:100].min() > 0.99
    assert gains(np.concatenate([speech(1), silence(0.8), speech(1)]))[60:110].min() == 0


def test_both_ends_are_closed_where_the_sound_has_no_silence_there():
    result = gains(speech(2))
    assert result[0] == 0
    assert result[-1] == 0
    assert (result[6:-7] > 0.99).all()


def test_all_of_a_silent_sound_is_closed():
    assert (gains(silence(1)) == 0).all()


def test_cuts_change_nothing():
    sound = np.concatenate([silence(0.4), speech(0.7), silence(0.9), speech(0.33)])
    whole = gains(sound)
    assert len(whole) == -(-len(sound) * 60 // RATE)
    for size in (100, 1601, 8000):
        np.testing.assert_allclose(gains(sound, range(size, len(sound), size)), whole, atol=1e-6)


def test_a_sound_shorter_than_the_look_ahead():
    for samples in (1, 800, 1600):
        assert len(gains(speech(1)[:samples])) == -(-samples * 60 // RATE)


def test_only_mouth_and_jaw_are_closed():
    motion = Motion(np.ones((2, 68, 3)), np.ones((2, 6)))
    closed = close_mouth(motion, np.array([0.0, 0.5], np.float32))
    assert (closed.expression[0, :17] == 0).all()
    assert (closed.expression[0, 48:] == 0).all()
    assert (closed.expression[1, 48:] == 0.5).all()
    assert (closed.expression[:, 17:48] == 1).all()
    assert (closed.pose == 1).all()

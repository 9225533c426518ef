import numpy as np

from sdk.animation.stages.silence import MouthGains, SilenceGate
from sdk.data import Motion

RATE = 16000


def speech(seconds):
    return (0.1 * np.random.default_rng(0).standard_normal(round(seconds * RATE))).astype(np.float32)


def silence(seconds):
    return np.zeros(round(seconds * RATE), np.float32)


def gains(sound, cuts=()):
    stream = MouthGains(RATE)
    return np.concatenate([*(stream.push(piece) for piece in np.split(sound, list(cuts))), stream.finish()])


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


def gated(sound, motion, *, ahead):
    """The motion through the gate, which hears the sound in pieces of 0.1 s, ``ahead`` of them before the motion."""
    gate, step = SilenceGate(RATE), RATE // 10
    frames = [motion[at : at + 6] for at in range(0, len(motion), 6)]
    pieces = []
    for k in range(max(len(frames), -(-len(sound) // step)) + abs(ahead)):
        heard = sound[max(k - max(-ahead, 0), 0) * step :][: step if k >= -ahead else 0]
        if len(heard):
            gate.push_audio(heard)
        moved = k - max(ahead, 0)
        pieces.append(gate.push(frames[moved] if 0 <= moved < len(frames) else Motion.empty()))
    gate.finish_audio()
    pieces += [gate.push(Motion.empty()), gate.finish()]
    return Motion.concat(pieces), gate


def test_only_mouth_and_jaw_are_closed_whichever_arrives_first():
    sound = np.concatenate([speech(1), silence(1)])
    expected = gains(sound)
    motion = Motion(np.ones((120, 68, 3)), np.ones((120, 6)))
    for ahead in (-9, 0, 9):
        closed, gate = gated(sound, motion, ahead=ahead)
        assert gate.surplus == 0
        assert len(closed) == 120
        for part in (slice(17), slice(48, 68)):
            np.testing.assert_allclose(
                closed.expression[:, part],
                np.broadcast_to(expected[:, None, None], closed.expression[:, part].shape),
                atol=1e-6,
            )
        assert (closed.expression[:, 17:48] == 1).all()
        assert (closed.pose == 1).all()


def test_what_does_not_belong_together_is_counted():
    for frames, surplus in ((57, -3), (60, 0), (64, 4)):
        motion = Motion(np.zeros((frames, 68, 3)), np.zeros((frames, 6)))
        assert gated(speech(1), motion, ahead=0)[1].surplus == surplus

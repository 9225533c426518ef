import numpy as np
import pytest

from sdk.activity import ActivityStream, speech_activity
from sdk.data import Audio


def tone(seconds, level, rate=16000, frequency=200.0):
    """A sine of ``level`` dBFS (RMS)."""
    time = np.arange(round(seconds * rate)) / rate
    return (np.sqrt(2) * 10 ** (level / 20) * np.sin(2 * np.pi * frequency * time)).astype(np.float32)


def silence(seconds, rate=16000):
    return np.zeros(round(seconds * rate), np.float32)


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_frames_stand_at_their_times(rate):
    sound = np.concatenate([silence(1, rate), tone(1, -20, rate), silence(1, rate)])
    active = speech_activity(Audio(sound, rate))
    assert len(active) == 180
    assert not active[:60].any()
    assert active[60:120].all()
    assert not active[120:].any()


@pytest.mark.parametrize("samples", [1, 266, 267, 800, 16001])
def test_there_are_as_many_frames_as_the_motion_has(samples):
    assert len(speech_activity(Audio(tone(2, -20)[:samples], 16000))) == -(-samples * 60 // 16000)


@pytest.mark.parametrize(("level", "heard"), [(-20, True), (-45, True), (-58, False), (-90, False)])
def test_floor(level, heard):
    assert speech_activity(Audio(tone(1, level), 16000)).any() == heard


def test_what_is_far_under_the_running_loudness_is_not_heard():
    loud, soft = tone(1, -10), tone(1, -48)
    assert speech_activity(Audio(soft, 16000)).all()
    assert not speech_activity(Audio(np.concatenate([loud, soft]), 16000))[60:].any()


def test_a_level_between_the_thresholds_keeps_the_state():
    between, above, below = tone(0.5, -52), tone(0.5, -45), tone(0.5, -70)
    active = speech_activity(Audio(np.concatenate([between, above, between, below, between]), 16000))
    assert [bool(active[30 * k + 5 : 30 * k + 25].all()) for k in range(5)] == [False, True, True, False, False]


def test_a_noisy_recordings_pauses_are_not_heard():
    noise = (10 ** (-40 / 20) * np.random.default_rng(0).standard_normal(4 * 16000)).astype(np.float32)
    noise[16000:32000] += tone(1, -16)
    noise[48000:64000] += tone(1, -16)
    active = speech_activity(Audio(noise, 16000))
    assert active[60:120].all()
    assert active[180:240].all()
    assert not active[130:180].any()


def test_a_held_note_is_heard_to_its_end():
    assert speech_activity(Audio(tone(20, -20), 16000)).all()


def test_a_constant_offset_is_no_sound():
    assert not speech_activity(Audio(np.full(16000, 0.3, np.float32), 16000)).any()


def test_cuts_change_nothing():
    random = np.random.default_rng(0)
    sound = np.concatenate([tone(0.3, level) for level in (-20, -70, -40, -90, -15, -50)])
    whole = speech_activity(Audio(sound, 16000))
    stream = ActivityStream(16000)
    pieces = np.split(sound, np.sort(random.integers(0, len(sound), 40)))
    joined = np.concatenate([*(stream.push(piece) for piece in pieces), stream.finish()])
    np.testing.assert_array_equal(joined, whole)

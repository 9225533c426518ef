import io
import warnings

import av
import numpy as np
import pytest

from sdk.media import open_audio, read_audio
from sdk.warnings import TalkstyleWarning

from .conftest import make_frame, tone

RATE = 16000
VOICE = tone(rate=RATE)
LAYOUTS = ["2.1", "3.0", "quad", "5.0", "5.1", "5.1(side)", "6.1", "7.1"]


def channel_names(layout):
    return [channel.name for channel in av.AudioLayout(layout).channels]


def surround(layout, sounds):
    """A wav whose channels of these names hold these sounds; the others are silent."""
    names = channel_names(layout)
    samples = np.stack([np.round(sounds.get(name, 0 * VOICE) * 32767).astype(np.int16) for name in names], axis=1)
    file = io.BytesIO()
    with av.open(file, "w", format="wav") as container:
        stream = container.add_stream("pcm_s16le", rate=RATE, layout=layout)
        frame = make_frame(samples, "s16", layout, RATE)
        frame.pts = 0
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return file.getvalue()


def level(sound):
    with warnings.catch_warnings():
        warnings.simplefilter("error", TalkstyleWarning)
        samples = read_audio(sound).samples
    return float(samples @ VOICE / (VOICE @ VOICE))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_voice_keeps_its_level_wherever_it_is(layout):
    names = channel_names(layout)
    for voiced in (["FC"], ["FL", "FR"], ["FL"], ["BL", "BR"], ["SL", "SR"], names):
        if set(voiced) <= set(names):
            sound = surround(layout, dict.fromkeys(voiced, VOICE))
            assert level(sound) == pytest.approx(1, abs=0.01), voiced


def test_a_voice_keeps_its_level_over_the_room():
    noise = np.random.default_rng(0).normal(0, 0.1, (5, RATE)).astype(np.float32)
    room = dict(zip(("FL", "FR", "BL", "BR", "LFE"), noise, strict=True))
    assert level(surround("5.1", {**room, "FC": VOICE})) == pytest.approx(1, abs=0.05)


def test_bass_is_left_out():
    boom = 0.9 * tone(rate=RATE, frequency=30)
    assert np.abs(read_audio(surround("5.1", {"FC": VOICE, "LFE": boom})).samples - VOICE).max() < 1e-3


@pytest.mark.parametrize("channels", [3, 4, 6, 8])
def test_channels_without_a_name(channels):
    for voiced in (1, channels):
        samples = np.zeros((RATE, channels), np.float32)
        samples[:, :voiced] = VOICE[:, None]
        assert level((samples, RATE)) == pytest.approx(1, abs=0.01)
    if channels == 6:
        unnamed = bytearray(surround("5.1", {"FC": VOICE}))
        mask = unnamed.find(b"fmt ") + 28
        unnamed[mask : mask + 4] = bytes(4)
        assert level(bytes(unnamed)) == pytest.approx(1, abs=0.01)


def test_mixing_does_not_clip():
    loud = {name: 1.9 * tone(rate=RATE, frequency=300 + 70 * index) for index, name in enumerate(channel_names("7.1"))}
    reader = open_audio(surround("7.1", {name: np.clip(sound, -0.95, 0.95) for name, sound in loud.items()}))
    samples = reader.read().samples
    assert 0.7 < np.abs(samples).max() <= 1
    full = np.abs(samples) > 0.9999
    assert not (full[1:] & full[:-1]).any()


def test_channels_in_opposite_phase_do_not_cancel():
    with pytest.warns(TalkstyleWarning, match="opposite phase.*channel 1 is used"):
        audio = read_audio(surround("5.1", {"FL": VOICE, "FR": -VOICE}))
    assert np.abs(audio.samples - VOICE).max() < 1e-3


def test_silence_stays_silent():
    assert not read_audio(surround("5.1", {})).samples.any()
    assert not read_audio(surround("5.1", {"LFE": VOICE})).samples.any()


def test_one_and_two_channels_are_as_they_were():
    assert np.array_equal(read_audio((VOICE, RATE)).samples, VOICE)
    other = np.random.default_rng(0).uniform(-0.5, 0.5, RATE).astype(np.float32)
    pair = np.stack([VOICE, other], axis=1)
    assert np.array_equal(read_audio((pair, RATE)).samples, np.full(2, 0.5, np.float32) @ pair.T)

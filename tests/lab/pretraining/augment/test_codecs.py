"""Coded sounds are in step with the original, and are not the original."""

import numpy as np
import pytest

from talkstyle_lab.pretraining.augment.codecs import CODECS, codec_delay, over_telephone, through_codec

RATE = 16_000


def band(sound, low, high):
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    return np.square(np.abs(np.fft.rfft(sound)))[(hertz >= low) & (hertz < high)].sum()


@pytest.mark.parametrize(("name", "bit_rate"), [(name, rate) for name in CODECS for rate in CODECS[name].bit_rates])
def test_a_codec_brings_no_delay(voice, delay, name, bit_rate):
    coded = through_codec(voice, name, bit_rate=bit_rate)
    assert (len(coded), coded.dtype) == (len(voice), np.float32)
    late, alike = delay(voice, coded)
    assert abs(late) <= (name == "opus")  # whose methods differ by a sample
    assert 0.6 < alike < 0.9999


@pytest.mark.parametrize("bit_rate", CODECS["opus"].bit_rates)
def test_a_call_brings_no_delay_and_has_no_treble(voice, delay, bit_rate):
    coded = through_codec(voice, "opus", bit_rate=bit_rate, rate=8000)
    late, alike = delay(voice, coded)
    assert abs(late) <= 1
    assert alike > 0.6
    assert band(coded, 4200, 8000) < 1e-3 * band(voice, 4200, 8000)


def test_a_telephone_brings_no_delay_and_has_its_band(voice, delay):
    heard = over_telephone(voice)
    assert delay(voice, heard)[0] == 0
    assert band(heard, 500, 3200) == pytest.approx(band(voice, 500, 3200), rel=0.05)
    assert band(heard, 60, 180) < 0.02 * band(voice, 60, 180)
    assert band(heard, 4200, 8000) < 1e-3 * band(voice, 4200, 8000)


@pytest.mark.parametrize("count", [1, 700, 16_001])
def test_any_length_comes_back(voice, count):
    assert len(through_codec(voice[:count], "mp3", bit_rate=32_000)) == count
    assert len(over_telephone(voice[:count])) == count


def test_delays_are_found_and_not_assumed():
    assert codec_delay("aac", 20_000, RATE) == 1024  # an encoder's first frame
    assert len({codec_delay("opus", bit_rate, RATE) for bit_rate in CODECS["opus"].bit_rates}) > 1


def test_silence_stays_silence():
    silent = np.zeros(RATE, np.float32)
    assert not over_telephone(silent).any()
    assert np.abs(through_codec(silent, "opus", bit_rate=12_000)).max() < 1e-3

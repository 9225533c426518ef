"""The mel encoder: exact time, streams equal to whole files, levels taken out, silence finite."""

import math

import numpy as np
import pytest

from sdk import errors
from sdk.data import Audio
from sdk.interfaces import AudioEncoder
from talkstyle_reference import mel
from talkstyle_reference.mel import MelEncoder, log_mel

RATE = 16_000


@pytest.fixture(scope="module")
def encoder():
    return MelEncoder()


def speechlike(seconds, *, seed=0):
    """Noise in bursts with pauses, so that the normaliser has something to follow."""
    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    loud = np.clip(np.sin(2 * np.pi * 1.3 * time), 0, 1) ** 2
    tone = sum(np.sin(2 * np.pi * f * time) / (1 + n) for n, f in enumerate((130, 260, 900, 2400)))
    return (0.1 * loud * (tone + 0.3 * rng.standard_normal(len(time)))).astype(np.float32)


def test_it_keeps_the_interface(encoder):
    assert isinstance(encoder, AudioEncoder)
    assert (encoder.name, encoder.sample_rate, encoder.width) == ("mel", RATE, 160)


@pytest.mark.parametrize("samples", [0, 1, 266, 267, 800, 801, 16_000, 16_001, 40_123])
def test_frames_are_the_ceiling_of_sixty_a_second(encoder, samples):
    features = encoder.encode(Audio(np.zeros(samples, np.float32), RATE))
    assert features.shape == (math.ceil(samples * 60 / RATE), 160)
    assert features.dtype == np.float32


@pytest.mark.parametrize("chunk", [1, 100, 799, 4096])
def test_a_stream_equals_the_whole(encoder, chunk):
    samples = speechlike(0.7 if chunk == 1 else 5.03)
    stream = encoder.stream()
    pieces = [stream.push(samples[at : at + chunk]) for at in range(0, len(samples), chunk)]
    joined = np.concatenate([*pieces, stream.finish()])
    np.testing.assert_allclose(joined, encoder.encode(Audio(samples, RATE)), atol=1e-5)


def test_a_frame_needs_no_more_than_its_lookahead(encoder):
    samples = speechlike(2.0)
    frame = 60
    heard = math.ceil((frame / 60 + encoder.lookahead) * RATE)
    features = encoder.stream().push(samples[:heard])
    assert len(features) == frame + 1


def test_time_does_not_drift():
    # A click ten minutes in: a hop of 133 samples would be 1.5 s off by now.
    second = 600
    samples = np.zeros((second + 1) * RATE, np.float32)
    samples[second * RATE + 133] = 1.0  # the middle of the window that begins there
    bands = log_mel(samples, 120 * second - 3, 7)
    assert int(bands.mean(axis=1).argmax()) == 3


def test_a_tone_lands_in_its_band():
    time = np.arange(RATE) / RATE
    low = log_mel(np.sin(2 * np.pi * 200 * time).astype(np.float32), 10, 1)[0].argmax()
    high = log_mel(np.sin(2 * np.pi * 6000 * time).astype(np.float32), 10, 1)[0].argmax()
    assert low < 8
    assert high > 65


def test_digital_silence_is_finite_and_steady(encoder):
    features = encoder.encode(Audio(np.zeros(RATE * 2, np.float32), RATE))
    assert np.isfinite(features).all()
    # Not quite still: the corpus's quietest bands lie near the floor, so that silence counts a little as sound.
    assert np.ptp(features, axis=0).max() < 1e-3


def test_loudness_is_taken_out_within_seconds(encoder):
    samples = speechlike(12.0)
    loud = encoder.encode(Audio(samples, RATE))[-240:]
    quiet = encoder.encode(Audio(samples * 0.1, RATE))[-240:]
    speaking = loud.mean(axis=1) > 0
    untreated = np.log(100) / encoder.std.mean()
    assert np.abs(loud - quiet)[speaking].mean() < 0.25 * untreated


def test_the_fingerprint_follows_the_statistics():
    a, b = MelEncoder(), MelEncoder()
    assert a.fingerprint() == b.fingerprint()
    b.mean = b.mean + 1
    assert a.fingerprint() != b.fingerprint()


def test_another_rate_is_refused(encoder):
    with pytest.raises(errors.InputError, match="44100"):
        encoder.encode(Audio(np.zeros(10, np.float32), 44_100))


def test_a_stream_refuses_what_is_not_finite(encoder):
    with pytest.raises(errors.NotFiniteError):
        encoder.stream().push(np.array([0.0, np.nan], np.float32))


def test_the_filters_are_those_of_the_published_scale():
    filters = mel._filters()
    assert filters.shape == (257, 80)
    # Slaney's scale: linear up to 1 kHz, 27 steps for each factor of 6.4 from there; corners are equally far apart.
    assert mel._mel(1000.0) == pytest.approx(15)
    assert mel._mel(6400.0) == pytest.approx(42)
    assert mel._hertz(np.array([mel._mel(440.0), mel._mel(4400.0)])) == pytest.approx([440, 4400])
    assert filters.max() <= 1
    assert not filters[: int(90 / 31.25) + 1].any()
    assert not filters[int(7600 / 31.25) + 1 :].any()
    # Between the first and the last corner the triangles of neighbours sum to one.
    inner = filters[10:200].sum(axis=1)
    assert inner == pytest.approx(np.ones(len(inner)), abs=1e-6)
    # What librosa 0.11's `filters.mel` gives, which the weights that ship were trained with.
    assert filters.sum() == pytest.approx(235.41308441, abs=1e-7)

import numpy as np
import pytest

from sdk.data import Audio
from sdk.encoding import BLOCK_SECONDS, StreamingEncoder
from sdk.errors import InputError

RATE = 600


class Recorder:
    """Ten samples to a frame; what is left over comes at the end."""

    def __init__(self, taken):
        self.taken = taken
        self.rest = np.zeros(0, np.float32)

    def push(self, samples):
        self.taken.append(len(samples))
        whole = np.concatenate([self.rest, samples])
        count = len(whole) // 10
        self.rest = whole[10 * count :]
        return whole[: 10 * count].reshape(count, 10)

    def finish(self):
        return np.pad(self.rest, (0, -len(self.rest) % 10)).reshape(-1, 10)


class Encoder(StreamingEncoder):
    sample_rate = RATE

    def __init__(self):
        self.taken = []

    def stream(self):
        return Recorder(self.taken)


def test_a_long_sound_goes_through_the_stream_in_blocks():
    encoder, block = Encoder(), BLOCK_SECONDS * RATE
    samples = np.random.default_rng(0).uniform(-1, 1, 2 * block + 5).astype(np.float32)
    features = encoder.encode(Audio(samples, RATE))
    assert encoder.taken == [block, block, 5]
    np.testing.assert_array_equal(features.ravel(), np.pad(samples, (0, 5)))


def test_no_sound_gives_no_frames():
    assert Encoder().encode(Audio(np.zeros(0, np.float32), RATE)).shape == (0, 10)


def test_another_sample_rate_is_refused():
    with pytest.raises(InputError, match=r"600 Hz, not 601 Hz") as caught:
        Encoder().encode(Audio(np.zeros(10, np.float32), RATE + 1))
    assert caught.value.where == "Encoder.encode"

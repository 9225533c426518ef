import numpy as np
import pytest

from talkstyle_lab.pretraining.augment.rooms import in_room, room_response

RATE = 16_000


@pytest.mark.parametrize("seed", range(6))
def test_the_direct_sound_comes_first_and_is_the_loudest(seed):
    response = room_response(np.random.default_rng(seed))
    assert response[0] == 1.0
    assert np.abs(response[1:]).max() < 1.0
    assert np.square(response[1:]).sum() > 0.01


@pytest.mark.parametrize("seed", range(6))
def test_the_tail_decays(seed):
    response = room_response(np.random.default_rng(seed))
    first, last = np.array_split(np.square(response[640:]), 2)  # after the early reflections
    assert last.sum() < 0.1 * first.sum()


def test_a_room_brings_no_delay(voice, delay):
    for seed in range(6):
        wet = in_room(voice, np.random.default_rng(seed))
        assert len(wet) == len(voice)
        assert delay(voice, wet)[0] == 0
        assert not np.allclose(wet, voice, atol=1e-3)


def test_rooms_follow_the_seed(voice):
    one, same, another = (in_room(voice, np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one, same)
    assert not np.allclose(one, another, atol=1e-3)

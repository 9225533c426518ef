"""What may be pushed, from where, and how much of it."""

import threading
from itertools import islice

import numpy as np
import pytest

from sdk.errors import InputError, LiveQueueFull, NotFiniteError
from sdk.session.queue import SoundQueue
from tests.sdk.animation.fakes import RATE
from tests.sdk.session.sessions import opened, sound, speech, until_end


def all_of(queue):
    samples = [np.zeros(0, np.int16)]
    while (head := queue.head()) is not None:
        samples.append(queue.take(head, head.count)[0])
    return np.concatenate(samples)


@pytest.mark.parametrize(
    ("pcm", "rate", "error"),
    [
        (b"123", RATE, InputError),
        (np.zeros((10, 2), np.int16), RATE, InputError),
        (np.zeros(10, np.int32), RATE, InputError),
        (np.zeros(10, np.uint8), RATE, InputError),
        ("sound", RATE, InputError),
        (None, RATE, InputError),
        (np.array([0.0, np.nan]), RATE, NotFiniteError),
        (np.array([0.0, np.inf]), RATE, NotFiniteError),
        (np.array([0.0, 20000.0]), RATE, InputError),
        (b"1234", 0, InputError),
        (b"1234", -RATE, InputError),
        (b"1234", 7999, InputError),
        (b"1234", 10**9, InputError),
        (b"1234", "fast", InputError),
        (b"1234", None, InputError),
        (b"1234", float("nan"), InputError),
    ],
)
def test_what_is_no_sound_is_told_and_nothing_is_taken(pcm, rate, error):
    session = opened()
    with pytest.raises(error):
        session.push_audio(pcm, rate)
    assert session.queued_seconds == 0
    assert not session.speaking


def test_all_forms_of_a_sound_are_the_same():
    pcm = speech(0.1)
    for form in (pcm, pcm.tobytes(), bytearray(pcm.tobytes()), memoryview(pcm.tobytes()), pcm[:, None], pcm[None]):
        queue = SoundQueue(RATE, limit_seconds=10)
        queue.push(form, RATE)
        queue.flush()
        np.testing.assert_array_equal(all_of(queue), pcm)
    for dtype in (np.float32, np.float64):
        queue = SoundQueue(RATE, limit_seconds=10)
        queue.push(pcm / dtype(32768), RATE)
        queue.flush()
        np.testing.assert_array_equal(all_of(queue), pcm)


def test_what_is_pushed_is_the_sessions_own():
    session, pcm = opened(), speech(0.5)
    given = pcm.copy()
    session.push_audio(given, RATE)
    given[:] = 0
    session.flush()
    heard = sound(until_end(session))
    np.testing.assert_array_equal(heard[heard != 0], pcm)


@pytest.mark.parametrize("rate", [8_000, 22_050, 24_000, 44_100, 48_000, 192_000])
def test_another_rate_is_resampled_to_the_exact_length_whatever_the_pieces(rate):
    pcm, found = speech(1.5, rate=rate), []
    for sizes in ([len(pcm)], [1] * 50 + [997] * 1000):
        queue, at = SoundQueue(RATE, limit_seconds=10), 0
        for size in sizes:
            queue.push(pcm[at : at + size], rate)
            at += size
        queue.flush()
        found.append(all_of(queue))
        assert len(found[-1]) == round(len(pcm) * RATE / rate)
    np.testing.assert_array_equal(*found)


def test_rates_may_change_within_an_utterance():
    queue = SoundQueue(RATE, limit_seconds=10)
    for rate in (24_000, 16_000, 48_000):
        queue.push(speech(0.5, rate=rate), rate)
    queue.flush()
    assert len(all_of(queue)) == 3 * RATE // 2


def test_too_much_is_told_and_nothing_of_it_is_taken():
    session = opened(queue_seconds=2)
    session.push_audio(speech(1.5), RATE)
    with pytest.raises(LiveQueueFull, match=r"0\.6 s .* 1\.5 s"):
        session.push_audio(speech(0.6), RATE)
    with pytest.raises(LiveQueueFull):
        session.push_audio(np.zeros(600 * 48_000, np.int16), 48_000)
    assert session.queued_seconds == 1.5
    list(islice(session, 25))
    session.push_audio(speech(0.6), RATE)


def test_threads_may_push_at_once():
    session = opened(queue_seconds=100)
    pieces = [np.full(997, k + 1, np.int16) for k in range(8)]
    threads = [
        threading.Thread(target=lambda piece=piece: [session.push_audio(piece, RATE) for _ in range(50)])
        for piece in pieces
    ]
    for thread in threads:
        thread.start()
    frames = list(islice(session, 20))
    for thread in threads:
        thread.join()
    session.flush()
    heard = sound([*frames, *until_end(session)])
    assert [int((heard == k + 1).sum()) for k in range(8)] == [50 * 997] * 8

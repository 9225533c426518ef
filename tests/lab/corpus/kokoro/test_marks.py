# ruff: noqa: RUF001 (IPA letters)
"""Phones timed by the durations of symbols and by what is heard."""

from itertools import pairwise

import numpy as np
import pytest

from talkstyle_lab.corpus.kokoro.marks import EARLIER, FRAME_SAMPLES, RATE, phones
from talkstyle_lab.corpus.kokoro.spelling import symbols

FRAME = FRAME_SAMPLES / RATE


def spoken(letters, durations, silent=()):
    """The phones of a tone that is silent in the frames of some symbols, given as places in the durations."""
    level = np.repeat(
        np.where(np.isin(np.arange(len(durations)), [0, len(durations) - 1, *silent]), 0.0, 0.5), durations
    )
    level = np.roll(level, -round(EARLIER / FRAME * 2) // 2)  # sounds come before their frames end up
    sound = np.repeat(level, FRAME_SAMPLES) * np.sin(np.arange(FRAME_SAMPLES * sum(durations)))
    return phones(symbols(letters), np.array(durations, np.float32), sound.astype(np.float32)), len(sound) / RATE


def frames(segment):
    """A segment's edges in frames of the durations."""
    return tuple((np.array(segment[1:]) + EARLIER) / FRAME)


def test_phones_lie_at_their_frames_and_earlier():
    made, end = spoken("ma", [10, 4, 6, 10])
    assert [label for label, *_ in made] == ["pau", "m", "aa", "pau"]
    assert frames(made[1]) == pytest.approx((10, 14))
    assert frames(made[2])[0] == pytest.approx(14)
    assert made[0][1] == 0
    assert made[-1][2] == pytest.approx(end)
    assert made[1][1] == pytest.approx(10 * FRAME - EARLIER)


def test_all_time_is_covered_without_gaps():
    made, _ = spoken("mˈA, bi", [8, 3, 2, 5, 6, 2, 3, 6, 9], silent=[4, 5])
    assert all(one[2] == two[1] for one, two in pairwise(made))
    assert all(stop >= start for _, start, stop in made)


def test_the_frames_of_a_stress_belong_to_the_vowel_that_follows():
    made, _ = spoken("mˈa", [10, 4, 3, 6, 10])
    assert frames(made[2])[0] == pytest.approx(14)


def test_the_frames_of_a_length_belong_to_the_vowel_before():
    made, _ = spoken("aːm", [10, 4, 3, 6, 10])
    assert [label for label, *_ in made] == ["pau", "aa", "m", "pau"]
    assert frames(made[1]) == pytest.approx((10, 17))


def test_a_diphthong_is_two_phones():
    made, _ = spoken("A", [10, 10, 10])
    assert [label for label, *_ in made] == ["pau", "e", "ih", "pau"]


def test_a_space_is_a_pause_only_where_nothing_is_heard():
    through, _ = spoken("a m", [10, 6, 4, 6, 10])
    assert [label for label, *_ in through] == ["pau", "aa", "m", "pau"]
    assert frames(through[1]) == pytest.approx((10, 20))
    silent, _ = spoken("a m", [10, 6, 8, 6, 10], silent=[2])
    assert [label for label, *_ in silent] == ["pau", "aa", "pau", "m", "pau"]
    assert frames(silent[2]) == pytest.approx((16, 24), abs=1)


def test_a_short_silence_is_the_closure_of_what_follows():
    made, _ = spoken("a p", [10, 6, 2, 6, 10], silent=[2])
    assert [label for label, *_ in made] == ["pau", "aa", "p", "pau"]
    assert frames(made[2])[0] == pytest.approx(16, abs=1)


def test_the_silence_at_the_end_of_a_phone_is_part_of_the_pause():
    letters, durations = "a, a", [10, 6, 2, 2, 6, 10]
    level = np.repeat([0.0, 0.5, 0.5, 0.0, 0.5, 0.0], [8, 3, 0, 7, 6, 12]).astype(np.float32)
    sound = np.repeat(level, FRAME_SAMPLES) * np.sin(np.arange(36 * FRAME_SAMPLES))
    made = phones(symbols(letters), np.array(durations, np.float32), sound.astype(np.float32))
    assert [label for label, *_ in made] == ["pau", "aa", "pau", "aa", "pau"]
    assert made[2][1] == pytest.approx(11 * FRAME, abs=0.02)


def test_the_silence_at_the_end_is_a_pause():
    sound = np.repeat([0.0, 0.5, 0.0], np.array([10, 5, 25]) * FRAME_SAMPLES) * np.sin(np.arange(40 * FRAME_SAMPLES))
    made = phones(symbols("s"), np.array([12, 20, 8], np.float32), sound.astype(np.float32))
    assert [label for label, *_ in made] == ["pau", "s", "pau"]
    assert made[2][1] == pytest.approx(15 * FRAME, abs=0.02)

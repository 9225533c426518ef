# ruff: noqa: RUF001
import numpy as np
import pytest

from sdk.errors import InputError
from talkstyle_lab.corpus.phones import PHONES, closed_frames, from_flite, from_ipa


def test_both_alphabets_meet():
    assert from_flite("b", 0.0, 0.1) == from_ipa("b", 0.0, 0.1) == [("b", 0.0, 0.1)]
    assert [s[0] for s in from_flite("ay", 0.0, 0.2)] == [s[0] for s in from_ipa("aɪ", 0.0, 0.2)] == ["aa", "ih"]


def test_a_diphthong_shares_its_time():
    (_, start, middle), (_, again, end) = from_ipa("oʊ", 1.0, 1.2)
    assert (start, end) == (1.0, 1.2)
    assert start < middle == again < end


@pytest.mark.parametrize(
    ("symbol", "labels"), [("iː", ["iy"]), ("tʃ", ["ch"]), ("", ["pau"]), ("pf", ["p", "f"]), ("ɔ̃", ["ao"])]
)
def test_ipa(symbol, labels):
    assert [s[0] for s in from_ipa(symbol, 0.0, 0.1)] == labels


@pytest.mark.parametrize("read", [from_flite, from_ipa])
def test_an_unknown_phone_is_named(read):
    with pytest.raises(InputError, match="%"):
        read("%", 0.0, 0.1)


def test_bilabials_are_closed_until_their_release():
    closed = closed_frames([("aa", 0.0, 0.1), ("p", 0.1, 0.2), ("aa", 0.2, 0.3)], 18)
    assert np.flatnonzero(closed).tolist() == [6, 7, 8, 9]


def test_targets_are_in_range():
    assert all(0 <= value <= 1 for phone in PHONES.values() for value in phone[:8])

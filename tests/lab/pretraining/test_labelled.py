from itertools import pairwise

import numpy as np
import pytest

from sdk.data import Audio, Motion
from sdk.errors import InputError
from sdk.geometry import canonical_face, mouth_opening
from talkstyle_lab.pretraining.labelled import (
    SPOKEN_COLUMNS,
    articulated,
    followed,
    lag,
    phone_figures,
    phone_means,
    pooled,
    segments,
)

LABELS = ("SIL",) * 6 + ("AA",) * 8 + 3 * (("M",) * 4 + ("AA",) * 8 + ("P",) * 4 + ("AY",) * 8) + ("SIL",) * 6
SECONDS = len(LABELS) / 30


@pytest.fixture(scope="module")
def said():
    rng = np.random.default_rng(0)
    audio = Audio((0.1 * rng.standard_normal(round(16000 * SECONDS))).astype(np.float32), 16000)
    return articulated(audio, segments(LABELS, SECONDS))


def later(motion, frames):
    return Motion(np.roll(motion.expression, frames, axis=0), motion.pose)


def test_labels_become_phones_without_gaps():
    phones = segments(LABELS, SECONDS + 0.5)
    assert phones[0][:2] == ("pau", 0.0)
    assert phones[-1][0] == "pau"
    assert phones[-1][2] == SECONDS + 0.5
    assert all(before[2] == pytest.approx(after[1]) for before, after in pairwise(phones))
    assert [label for label, _, _ in phones[2:6]] == ["m", "aa", "p", "aa"]  # AY is two
    assert segments(LABELS, 1.0)[-1][2] == 1.0  # a sound that ends before its labels
    assert segments((), 1.0) == (("pau", 0.0, 1.0),)
    assert segments(("NSN",), 1 / 30) == (("pau", 0.0, 1 / 30),)
    with pytest.raises(InputError, match="unknown phone"):
        segments(("QQ",), 1.0)


def test_lips_that_close_at_m_and_p_do_and_late_ones_do_not(said):
    phones = segments(LABELS, SECONDS)
    right, late = phone_figures(said, phones), phone_figures(later(said, 9), phones)
    assert right["closure"] < 0.3 < late["closure"]
    assert right["deepest"] < 0.1
    assert abs(right["closing"]) < 40
    assert phone_figures(later(said, 8), phones, late=8 / 60)["closure"] == pytest.approx(right["closure"], abs=0.02)


def test_when_lips_close_is_told(said):
    phones = segments(LABELS, SECONDS)
    moved = phone_figures(later(said, 3), phones)["closing"] - phone_figures(said, phones)["closing"]
    assert moved == pytest.approx(50, abs=17)


def test_without_m_b_or_p_there_is_no_closure(said):
    found = phone_figures(said, segments(("AA",) * len(LABELS), SECONDS))
    assert list(found) == list(SPOKEN_COLUMNS)
    assert np.isnan([found[name] for name in ("closure", "deepest", "closing")]).all()


def test_a_lag_is_found_and_does_not_count(said):
    valid = np.ones(len(said), bool)
    assert lag(later(said, 6), said, valid) == pytest.approx(0.1, abs=0.01)
    assert followed(later(said, 6), said, valid)["r"] > 0.95
    assert lag(said, said, valid) == 0.0


def test_phones_means_tell_wide_from_narrow_whatever_the_scale(said):
    phones = segments(LABELS, SECONDS)
    found = phone_means(said, phones)
    assert found["aa"][0] == 7
    assert found["aa"][1] > 2 * found["m"][1]
    half = Motion(said.expression / 2, said.pose)
    assert phone_means(half, phones)["aa"][1:] == pytest.approx(found["aa"][1:], rel=0.05)
    assert (
        mouth_opening(canonical_face() + half.expression).std()
        < 0.6 * mouth_opening(canonical_face() + said.expression).std()
    )


def test_means_of_several_count_each_phone_once():
    whole = pooled([{"m": (1, 0.0, 1.0)}, {"m": (3, 4.0, 1.0), "s": (2, 1.0, 0.0)}])
    assert whole == {"m": (4, 3.0, 1.0), "s": (2, 1.0, 0.0)}


def test_a_mouth_that_waits_open_in_a_pause_is_seen(said):
    pause = ("AA",) * 12 + ("SIL",) * 12 + ("AA",) * 12
    phones = segments(pause, len(pause) / 30)
    course = np.ones(72, np.float32)
    course[24:48] = 0.5
    half = Motion(said.expression[[20] * 72] * course[:, None, None], said.pose[:72])
    opening = mouth_opening(canonical_face() + half.expression)
    assert phone_figures(half, phones)["pauses"] == pytest.approx(opening[24:48].mean() / opening[:24].mean(), rel=1e-3)
    assert np.isnan(phone_figures(half, segments(("AA",) * 36, 1.2))["pauses"])

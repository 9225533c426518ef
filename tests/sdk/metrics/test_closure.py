import json

import numpy as np
import pytest

from sdk.data import Motion
from sdk.errors import InputError, MediaNotFound
from sdk.geometry import INNER_LIPS
from sdk.metrics import closure, read_phonemes


def mouth(openings):
    """Motion whose mouth opens by so much, frame by frame."""
    expression = np.zeros((len(openings), 68, 3))
    expression[:, [65, 66, 67], 1] = np.asarray(openings)[:, None]
    assert INNER_LIPS.stop == 68
    return Motion(expression, np.zeros((len(openings), 6)))


def test_lips_that_meet_at_bilabials_are_small():
    labels = ("AA", "M", "AA", "B", "AA", "AA", "AA", "AA")
    openings = np.where(np.isin(np.repeat(labels, 2), ["M", "B", "P"]), 0.02, 0.2)
    assert closure(mouth(openings), labels) == pytest.approx(0.1, rel=0.01)
    late = np.roll(openings, 2)
    assert closure(mouth(late), labels) == pytest.approx(1, rel=0.01)
    assert closure(mouth(late), labels, within=0.04) == pytest.approx(0.1, rel=0.01)


def test_motion_that_begins_later_is_held_against_its_own_labels():
    labels = ("M",) * 5 + ("AA", "P", "AA", "AA", "AA")
    openings = [0.2, 0.2, 0.02, 0.02, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]
    assert closure(mouth(openings), labels, start=10) == pytest.approx(0.1, rel=0.01)
    assert closure(mouth(openings), labels, start=10, valid=np.arange(10) > 3) is None
    assert closure(mouth([0.1] * 8), ("AA", "T")) is None


def test_labels_are_names_or_numbers_with_an_index_beside(tmp_path):
    (tmp_path / "a.json").write_text('["m", "AA"]')
    assert read_phonemes(tmp_path / "a.json") == ("M", "AA")
    (tmp_path / "b.json").write_text("[1, 0, 1]")
    with pytest.raises(MediaNotFound, match="phoneme_index"):
        read_phonemes(tmp_path / "b.json")
    (tmp_path / "phoneme_index.json").write_text(json.dumps({"AA": 0, "M": 1}))
    assert read_phonemes(tmp_path / "b.json") == ("M", "AA", "M")


@pytest.mark.parametrize("text", ["", "{}", "[]", "[7]", "[true]", "[[1]]", "[1.5]", '["M", 1]', "nul", "[" * 100_000])
def test_anything_else_is_refused(tmp_path, text):
    (tmp_path / "phoneme_index.json").write_text('{"AA": 0, "M": 1}')
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError):
        read_phonemes(tmp_path / "a.json")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(MediaNotFound, match="labels"):
        read_phonemes(tmp_path / "none.json")

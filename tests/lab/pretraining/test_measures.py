"""Measuring on a clip of somebody real: the shipped base follows the lips, and rests in silence."""

import os
from pathlib import Path

import pytest

from talkstyle_lab.pretraining.measures import COLUMNS, measure

MEDIA = os.environ.get("TALKSTYLE_MEDIA")


@pytest.fixture(scope="module")
def rows():
    if not MEDIA:
        pytest.skip("TALKSTYLE_MEDIA is not set")
    pytest.importorskip("mediapipe")
    talk = Path(MEDIA) / "talk"
    return measure([(talk / "reagan.mp4", talk / "reagan.wav")], ["tcn"])


def test_a_row_for_the_clip_and_one_for_the_mean(rows):
    assert [row["clip"] for row in rows] == ["reagan", "mean"]
    assert set(rows[0]) == set(COLUMNS)


def test_the_base_follows_lips_that_it_never_saw(rows):
    assert rows[0]["opening"] > 0.05 + max(rows[0]["loudness"], rows[0]["null"])
    assert rows[0]["width"] > 0.2


def test_lips_close_in_digital_silence(rows):
    assert rows[0]["silence"] < 0.02

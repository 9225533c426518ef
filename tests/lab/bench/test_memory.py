"""``talkstyle bench memory``, of two seconds."""

import pytest

from sdk.errors import ConfigError
from talkstyle_lab import bench
from tests.sdk.animation import fakes


def test_memory_and_the_ends_of_both_tracks(monkeypatch):
    monkeypatch.setattr("talkstyle_lab.bench.memory.SETTLED_SECONDS", 1)  # instead of a minute
    measured = bench.run_memory(minutes=2 / 60, size=64, fps=10, renderer=fakes.Renderer(), device="cpu")
    assert measured.frames == 20
    assert measured.sound_seconds == measured.video_end == 2
    assert measured.sound_end == pytest.approx(2, abs=0.1)
    assert 50 < measured.resident_after_a_minute <= measured.resident_at_most
    assert measured.resident_at_the_end < measured.resident_after_a_minute + 100


def test_there_is_something_to_compare():
    with pytest.raises(ConfigError, match="too short"):
        bench.run_memory(minutes=1)

"""``talkstyle bench``, short: what it prints belongs together; no seconds are asserted."""

from __future__ import annotations

import pytest

from sdk.media import write_image
from sdk.testing.drawing import drawn_face


def test_the_ratios_are_those_of_their_parts(talkstyle_json, clip, tmp_path):
    write_image(tmp_path / "me.png", drawn_face(192).pixels)
    code, document = talkstyle_json(
        *("bench", clip, "--steps", 2, "--portrait", tmp_path / "me.png", "--speech", clip, "--device", "cpu")
    )
    assert code == 0
    assert document["reference_seconds"] == pytest.approx(3, abs=0.05)
    assert document["sound_seconds"] == pytest.approx(3, abs=0.05)
    assert set(document["fit_seconds"]) == {"listen", "detect", "fit", "measure"}
    whole = sum(document["fit_seconds"].values())
    assert document["fit_over_reference"] == pytest.approx(whole / document["reference_seconds"])
    assert document["animate_over_encoding"] == pytest.approx(document["animate_fps"] / document["encoding_fps"])
    assert document["generation_over_real_time"] > 0
    assert document["size"] == [192, 192]


def test_the_table_and_a_drawn_reference(talkstyle, clip, tmp_path):
    write_image(tmp_path / "me.png", drawn_face(192).pixels)
    code, out, _ = talkstyle(
        *("bench", "--seconds", 2.2, "--steps", 1, "--portrait", tmp_path / "me.png", "--speech", clip)
    )
    assert code == 0
    for ratio in ("fit time / reference duration", "motion generation / real time", "animate fps / encoding fps"):
        assert ratio in out
    assert "192x192" in out


def test_a_missing_clip_is_named(talkstyle_json, tmp_path):
    code, document = talkstyle_json("bench", tmp_path / "none.mp4")
    assert (code, document["error"]["code"]) == (1, "media-not-found")

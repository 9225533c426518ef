"""``talkstyle bench``, short: what it prints belongs together; no seconds are asserted."""

from __future__ import annotations

import pytest

import talkstyle_lab.bench
from sdk.drawing import drawn_face
from sdk.media import write_image


def test_the_ratios_are_those_of_their_parts(talkstyle_json, clip, tmp_path):
    write_image(tmp_path / "me.png", drawn_face(192).pixels)
    given = ("--portrait", tmp_path / "me.png", "--speech", clip)
    code, document = talkstyle_json("bench", *given, "--seconds", 2.4, "--steps", 1, "--device", "cpu")
    assert code == 0
    assert document["reference_seconds"] == pytest.approx(2.4, abs=0.05)
    assert document["sound_seconds"] == pytest.approx(3, abs=0.05)
    assert set(document["fit_seconds"]) == {"listen", "detect", "fit", "measure"}
    whole = sum(document["fit_seconds"].values())
    assert document["fit_over_reference"] == pytest.approx(whole / document["reference_seconds"])
    assert document["animate_over_encoding"] == pytest.approx(document["animate_fps"] / document["encoding_fps"])
    assert document["generation_over_real_time"] > 0
    assert document["size"] == [192, 192]


def test_the_table(talkstyle, monkeypatch):
    figures = {
        "fit_over_reference": 1.25,
        "generation_over_real_time": 0.0625,
        "animate_over_encoding": 0.5,
        "reference_seconds": 8.0,
        "fit_seconds": {"detect": 4.0, "fit": 6.0},
        "sound_seconds": 3.0,
        "animate_fps": 20.0,
        "encoding_fps": 40.0,
        "size": (640, 480),
        "machine": {"cores": 2},
    }
    monkeypatch.setattr(talkstyle_lab.bench, "run", lambda *_, **__: talkstyle_lab.bench.Bench(**figures))
    code, out, _ = talkstyle("bench")
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "fit time / reference duration 1.25 detect 4.0 s, fit 6.0 s, for 8.0 s" in lines
    assert "motion generation / real time 0.062 3.0 s of sound" in lines
    assert "animate fps / encoding fps 0.50 20.0 / 40.0 at 640x480" in lines
    assert "cores 2" in lines


def test_a_missing_clip_is_named(talkstyle_json, tmp_path):
    code, document = talkstyle_json("bench", tmp_path / "none.mp4")
    assert (code, document["error"]["code"]) == (1, "media-not-found")

"""``talkstyle bench``, short: what it prints belongs together; no seconds are asserted."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

import talkstyle_lab.bench
import talkstyle_lab.bench.shapes
from sdk.drawing import drawn_face
from sdk.media import write_image
from sdk.packs import shipped_styles
from talkstyle_lab.bench.footprint import Footprint
from talkstyle_lab.bench.leaks import VERBS, LeakRow
from talkstyle_lab.bench.shapes import BlinkRow, MouthRow, ShapesBench
from talkstyle_lab.bench.soak import Fault, SoakBench


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
    assert talkstyle("bench", "speed") == (code, out, "")


def test_a_missing_clip_is_named(talkstyle_json, tmp_path):
    code, document = talkstyle_json("bench", tmp_path / "none.mp4")
    assert (code, document["error"]["code"]) == (1, "media-not-found")


@pytest.fixture
def asked(monkeypatch):
    """Replace a measurement of ``talkstyle_lab.bench`` by its result; what it is asked for is returned."""

    def replace(name, result):
        given = {}

        def measure(*arguments, **settings):
            given.update(settings, arguments=arguments)
            return result

        monkeypatch.setattr(talkstyle_lab.bench, name, measure)
        return given

    return replace


def test_memory(talkstyle, talkstyle_json, asked):
    figures = {
        "resident_after_a_minute": 500.0,
        "resident_at_the_end": 512.0,
        "resident_at_most": 520.0,
        "video_end": 120.04,
        "sound_end": 120.0,
        "sound_seconds": 120.0,
        "frames": 3000,
        "fps": "25",
        "size": (64, 64),
        "seconds": 60.0,
    }
    given = asked("run_memory", talkstyle_lab.bench.MemoryBench(**figures))
    code, document = talkstyle_json("bench", "memory", "--minutes", 2, "--size", 64, "--format", "webm")
    assert (code, document) == (0, figures | {"size": [64, 64]})
    wanted = {"minutes": 2.0, "size": 64, "suffix": ".webm", "fps": "25", "renderer": "warp", "device": "auto"}
    assert wanted.items() <= given.items()
    lines = [" ".join(line.split()) for line in talkstyle("bench", "memory")[1].splitlines()]
    assert "resident memory at the end 512 MiB (+12)" in lines
    assert "made in 60 s, 50.0 frames a second" in lines
    assert talkstyle("bench", "memory", "--minutes", 1)[0] == 2


def test_render(talkstyle, talkstyle_json, asked, tmp_path):
    figures = dict.fromkeys((field.name for field in fields(talkstyle_lab.bench.RenderRow)), 0.5)
    row = talkstyle_lab.bench.RenderRow(**figures | {"portrait": "me", "clip": "cycle", "eye_r": None, "missed": 0})
    speed = talkstyle_lab.bench.RenderSpeed(size=512, over_encoding=2, cpu_over_encoding=1.5, fps=40, render_ms=9)
    bench = talkstyle_lab.bench.RenderBench(rows=(row,), speeds=(speed,), renderer="warp", detector="mediapipe")
    given = asked("run_render", bench)
    code, document = talkstyle_json("bench", "render", "--frames", 9, "--only-speed", "--out", tmp_path)
    assert (code, document) == (0, bench.as_dict() | {"rows": [vars(row)], "speeds": [vars(speed)]})
    assert (given["frames"], given["clips"], given["speeds"], given["out"]) == (9, (), (512, 1024), tmp_path)
    code, out, _ = talkstyle("bench", "render", "--clips", "a.mp4", "--clips", "cycle", "--no-speed")
    assert (code, given["clips"], given["speeds"]) == (0, [Path("a.mp4"), "cycle"], ())
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "me cycle 0.50 0.50 0.50 0.50 0.500 0.50 - 0.50 0.50 0.500 0.5 0.50 0" in lines
    assert "512x512 2.00 1.50 40.0 9.0 ms of processor time a frame" in lines


def test_shapes(talkstyle, talkstyle_json, monkeypatch):
    mouth = MouthRow(portrait="me", motion="rap 1.5", asked=0.9, meant=0.91, found=None, half=0.8, quarter=0.5)
    blink = BlinkRow(portrait="me", brows_found=4.0, brows_seen=0.04, left_open=0.2)
    measured = ShapesBench(mouths=(mouth,), blinks=(blink,), renderer="warp", detector="mediapipe")
    given = {}
    monkeypatch.setattr(talkstyle_lab.bench.shapes, "run_shapes", lambda *_, **how: given.update(how) or measured)
    words = ("bench", "shapes", "--styles", "base", "--styles", "rap", "--strengths", 1.5, "--clips", "cycle")
    code, document = talkstyle_json(*words)
    assert (code, document["mouths"], document["blinks"]) == (0, [vars(mouth)], [vars(blink)])
    assert (given["styles"], given["strengths"], given["clips"]) == (("base", "rap"), (1.5,), ["cycle"])
    lines = [" ".join(line.split()) for line in talkstyle(*words)[1].splitlines()]
    assert "me rap 1.5 0.900 0.910 - 0.80 0.50" in lines
    assert "me 4.0 0.0 0.20" in lines


def test_styles(talkstyle, talkstyle_json):
    words = ("bench", "styles", "--items", 2, "--seconds", 0.5, "--rank", 2, "--device", "cpu")
    code, document = talkstyle_json(*words)
    assert code == 0
    assert [cost["form"] for cost in document["costs"]] == ["rank 2, 2 items", "full, 2 items", "one style, 2 items"]
    assert {style["name"] for style in document["shipped"]} >= {"calm", "rap"}
    code, out, _ = talkstyle(*words)
    assert code == 0
    assert "one style, 2 items" in out


def test_strengths(talkstyle, talkstyle_json, monkeypatch):
    bench = "talkstyle_lab.bench.strengths"
    monkeypatch.setattr(f"{bench}.STRENGTHS", (1.0, 3.0))
    monkeypatch.setattr(f"{bench}.FPS", 2)
    rap = shipped_styles()["rap"]
    monkeypatch.setattr(f"{bench}.shipped_styles", lambda: {"rap": rap})
    code, document = talkstyle_json("bench", "strengths")
    assert code == 0
    ordinary, strong = document["rows"]
    assert 0 < ordinary["angle"] < strong["angle"] <= 30
    assert 0 < ordinary["opening"] < strong["opening"] <= 0.9
    assert min(ordinary["determinant"], strong["determinant"]) > 0
    assert (ordinary["warned"], strong["warned"]) == (False, True)
    code, out, _ = talkstyle("bench", "strengths")
    assert code == 0
    assert "determinant" in out


def test_leaks(talkstyle, talkstyle_json, monkeypatch):
    rows = [LeakRow("animate", (1, 2), (Footprint(100.0, None, 4), Footprint(90.0, None, 5)))]
    given = []
    monkeypatch.setattr("talkstyle_lab.bench.leaks.run_leaks", lambda **settings: given.append(settings) or rows)
    code, document = talkstyle_json("bench", "leaks", "--calls", 1, "--calls", 2, "--verb", "animate")
    assert (code, given[0]["calls"], given[0]["verbs"]) == (0, (1, 2), ("animate",))
    assert document["rows"][0]["growth"] == {"resident": -10.0, "unique": None, "threads": 1}
    lines = [" ".join(line.split()) for line in talkstyle("bench", "leaks")[1].splitlines()]
    assert (given[1]["calls"], given[1]["verbs"]) == ((10, 100), VERBS)
    assert "animate 2 90 MiB - 5" in lines
    assert "animate difference -10 MiB - +1" in lines


def test_soak(talkstyle, talkstyle_json, monkeypatch):
    figures = {
        "jobs": {"animate": 3, "packs": 1},
        "results": 1,
        "errors": {"config": 1},
        "cancelled": 1,
        "faults": (Fault("packs(style: 7)", "TypeError: no", "sdk/packs/mixing.py:3"),),
        "after_a_quarter": Footprint(100.0, 80.0, 4),
        "at_the_end": Footprint(90.0, 70.0, 5),
        "left_beside": (),
        "left_temporary": (),
        "seconds": 9.0,
        "slowest": "animate()",
        "slowest_seconds": 1.0,
    }
    result, given = [SoakBench(**figures)], []
    monkeypatch.setattr("talkstyle_lab.bench.soak.run_soak", lambda **settings: given.append(settings) or result[0])
    code, document = talkstyle_json("bench", "soak", "--jobs", 4, "--threads", 2, "--seed", 7)
    assert (code, given[0]["jobs"], given[0]["threads"], given[0]["seed"]) == (1, 4, 2, 7)
    assert document["faults"] == [{"job": "packs(style: 7)", "said": "TypeError: no", "at": "sdk/packs/mixing.py:3"}]
    code, out, _ = talkstyle("bench", "soak")
    assert code == 1
    assert "packs(style: 7)\n  TypeError: no\n  at sdk/packs/mixing.py:3" in out
    result[0] = SoakBench(**figures | {"faults": (), "left_beside": (".talkstyle-x",)})
    assert talkstyle("bench", "soak")[0] == 1
    result[0] = SoakBench(**figures | {"faults": ()})
    assert talkstyle("bench", "soak")[0] == 0

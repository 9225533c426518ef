"""``talkstyle demo``, the whole of it, small: a drawn face, three seconds, two steps."""

from __future__ import annotations

import json

import av
import numpy as np
import pytest

import sdk.demo
import sdk.registry.requirements
from sdk.adapter import FitConfig
from sdk.demo.assets import load_assets
from sdk.drawing import drawn_face
from sdk.media import read_image
from sdk.packs import StylePack

NAMES = {"reference.mp4", "pack", "plain.mp4", "styled.mp4", "comparison.png"}


@pytest.fixture
def small(monkeypatch):
    """What ``--quick`` takes, smaller still."""
    quick = {"portrait": drawn_face(256).pixels, "seconds": 2.6, "config": FitConfig(steps=3)}
    monkeypatch.setattr(sdk.demo, "QUICK", quick)
    return quick


def test_everything_is_there_plays_and_is_said(small, talkstyle, tmp_path):
    folder = tmp_path / "talkstyle-demo"
    (folder / "pack").mkdir(parents=True)
    (folder / "pack" / "config.json").write_text('{"format": "talkstyle-pack"}')  # an earlier one's, half broken
    (folder / "mine.txt").write_text("not the demonstration's")
    code, out, err = talkstyle("demo", "--quick", "--out", folder, "--device", "cpu")
    assert code == 0, err
    assert {path.name for path in folder.iterdir()} == {*NAMES, "mine.txt"}
    assert (folder / "mine.txt").read_text() == "not the demonstration's"
    assert all(str(folder / name) in out for name in NAMES)
    assert "talkstyle adapt YOUR-CLIP.mp4" in out
    assert "renders its own reference clip" in err

    stuff = load_assets(seconds=2.6)
    frames = {}
    for name, sound in (("reference", stuff.speech), ("plain", stuff.sentence), ("styled", stuff.sentence)):
        with av.open(str(folder / f"{name}.mp4")) as container:
            video, audio = container.streams.video[0], container.streams.audio[0]
            assert (video.codec_context.name, audio.codec_context.name) == ("h264", "aac")
            frames[name] = [frame.to_ndarray(format="rgb24") for frame in container.decode(video)]
            assert frames[name][0].shape == (256, 256, 3)
            assert abs(len(frames[name]) / 25 - float(sound.duration)) <= 1 / 25
            assert abs(float(audio.duration * audio.time_base) - float(sound.duration)) <= 1 / 25
    assert np.abs(np.diff(np.stack(frames["reference"]).astype(int), axis=0)).max() > 50, "it moves"
    assert (np.stack(frames["plain"]) != np.stack(frames["styled"])).any(), "the style changes something"
    assert StylePack.load(folder / "pack").config.training.references[0].kind == "clip"
    assert read_image(folder / "comparison.png").pixels.shape == (1100, 1400, 3)


def test_what_is_in_the_way_is_left_alone(small, talkstyle_json, tmp_path):
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "diary.txt").touch()
    code, document = talkstyle_json("demo", "--quick", "--out", tmp_path)
    assert (code, document["error"]["code"]) == (1, "output")
    assert [path.name for path in tmp_path.iterdir()] == ["pack"]
    (tmp_path / "file").touch()
    code, document = talkstyle_json("demo", "--quick", "--out", tmp_path / "file")
    assert (code, document["error"]["code"]) == (1, "output")


def test_without_the_extra_the_error_is_the_line_that_installs_it(talkstyle, monkeypatch, tmp_path):
    monkeypatch.setattr(sdk.registry.requirements, "unmet", lambda wanted: wanted)
    code, out, _err = talkstyle("demo", "--out", tmp_path / "new", "--json")
    assert code == 1
    assert json.loads(out)["error"]["hint"] == 'Run: python -m pip install "talkstyle[demo]"'
    assert not (tmp_path / "new").exists()

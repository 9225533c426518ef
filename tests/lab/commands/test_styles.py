"""``talkstyle styles build`` and ``nearest``: what they pass on and print, without speech engines."""

from __future__ import annotations

import pytest

import talkstyle_lab.styles.build
import talkstyle_lab.styles.nearest
from sdk.packs import StylePack
from talkstyle_lab.styles.nearest import Table


@pytest.fixture
def asked(monkeypatch):
    """A fit that gives a style that ships, and previews that are a few bytes; returns what fits are asked for."""
    fits = []

    def fit_style(name, *, adapter, **settings):
        fits.append({"name": name, "steps": adapter.config.steps, **settings})
        return StylePack.load(name)

    monkeypatch.setattr(talkstyle_lab.styles.build, "fit_style", fit_style)
    monkeypatch.setattr("sdk.previews.previews", lambda *_, **__: {"preview.webp": b"RIFF"})
    monkeypatch.setattr(StylePack, "save", lambda self, folder, files: folder.mkdir())
    return fits


def test_build(asked, talkstyle, talkstyle_json, tmp_path):
    words = ("styles", "build", "--only", "calm", "--steps", 7, "--seed", 3, "--out", tmp_path / "a")
    code, document = talkstyle_json(*words)
    pack = StylePack.load("calm")
    assert code == 0
    assert document["styles"] == [
        {
            "name": "calm",
            "bytes": pack.config.delta.bytes,
            "rank": pack.config.compression.rank,
            "gain": pack.gain,
            "gain_kept": pack.config.compression.gain,
            "preview_bytes": 4,
        }
    ]
    assert {"name": "calm", "steps": 7, "minutes": 1.5, "seed": 3}.items() <= asked[0].items()
    assert (tmp_path / "a" / "calm").is_dir()
    code, out, _ = talkstyle("styles", "build", "--out", tmp_path / "b")
    assert code == 0
    assert [line.split(":")[0] for line in out.splitlines()] == list(talkstyle_lab.styles.build.RECIPES)


def test_nearest(monkeypatch, talkstyle, talkstyle_json):
    table = Table("unseen sentences", ("calm", "rap"), ((1.0, 2.0), (3.0, 4.0)), ((1.0, 2.0), (4.0, 3.0)))
    given = {}
    monkeypatch.setattr(talkstyle_lab.styles.nearest, "compare", lambda **settings: given.update(settings) or [table])
    code, document = talkstyle_json("styles", "nearest", "--minutes", 0.5, "--seed", 2)
    assert code == 0
    assert (given["minutes"], given["seed"], given["unseen"], given["speech"]) == (0.5, 2, 0.5, None)
    assert (document["tables"][0]["right"], document["tables"][0]["right_plain"]) == (1, 2)
    code, out, _ = talkstyle("styles", "nearest")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert lines[0] == "unseen sentences: 1 of 2 are nearest to themselves (2 with nothing taken out)"
    assert lines[2:] == ["calm 1.00* 2.00", "rap 3.00* 4.00"]

"""``talkstyle adapt`` on a drawn face, with the real components."""

from __future__ import annotations

import pytest

from sdk.cli.output import local_ref
from sdk.drawing import drawn_face
from sdk.media import write_image
from sdk.packs import StylePack

FEW = ("--steps", 3, "--device", "cpu")


@pytest.fixture
def stills(tmp_path):
    paths = [tmp_path / f"{seed}.png" for seed in range(2)]
    for path in paths:
        write_image(path, drawn_face(256).pixels)
    return paths


def test_a_clip_becomes_a_pack_and_a_checkpoint_is_gone_on_from(clip, talkstyle_json, tmp_path):
    kept = ("--checkpoint", tmp_path / "fit.safetensors")
    code, document = talkstyle_json("adapt", clip, *FEW, *kept, "--license", "CC0-1.0", "-o", tmp_path / "drawn")
    assert code == 0
    assert document["path"] == str(tmp_path / "drawn")
    assert document["name"] == "drawn"
    assert document["training"]["settings"]["paired"] is True
    assert document["gain"] == StylePack.load(document["path"]).gain == document["training"]["after"]["gain"]
    assert any("5 s and more" in text for text in document["warnings"])
    pack = StylePack.load(tmp_path / "drawn")
    assert (pack.config.license, pack.config.training.settings["steps"]) == ("CC0-1.0", 3)

    code, _again = talkstyle_json("adapt", clip, *FEW, *kept, "--name", "drawn", "-o", tmp_path / "again")
    assert code == 0
    assert StylePack.load(tmp_path / "again").config.delta.sha256 == pack.config.delta.sha256

    code, other = talkstyle_json("adapt", clip, *FEW, *kept, "--seed", 1, "-o", tmp_path / "other")
    assert (code, other["error"]["code"]) == (1, "checkpoint")
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("form", ["stills", "video"])
def test_pictures_with_any_speech(form, clip, stills, words, talkstyle, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = stills if form == "stills" else [clip, "--unpaired"]
    code, out, err = talkstyle("adapt", *given, "--audio", words, *FEW, "-o", "mine")
    assert code == 0, err
    assert "mine: learned in " in out
    assert "--style ./mine" in out
    training = StylePack.load("./mine").config.training
    assert training.settings["paired"] is False
    assert training.references[0].kind == ("images" if form == "stills" else "video")


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        (["0.png", "1.png"], "config", "--audio"),
        (["0.png"], "config", "--audio"),
        (["clip", "--unpaired"], "config", "--audio"),
        (["clip", "0.png"], "config", "Give one clip"),
        (["words"], "config", "Give it with --audio"),
        (["none.mp4"], "media-not-found", None),
        (["clip", "-o", "full"], "output", "Choose a new folder"),
        (["clip", "-o", "0.png"], "output", "Choose a new folder"),
        (["clip", "--detector", "none"], "component-not-found", None),
    ],
)
def test_what_cannot_serve_is_refused_before_the_work(
    given, kind, said, clip, stills, words, talkstyle_json, tmp_path, monkeypatch
):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "diary.txt").touch()
    before = sorted(tmp_path.rglob("*"))
    monkeypatch.chdir(tmp_path)
    output = () if "-o" in given else ("-o", "new")
    code, document = talkstyle_json(
        "adapt", *({"clip": clip, "words": words}.get(word, word) for word in given), *output
    )
    assert (code, document["error"]["code"]) == (1, kind)
    if said is not None:
        assert said in f"{document['error']['where']} {document['error']['hint']}"
    assert sorted(tmp_path.rglob("*")) == before


def test_a_command_line_that_makes_no_sense(talkstyle_json, clip, tmp_path):
    assert talkstyle_json("adapt", clip)[0] == 2
    code, document = talkstyle_json("adapt", clip, "--steps", 0, "-o", tmp_path / "new")
    assert (code, document["error"]["code"]) == (2, "usage")


@pytest.mark.parametrize(("path", "ref"), [("rap", "./rap"), ("a/b", "./a/b"), ("../a", "../a"), ("./a", "./a")])
def test_folders_as_references(path, ref):
    from pathlib import Path

    assert local_ref(Path(path)) == ref
    assert local_ref(Path(path).absolute()) == Path(path).absolute().as_posix()


def test_a_push_needs_its_terms_and_a_login_before_the_work(talkstyle_json, tmp_path, hub, monkeypatch):
    given = ("none.mp4", "-o", tmp_path / "mine", "--push-to", "ann/mine")
    code, document = talkstyle_json("adapt", *given, "--license", "mit")
    assert (code, document["error"]["code"]) == (1, "config")
    assert "consent" in document["error"]["what"]
    code, document = talkstyle_json("adapt", *given, "--license", "mit", "--consent", "my own face")
    assert document["error"]["code"] == "media-not-found"
    monkeypatch.delenv("HF_TOKEN")
    code, document = talkstyle_json("adapt", *given, "--license", "mit", "--consent", "my own face")
    assert (document["error"]["code"], "logged in" in document["error"]["what"]) == ("hub", True)
    assert hub.requests == []

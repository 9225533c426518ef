"""``talkstyle styles`` against a Hub of our own on the loopback."""

from __future__ import annotations

import json

import pytest

import sdk.packs
from sdk.packs import StylePack
from sdk.registry import register
from tests.sdk.fakes import LoudnessEncoder, TinyGenerator

# The client's own way of uploading is one that its HTTP library has come to discourage.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")


def make(seed: int = 0, **fields) -> StylePack:
    base = TinyGenerator()
    fitted = {name: p.detach() + 0.01 * (seed + 1) for name, p in base.named_parameters()}
    fields = {"name": "rap", "license": "CC-BY-4.0", "consent": "my own\nface", **fields}
    return StylePack.create(base=base, fitted=fitted, encoder=LoudnessEncoder(), **fields)


@pytest.fixture
def rap(tmp_path, monkeypatch):
    """A folder to work in, with a pack in ./rap, whose base is installed."""
    monkeypatch.chdir(tmp_path)
    make().save("rap")
    with register("motion-generator", "tiny", TinyGenerator):
        yield tmp_path / "rap"


def test_push_search_pull_lock_and_verify(hub, rap, talkstyle, talkstyle_json, tmp_path):
    code, pushed = talkstyle_json("styles", "push", "./rap", "ann/rap", "--tag", "v1")
    assert code == 0
    assert talkstyle_json("styles", "push", "./rap", "ann/rap") == (0, pushed)
    code, found = talkstyle_json("styles", "search", "rap", "--base", "tiny")
    assert [(s["repo_id"], s["license"]) for s in found["styles"]] == [("ann/rap", "cc-by-4.0")]
    assert talkstyle_json("styles", "search", "rap", "--base", "tcn") == (0, {"styles": []})

    code, pulled = talkstyle_json("styles", "pull", "ann/rap@v1", "-o", tmp_path / "mine")
    assert (code, pulled["commit"]) == (0, pushed["commit"])
    assert StylePack.load(tmp_path / "mine") == make()
    code, locked = talkstyle_json("styles", "lock", "ann/rap@v1", "./rap")
    assert [s["commit"] for s in locked["styles"]] == [pushed["commit"], None]
    assert json.loads((tmp_path / "talkstyle.lock").read_text())["format"] == "talkstyle-lock"

    code, out, _ = talkstyle("styles", "verify", "--lock", "talkstyle.lock")
    assert (code, out.count("sound; made for the installed tiny 1")) == (0, 2)
    make(seed=1).save("rap")
    code, checked = talkstyle_json("styles", "verify", "--lock", "talkstyle.lock")
    assert code == 1
    assert [s["error"] and s["error"]["code"] for s in checked["styles"]] == [None, "pack-invalid"]


def test_terms_are_demanded_before_anything_is_sent(hub, rap, talkstyle_json):
    make(license=None, consent=None).save("rap")
    code, document = talkstyle_json("styles", "push", "./rap", "ann/rap", "--license", "mit")
    assert (code, document["error"]["code"]) == (1, "config")
    assert "consent" in document["error"]["what"]
    assert hub.requests == []
    terms = ("--license", "mit", "--consent", "my own face")
    assert talkstyle_json("styles", "push", "./rap", "ann/rap", *terms)[0] == 0


def test_licence_and_consent_are_shown_on_load(rap, talkstyle, caplog):
    code, out, _ = talkstyle("styles", "show", "./rap")
    assert code == 0
    assert "CC-BY-4.0" in out
    assert "not stated" not in out
    caplog.clear()
    assert talkstyle("styles", "verify", "./rap")[0] == 0
    assert caplog.messages == ["style 'rap': licence CC-BY-4.0; consent: my own face"]


def test_show_and_the_list_of_those_that_ship(rap, talkstyle, talkstyle_json, monkeypatch):
    code, shown = talkstyle_json("styles", "show", "./rap")
    assert (code, shown["config"]["name"], shown["source"]) == (0, "rap", None)
    monkeypatch.setattr(sdk.packs, "shipped_styles", lambda: {"rap": rap})
    for words in (("styles",), ("styles", "list")):
        assert talkstyle_json(*words)[1]["styles"][0]["name"] == "rap"
        assert talkstyle(*words)[1].splitlines()[1].startswith("rap")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("show", "./none"), "style-not-found"),
        (("show", "no-such-style"), "style-not-found"),
        (("show", "a b"), "config"),
        (("pull", "./rap"), "config"),
        (("pull", "ann/none"), "style-not-found"),
        (("push", "./rap", "bob/rap"), "hub"),
        (("push", "./rap", "no-org"), "config"),
        (("verify",), "config"),
        (("verify", "--lock", "none.lock"), "style-not-found"),
        (("lock", "./rap", "./rap"), "config"),
    ],
)
def test_errors_are_typed(hub, rap, talkstyle_json, words, code):
    exit_code, document = talkstyle_json("styles", *words)
    assert (exit_code, document["error"]["code"]) == (1, code)


def test_one_bad_style_does_not_hide_the_others(rap, talkstyle):
    delta = rap / "delta.safetensors"
    make().save("calm")
    delta.write_bytes(delta.read_bytes()[:-1] + b"\x07")
    code, out, _ = talkstyle("styles", "verify", "./rap", "./calm")
    assert code == 1
    assert "./rap: delta.safetensors was changed or damaged" in out
    assert "./calm: sound" in out


def test_plugins_add_commands(site, talkstyle):
    from sdk.cli.styles import command

    info = site / "extra-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.4\nName: extra\nVersion: 1.0\n", encoding="utf-8")
    points = "[talkstyle.commands.styles]\nhello = extra_styles:hello\nshow = extra_styles:hello\n"
    (info / "entry_points.txt").write_text(points, encoding="utf-8")
    source = "import click\n@click.command()\ndef hello():\n    click.echo('hello')\n"
    (site / "extra_styles.py").write_text(source, encoding="utf-8")
    vars(command).pop("_points", None)
    try:
        assert "From extra 1.0." in talkstyle("styles", "--help")[1]
        assert talkstyle("styles", "hello") == (0, "hello\n", "")
        assert talkstyle("styles", "show", "--help")[1] != talkstyle("styles", "hello", "--help")[1]
    finally:
        vars(command).pop("_points", None)

"""What the command line asks people to send in: enough to find the fault, and nothing of theirs."""

from __future__ import annotations

import json
import platform
from importlib import metadata

import pytest

import sdk
from sdk.cli import animate, faults
from sdk.cli.faults import without_paths


@pytest.fixture
def broken(monkeypatch):
    """Let every animation fail in a way that nobody foresaw, with a path in the error's text."""

    def fails(*_, **__):
        raise KeyError("/home/ann/me.png in the secret place.wav and secret place")

    monkeypatch.setattr(animate.options, "check_output", fails)


WORDS = [
    "animate",
    "/home/ann/me.png",
    "secret place.wav",
    "-o",
    "out dir/ann.mp4",
    "--strength",
    "1.25",
    "--seed",
    "7",
]
MORE = [
    "--style",
    "./anns-own",
    "--face",
    "1",
    "--renderer",
    "warp",
    "--encoder",
    "folder/ann",
    "--sign-test",
    "--debug",
]


def test_the_report_has_versions_platform_command_and_place_and_no_paths(talkstyle, broken):
    code, out, err = talkstyle(*WORDS, *MORE)
    assert (code, out) == (1, "")
    assert "unexpected KeyError" in err
    for part in (
        f"talkstyle: {sdk.__version__}",
        f"python: {platform.python_version()}",
        f"platform: {platform.platform()}",
        f"numpy {metadata.version('numpy')}",
        "command: talkstyle animate PORTRAIT AUDIO --output ... --style ... --strength 1.25 --seed 7 --face 1 "
        "--encoder ... --renderer warp --sign-test --debug",
        "error: KeyError",
        "sdk/cli/animate.py:",
        "open an issue where you got talkstyle",
        "--debug",
    ):
        assert part in err
    for private in ("ann", "secret", "me.png", "/home", str(sdk.__file__).rpartition("/sdk/")[0]):
        assert private not in err


def test_under_json_too(talkstyle_json, broken):
    code, document = talkstyle_json(*WORDS)
    error = document["error"]
    assert (code, error["code"], error["where"]) == (1, "unexpected", None)
    report = error["report"]
    assert report["talkstyle"] == sdk.__version__
    assert report["command"].startswith("talkstyle animate PORTRAIT AUDIO")
    assert "ann" not in json.dumps(document)


def test_where_to_report_is_what_the_projects_metadata_say(monkeypatch):
    known = metadata.metadata("talkstyle")
    known["Project-URL"] = "Issues, https://example.org/issues"
    monkeypatch.setattr(metadata, "metadata", lambda _: known)
    assert "https://example.org/issues" in faults.hint()


@pytest.mark.parametrize(
    ("text", "words", "left"),
    [
        ("[Errno 13] Permission denied: '/srv/ann/x.mp4'", [], "[Errno 13] Permission denied: '<...>'"),
        (r"cannot open C:\Users\ann\x.mp4", [], "cannot open <...>"),
        ("~/x and ../y and ./z", [], "<...> and <...> and <...>"),
        ("me.png is odd", ["animate", "pictures/me.png"], "<...> is odd"),
        ("shapes (3, 4) and 25/1 at 1.5", ["--fps", "25/1"], "shapes (3, 4) and <...> at 1.5"),
        ("3/4 of a line", [], "3/4 of a line"),
    ],
)
def test_an_errors_own_text_loses_its_paths(text, words, left):
    assert without_paths(text, words) == left


def test_a_fault_before_any_command_runs_is_reported_too(talkstyle, monkeypatch):
    import sdk.cli

    def fails(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(sdk.cli.talkstyle, "main", fails)
    code, _, err = talkstyle("doctor")
    assert code == 1
    assert "command: talkstyle\n" in err

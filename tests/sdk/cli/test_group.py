"""Commands of plugins, and of the laboratory where it is not installed."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import sdk.cli.group
from sdk.cli import styles
from sdk.cli import talkstyle as root
from sdk.cli.group import LAB_COMMANDS

ROOT = Path(__file__).resolve().parents[3]
ASKED = [["bench"], ["bench", "speed"], ["evaluate-fits", "a.mp4"], ["pretrain", "--help"]]
ASKED += [["styles", "build"], ["styles", "nearest", "--seed", "1"]]


@pytest.fixture
def without_lab(monkeypatch):
    """No entry point of talkstyle-lab."""
    found = sdk.cli.group.entry_points

    def others(**given):
        return [point for point in found(**given) if not point.value.startswith("talkstyle_lab.")]

    monkeypatch.setattr(sdk.cli.group, "entry_points", others)
    for group in (root, styles.command):
        vars(group).pop("_points", None)
    yield
    for group in (root, styles.command):
        vars(group).pop("_points", None)


def listed(help_text):
    return {line.split()[0] for line in help_text.split("Commands:")[1].splitlines() if line.strip()}


def test_the_table_of_the_labs_commands_is_that_of_its_entry_points():
    points = tomllib.loads((ROOT / "lab" / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"]
    assert {group: tuple(sorted(points[group])) for group in LAB_COMMANDS} == dict(LAB_COMMANDS)


@pytest.mark.parametrize(("words", "group"), [([], "talkstyle.commands"), (["styles"], "talkstyle.commands.styles")])
def test_help_lists_the_labs_commands_only_where_it_is_installed(talkstyle, request, words, group):
    assert set(LAB_COMMANDS[group]) <= listed(talkstyle(*words, "--help")[1])
    request.getfixturevalue("without_lab")
    assert not set(LAB_COMMANDS[group]) & listed(talkstyle(*words, "--help")[1])


@pytest.mark.parametrize("words", ASKED)
def test_a_command_of_the_lab_says_what_to_install(talkstyle, talkstyle_json, without_lab, words):
    name = words[1] if words[0] == "styles" else words[0]
    code, out, err = talkstyle(*words)
    assert (code, out) == (2, "")
    assert f"the command {name!r} is part of talkstyle-lab, which is not installed" in err
    assert "pip install talkstyle-lab" in err
    assert "pip install -e ./lab" in err
    code, document = talkstyle_json(*words)
    assert (code, document["error"]["code"]) == (2, "usage")
    assert name in document["error"]["what"]
    assert "talkstyle-lab" in document["error"]["hint"]


def test_other_names_are_as_unknown_as_ever(talkstyle, without_lab):
    code, _, err = talkstyle("nonsense")
    assert code == 2
    assert "talkstyle-lab" not in err

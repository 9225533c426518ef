"""Options that several commands share: what they make of words."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from sdk.cli import options
from sdk.errors import ConfigError

BOX = (10.0, 20.0, 110.0, 140.5)


def read(decorator, *words):
    """What a command gets for its words."""
    got = {}

    @click.command()
    @decorator
    def command(**given):
        got.update(given)

    result = CliRunner().invoke(command, words)
    if result.exception is not None:
        raise result.exception
    return got


@pytest.mark.parametrize(("text", "face"), [("largest", "largest"), ("0", 0), ("1", 1), ("10,20,110,140.5", BOX)])
def test_faces(text, face):
    assert read(options.face, "--face", text) == {"face": face}


def test_no_face_is_none():
    assert read(options.face) == {"face": None}


@pytest.mark.parametrize("text", ["left", "1,2,3", "1.5", "-1", "1,2,3,4,5", ""])
def test_what_is_no_face_is_a_usage_error(text):
    with pytest.raises(SystemExit) as caught:
        read(options.face, "--face", text)
    assert caught.value.code == 2


@pytest.mark.parametrize(
    ("texts", "style"),
    [
        ((), None),
        (("rap",), "rap"),
        (("./a=b",), "./a=b"),
        (("rap=0.5",), {"rap": 0.5}),
        (("rap=0.7", "me/calm=0.3"), {"rap": 0.7, "me/calm": 0.3}),
    ],
)
def test_styles(texts, style):
    assert read(options.animating, *(word for text in texts for word in ("--style", text)))["style"] == style


def test_of_several_styles_each_needs_a_weight():
    with pytest.raises(ConfigError, match="'calm' is not a style with a weight"):
        read(options.animating, "--style", "rap=0.7", "--style", "calm")


def test_a_style_given_twice_is_refused():
    with pytest.raises(ConfigError, match="given twice"):
        read(options.animating, "--style", "rap=0.2", "--style", "rap=0.9")


def test_steps_change_a_recipes_own():
    assert options.fit_config("default", 7).steps == 7
    assert options.fit_config("default", None).steps != 7


def test_a_group_keeps_the_order_of_its_options():
    @click.command()
    @options.group(options.net, options.face, options.device(), options.json_debug)
    def command():
        pass

    assert [parameter.name for parameter in command.params] == ["net", "face", "device", "as_json", "debug"]

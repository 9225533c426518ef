from pathlib import Path

import pytest

from sdk.errors import ConfigError, StyleNotFound
from sdk.packs import StyleLocation
from sdk.packs import location as module


@pytest.mark.parametrize(
    "text", ["./rap", "../rap", "~/rap", "/rap", "rap/", "me/rap/", "a\\b", "C:rap", "C:\\rap", ".", "..", "./me/rap@1"]
)
def test_local(text):
    assert StyleLocation.parse(text) == StyleLocation("local", text)


def test_a_path_is_local():
    assert StyleLocation.parse(Path("me/rap")).kind == "local"


@pytest.mark.parametrize(
    ("text", "name", "revision"),
    [
        ("me/rap", "me/rap", None),
        ("me/rap@v1.0", "me/rap", "v1.0"),
        ("me/rap@refs/pr/3", "me/rap", "refs/pr/3"),
        ("hf://me/rap", "me/rap", None),
        ("hf://me/rap@main", "me/rap", "main"),
    ],
)
def test_hub(text, name, revision):
    ref = StyleLocation.parse(text)
    assert (ref.kind, ref.name, ref.revision) == ("hub", name, revision)
    assert str(ref) == text.removeprefix("hf://")
    assert StyleLocation.parse(ref) is ref


def test_shipped():
    assert StyleLocation.parse("rap") == StyleLocation("shipped", "rap")


@pytest.mark.parametrize(
    "text",
    ["", " ", "a b", "me/rap/more", "hf://rap", "me/rap@", "me/.rap", "https://x/y", "me@1", "rap\n", "é/ü", "\0"],
)
def test_neither(text):
    with pytest.raises(ConfigError, match=r"Write \./"):
        StyleLocation.parse(text)


def test_a_folder_is_never_guessed(tmp_path, monkeypatch):
    (tmp_path / "me" / "rap").mkdir(parents=True)
    (tmp_path / "solo").mkdir()
    monkeypatch.chdir(tmp_path)
    assert StyleLocation.parse("me/rap").kind == "hub"
    with pytest.raises(StyleNotFound, match=r"write \./solo"):
        StyleLocation.parse("solo").folder()
    assert "./me/rap" in str(StyleLocation.parse("me/rap").not_found("gone", "hint"))


def test_shipped_styles_are_found_in_a_wheel_and_in_a_checkout(tmp_path, monkeypatch):
    package = tmp_path / "site" / "sdk"
    (package / "packs").mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(package / "packs" / "reference.py"))
    beside = tmp_path / "site" / "styles" / "other"
    beside.mkdir(parents=True)
    (beside / "config.json").touch()
    assert module.shipped_styles() == {}
    (tmp_path / "site" / "pyproject.toml").touch()
    assert list(module.shipped_styles()) == ["other"]
    inside = package / "_styles" / "calm"
    inside.mkdir(parents=True)
    (inside / "config.json").touch()
    assert module.shipped_styles() == {"calm": inside.resolve()}
    assert StyleLocation.parse("calm").folder() == inside.resolve()
    with pytest.raises(StyleNotFound, match="calm"):
        StyleLocation.parse("other").folder()


@pytest.mark.parametrize("text", ["./gone", "~nobody-here/x", "/gone\0"])
def test_a_folder_that_is_not_there(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StyleNotFound):
        StyleLocation.parse(text).folder()


def test_a_file_is_no_pack(tmp_path):
    (tmp_path / "x").touch()
    with pytest.raises(StyleNotFound, match="is a folder"):
        StyleLocation.parse(tmp_path / "x").folder()

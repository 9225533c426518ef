import re
import shutil
from pathlib import Path

import pytest

from sdk.animation import load_style
from sdk.errors import ConfigError, StyleError, StyleNotFound
from sdk.packs import Lock, StyleLocation, StylePack, mix
from sdk.packs import location as module
from sdk.warnings import TalkstyleWarning


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


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A working folder with packs that are called like one that ships and like repositories."""
    for name in ("rap", "me/rap", "packs/me/v2", "my rap"):
        shutil.copytree(module.shipped_styles()["calm"], tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    "use",
    [
        lambda: StylePack.load("rap"),
        lambda: mix({"rap": 0.7, "calm": 0.3}),
        lambda: Lock.make(["rap"]),
        lambda: load_style("rap"),
        lambda: load_style({"rap": 1.0}),
    ],
)
def test_a_folder_called_like_a_style_that_ships_is_warned_of_and_how_to_write_it(here, use):
    with pytest.warns(TalkstyleWarning, match=r"'rap' .* that ships .* write \./rap\."):
        use()


@pytest.mark.parametrize("text", ["./rap", "rap/", "calm", Path("rap"), StyleLocation("shipped", "rap")])
def test_what_says_what_it_means_is_not_warned_of(here, text):
    StylePack.load(text)  # a warning is an error in these tests


def test_a_folder_that_is_no_pack_is_not_warned_of(here):
    (here / "calm").mkdir()
    StylePack.load("calm")


@pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")
def test_a_folder_called_like_a_repository_is_warned_of(here, hub):
    pack = StylePack.load("./rap")
    hub.tokens["hf_ann"] = "me"
    pack.push("me/rap")
    with pytest.warns(TalkstyleWarning, match=r"'me/rap' .* on the Hub.* write \./me/rap\."):
        StylePack.load("me/rap")
    assert StylePack.load("hf://me/rap") == pack


@pytest.mark.parametrize("text", ["me/rap", "me/rap@v1", "hf://me/rap"])
@pytest.mark.parametrize("state", ["online", "offline", "unreachable", "refused"])
def test_a_folder_called_like_a_repository_that_cannot_be_had_is_named(here, hub, monkeypatch, text, state):
    from huggingface_hub import constants

    if state == "offline":
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    if state == "unreachable":
        hub.__exit__(None, None, None)
    if state == "refused":
        monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(StyleError) as caught:
        StylePack.load(text)
    assert "write ./me/rap." in caught.value.hint


@pytest.mark.parametrize("text", ["packs/me/v2", "my rap"])
def test_a_folder_that_can_be_no_name_is_named(here, text):
    with pytest.raises(ConfigError) as caught:
        StyleLocation.parse(text)
    assert f"write ./{text}." in caught.value.hint


@pytest.mark.parametrize(
    ("name", "said"), [("mine.zip", "unpack"), ("rap/config.json", "the folder that it is in"), ("none", "Check")]
)
def test_what_is_no_folder_says_what_to_do(here, name, said):
    (here / "mine.zip").touch()
    with pytest.raises(StyleNotFound, match=said):
        StyleLocation.parse(f"./{name}").folder()


def test_no_example_is_called_like_a_style_that_ships():
    root = Path(module.__file__).parents[2]
    texts = [root / "README.md", *(root / "docs").glob("*.md"), *(root / "sdk").rglob("*.py")]
    names = "|".join(module.shipped_styles())
    found = [
        f"{path.name}: {match[0]}"
        for path in texts
        for match in re.finditer(rf"""(?<![\w.])\./({names})\b(?!/)|\bname="({names})\"""", path.read_text("utf-8"))
    ]
    assert not found

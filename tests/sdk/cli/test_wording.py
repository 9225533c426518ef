"""Messages of the library in the words of the command line, and mistakes told before the work."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import click
import pytest

import sdk
from sdk.cli import COMMANDS, options
from sdk.cli import talkstyle as whole
from sdk.cli.wording import _PARAMETER, ELSEWHERE, running, said, said_place
from sdk.errors import SdkError


@click.command()
@click.argument("audio", metavar="SOUND...", nargs=-1)
@click.option("-s", "--strength", type=float)
@options.face
@click.option("--license")
@options.allow_other_base
@options.json_debug
def command(**_):
    """Nothing."""


@pytest.fixture
def inside():
    running.set(click.Context(command))
    yield
    running.set(None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("strength=2.5 is much", "--strength 2.5 is much"),
        ("strength=-1 is little", "--strength -1 is little"),
        ("Give it with audio=.", "Give it with SOUND."),
        ("audio=, or images= together", "SOUND, or --unpaired together"),
        ('Choose face="largest", face=<its index>', "Choose --face largest, --face <its index>"),
        ("or face=(left, top, right, bottom).", "or --face left,top,right,bottom."),
        ("license=\"cc by\" or license='mit'", '--license "cc by" or --license mit'),
        ("with allow_other_base=True, and", "with --allow-other-base, and"),
        ("chunk=0 is not a number", "chunk=0 is not a number"),
        ("'warp,strength=1' and /a/strength=1 and x.strength=1", None),
        ("a==b, strength==1", None),
    ],
)
def test_parameters_become_the_commands_own(inside, text, words):
    assert said(text) == (text if words is None else words)


def test_where_names_a_parameter_or_a_file(inside, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert said_place("strength") == "--strength"
    assert said_place("audio=, images=") == "SOUND, --unpaired"
    assert said_place("frame 3") == "frame 3"
    assert said_place("Motion") == "Motion"
    (tmp_path / "strength").touch()
    assert said_place("strength") == "strength"


def test_outside_of_a_command_nothing_changes():
    running.set(None)
    assert said("audio=") == "audio="


def _messages():
    """Every text of an error, a hint or a warning in the library, as (place, text)."""
    root = Path(sdk.__file__).parent
    for path in sorted(root.rglob("*.py")):
        if path.relative_to(root).parts[0] in ("testing", "cli"):  # for plugins' authors; in the right words already
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            texts = []
            if isinstance(node, ast.Call):
                name = ast.unparse(node.func).rpartition(".")[2]
                if name == "warn" or (
                    isinstance(getattr(sdk, name, None), type) and issubclass(getattr(sdk, name), SdkError)
                ):
                    texts = [*node.args, *(word.value for word in node.keywords)]
            elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("what", "hint", "doubt", "found"):
                texts = [node.value]
            for each in texts:
                for part in ast.walk(each):
                    if isinstance(part, ast.JoinedStr):
                        yield (
                            f"{path.name}:{part.lineno}",
                            "".join(
                                str(value.value) if isinstance(value, ast.Constant) else "1" for value in part.values
                            ),
                        )
                    elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                        yield f"{path.name}:{part.lineno}", part.value


LIBRARY = {
    *(
        "crf",
        "preset",
        "reference",
        "resume",
        "size",
        "shape",
        "depth",
        "smoothing",
        "target",
        "score",
        "dtype",
        "on_progress",
        "region",
        "paced",
    ),
}
"""Parameters that no command has, nor anything that a command does."""


def test_every_parameter_that_a_message_names_is_one_that_commands_can_say():
    known = set(ELSEWHERE) | LIBRARY
    for name in COMMANDS:
        command = whole.get_command(click.Context(whole), name)
        every = [command, *getattr(command, "commands", {}).values()]
        known |= {param.name for each in every for param in each.params}
    messages = list(_messages())
    assert len(messages) > 300
    named = [(place, found["name"]) for place, text in messages for found in _PARAMETER.finditer(text)]
    assert len(named) > 10
    assert not [each for each in named if each[1] not in known]


def test_no_message_that_a_command_can_show_asks_for_python():
    calls = re.compile(r"\b[a-z_]+\((?!s\))[^)]*\)|\bsdk\.")
    allowed = ("get_context(", "sdk.Signer(", "talkstyle_components()", "sdk.registry", "sdk.interfaces", "ceil(")
    texts = [each for each in _messages() if not any(part in each[1] for part in allowed)]
    assert not [each for each in texts if calls.search(each[1])]


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with a portrait, a sound, a file, a folder and a list."""
    from sdk.demo.assets import FOLDER
    from sdk.drawing import drawn_face
    from sdk.media import write_image

    monkeypatch.chdir(tmp_path)
    write_image("me.png", drawn_face(96).pixels)
    (tmp_path / "s.flac").symlink_to(FOLDER / "sentence.flac")
    (tmp_path / "file").write_text("x")
    (tmp_path / "dir.mp4").mkdir()
    (tmp_path / "full").mkdir()
    (tmp_path / "shown" / "styled.mp4").mkdir(parents=True)
    (tmp_path / "full" / "kept").touch()
    (tmp_path / "jobs.csv").write_text("portrait,audio\nme.png,s.flac\n")
    (tmp_path / "avi.csv").write_text("portrait,audio,output\nme.png,s.flac,x.avi\n")
    (tmp_path / "over.csv").write_text("portrait,audio,output\nme.png,s.flac,s.flac\n")
    return tmp_path


ANIMATE = ("animate", "me.png", "s.flac")
ADAPT = ("adapt", "me.png", "--audio", "s.flac")
MISTAKES = [
    ((*ANIMATE, "-o", "none/out.mp4"), "cannot write into"),
    ((*ANIMATE, "-o", "dir.mp4"), "a folder where the file"),
    ((*ANIMATE, "-o", "full"), "holds other files"),
    ((*ANIMATE, "-o", "file"), "a file where the folder"),
    ((*ANIMATE, "-o", "out.avi"), "nothing is written as"),
    ((*ANIMATE, "-o", "x%s.png"), "no place for one number"),
    ((*ANIMATE, "-o", "x" * 300 + ".mp4"), "too long"),
    ((*ANIMATE, "-o", "s.flac"), "also an input"),
    ((*ANIMATE, "-o", "me.png"), "also an input"),
    ((*ANIMATE, "-o", "out.mp4", "--teeth", "t.png", "--sign", "file", "file"), "no PEM"),
    ((*ANIMATE, "-o", "out.webm", "--sign-test"), "no place for a signature"),
    ((*ANIMATE, "-o", "out.mp4", "--seed", "-1"), "--seed -1"),
    ((*ANIMATE, "-o", "out.mp4", "--fps", "0"), "--fps 0"),
    ((*ANIMATE, "-o", "out.mp4", "--strength", "nan"), "--strength nan"),
    ((*ANIMATE, "-o", "out.mp4", "--style", "none"), "no style called"),
    ((*ANIMATE, "-o", "out.mp4", "--encoder", "apc"), "--encoder mel"),
    ((*ANIMATE, "-o", "out.mp4", "--renderer", "none"), "none"),
    ((*ANIMATE, "-o", "out.mp4", "--device", "none"), "cannot be used"),
    (("animate-many", "jobs.csv", "-o", "file"), "cannot be made"),
    (("animate-many", "avi.csv", "-o", "out"), "nothing is written as"),
    (("animate-many", "over.csv", "-o", "."), "also an input"),
    (("animate-many", "jobs.csv", "-o", "out", "--seed", "-1"), "--seed -1"),
    ((*ADAPT, "-o", "full"), "not a style pack"),
    ((*ADAPT, "-o", "file/pack"), "cannot write into"),
    ((*ADAPT, "-o", "pack", "--name", "a/b"), "--name"),
    ((*ADAPT, "-o", "a:b"), "--name"),
    ((*ADAPT, "-o", "pack", "--license", "a/b"), "--license"),
    ((*ADAPT, "-o", "pack", "--consent", "\u202e"), "--consent"),
    ((*ADAPT, "-o", "pack", "--summary", "x" * 2000), "--summary"),
    ((*ADAPT, "-o", "pack", "--seed", "-1"), "--seed"),
    ((*ADAPT, "-o", "pack", "--recipe", "none"), "no recipe"),
    ((*ADAPT, "-o", "pack", "--push-to", "me/x"), "--license cc-by-4.0"),
    ((*ADAPT, "-o", "pack", "--checkpoint", "file"), "checkpoint"),
    ((*ADAPT, "-o", "pack", "--checkpoint", "none/c"), "cannot write into"),
    ((*ADAPT, "-o", "pack", "--checkpoint", "me.png"), "also an input"),
    (("evaluate", "rap", "me.png", "--plot", "none/x.png"), "cannot write into"),
    (("evaluate", "rap", "me.png", "--plot", "me.png"), "also an input"),
    (("inspect", "me.png", "--picture", "none/x.png"), "cannot write into"),
    (("inspect", "me.png", "--picture", "me.png"), "also an input"),
    (("styles", "lock", "rap", "-o", "none/x"), "cannot write into"),
    (("styles", "pull", "me/x", "-o", "file"), "a file where the folder"),
    (("styles", "push", "rap", "me/x@v1"), "without a revision"),
    (("demo", "--out", "file", "--quick"), "cannot be made"),
    (("demo", "--out", "shown", "--quick"), "a folder where the file"),
]


@pytest.mark.parametrize(("words", "part"), MISTAKES, ids=lambda value: " ".join(value)[:60])
def test_a_mistake_is_told_before_the_work_in_the_commands_own_words(place, talkstyle, monkeypatch, words, part):
    import sdk.adapter.fit_data
    import sdk.animation.animator

    def late(*_, **__):
        pytest.fail("told after the work had begun")

    for module in (sdk.media.audio.AudioReader, sdk.media.frame_writer.FrameWriter):
        monkeypatch.setattr(module, "read" if module.__name__ == "AudioReader" else "write", late)
    before = sorted(path.name for path in place.rglob("*"))
    code, _, err = talkstyle(*words)
    assert code in (1, 2)
    assert part in err
    assert "unexpected" not in err
    assert not _PARAMETER.search(err), "a parameter as Python writes it"
    assert not re.search(r"\bsdk\.|\b[a-z_]+\(\.\.\.", err)
    assert sorted(path.name for path in place.rglob("*") if path.name != "out") == before

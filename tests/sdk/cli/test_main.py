"""The frame around every command: help, errors, exit codes, plugins' commands."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings

import click
import pytest

import sdk.cli
from sdk.cli import COMMANDS, emit, options, progress_bar
from sdk.errors import Cancelled, FaceNotFound
from sdk.progress import Progress


@pytest.fixture
def command(monkeypatch):
    """Replace ``talkstyle doctor`` by a function of the test's own."""

    def use(function):
        import sdk.cli.doctor

        monkeypatch.setattr(sdk.cli.doctor, "command", click.command()(options.json_debug(function)))

    return use


def test_help_lists_every_command_and_imports_none():
    code = (
        "import sys\nfrom sdk.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as e:\n    assert not e.code\n"
        "assert not {'sdk.cli.plugins', 'sdk.cli.doctor', 'rich', 'numpy', 'torch'} & set(sys.modules)\n"
    )
    out = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert all(f"  {name} " in out for name in COMMANDS)


def test_every_command_is_there_has_help_and_takes_json(talkstyle):
    for name in COMMANDS:
        code, out, _ = talkstyle(name, "--help")
        assert code == 0
        assert "--json" in out, name


def test_the_version(talkstyle):
    assert talkstyle("--version") == (0, f"talkstyle, version {sdk.__version__}\n", "")


def test_without_a_command_the_help_and_exit_2(talkstyle):
    code, out, err = talkstyle()
    assert (code, out) == (2, "")
    assert "Commands:" in err


def test_a_misspelt_command_is_put_right(talkstyle):
    code, _, err = talkstyle("plugin")
    assert code == 2
    assert "Did you mean 'plugins'" in err


def test_an_error_says_what_where_and_what_next(talkstyle, command):
    def fails(as_json):
        raise FaceNotFound("no face was found", where="me.png", hint="Give a picture of a face.")

    command(fails)
    code, out, err = talkstyle("doctor")
    assert (code, out) == (1, "")
    assert err == "error: no face was found\n  where: me.png\n  next: Give a picture of a face.\n"
    code, out, err = talkstyle("doctor", "--json")
    assert code == 1
    wanted = {"code": "face-not-found", "what": "no face was found", "where": "me.png"}
    assert json.loads(out) == {"error": {**wanted, "hint": "Give a picture of a face."}}
    assert not err


def test_a_traceback_only_with_debug(talkstyle, command, caplog):
    def fails(as_json):
        raise FaceNotFound("no face was found")

    command(fails)
    assert "Traceback" not in talkstyle("doctor")[2] + caplog.text
    talkstyle("doctor", "--debug")
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("error", [ZeroDivisionError("oops"), MemoryError("oops")])
def test_a_fault_of_ours_is_no_bare_traceback(talkstyle, talkstyle_json, command, error):
    def fails(as_json):
        raise error

    command(fails)
    code, _, err = talkstyle("doctor")
    assert code == 1
    assert f"unexpected {type(error).__name__}: oops" in err
    assert "--debug" in err
    assert talkstyle_json("doctor")[1]["error"]["code"] == "unexpected"


def test_cancelled_work_is_an_error_with_its_code(talkstyle, talkstyle_json, command):
    def cancelled(as_json):
        raise Cancelled("the work was cancelled", where="fit", hint="Resume it.")

    command(cancelled)
    code, _, err = talkstyle("doctor")
    assert (code, err) == (1, "error: the work was cancelled\n  where: fit\n  next: Resume it.\n")
    assert talkstyle_json("doctor")[1]["error"]["code"] == "cancelled"


def test_an_interrupt_is_130(talkstyle, talkstyle_json, command):
    def interrupted(as_json):
        raise KeyboardInterrupt

    command(interrupted)
    assert talkstyle("doctor")[0] == 130
    code, document = talkstyle_json("doctor")
    assert (code, document["error"]["code"]) == (130, "interrupted")


def test_a_command_line_that_cannot_be_read_is_2_and_json_too(talkstyle, talkstyle_json):
    code, _, err = talkstyle("plugins", "--nonsense")
    assert code == 2
    assert "--nonsense" in err
    code, document = talkstyle_json("plugins", "check")
    assert (code, document["error"]["code"]) == (2, "usage")


def test_warnings_are_one_line_on_stderr_and_the_filters_are_left_alone(talkstyle, command):
    from sdk.warnings import TalkstyleWarning

    def warns(as_json):
        warnings.warn("the reference is short", TalkstyleWarning, stacklevel=1)
        emit({"done": True})

    command(warns)
    before = list(warnings.filters)
    code, out, err = talkstyle("doctor", "--json")
    assert (code, json.loads(out), err) == (0, {"done": True}, "warning: the reference is short\n")
    assert warnings.filters == before


@pytest.mark.skipif(sys.platform == "win32", reason="a closed pipe is another error there")
def test_a_reader_that_has_seen_enough_gets_no_complaint():
    words = [sys.executable, "-m", "sdk.cli", "plugins", "--json"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        process.stdout.close()
        said = process.stderr.read()
    assert (process.returncode, said) == (1, "")


def test_nan_is_refused_rather_than_printed_as_what_is_no_json():
    with pytest.raises(ValueError, match="not JSON compliant"):
        emit({"loss": float("nan")})


def test_nobody_watches_the_progress_of_a_pipe():
    with progress_bar() as on_progress:
        assert on_progress is None


def test_progress_bars_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress_bar() as on_progress:
        on_progress(Progress(stage="decode", fraction=None))
        on_progress(Progress(stage="fit", fraction=0.5, message="loss 1.2"))
        on_progress(Progress(stage="fit", fraction=1.0, message="loss 0.3"))
    out, err = capsys.readouterr()
    assert not out
    assert "decode" in err
    assert "loss 0.3" in err
    with progress_bar(as_json=True) as on_progress:
        assert on_progress is None


class TestCommandsOfPlugins:
    @pytest.fixture(autouse=True)
    def _installed(self, site):
        info = site / "extra-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.4\nName: extra\nVersion: 1.0\n", encoding="utf-8")
        points = "hello = extra_commands:hello\nbroken = no_such_module:command\nnone = extra_commands:nothing\n"
        points = f"[talkstyle.commands]\n{points}doctor = extra_commands:hello\n"
        (info / "entry_points.txt").write_text(points, encoding="utf-8")
        source = "import click\nnothing = 3\n@click.command()\ndef hello():\n    click.echo('hello')\n"
        (site / "extra_commands.py").write_text(source, encoding="utf-8")
        vars(sdk.cli.talkstyle).pop("_points", None)
        yield
        vars(sdk.cli.talkstyle).pop("_points", None)

    def test_they_are_listed_and_run(self, talkstyle):
        assert "From extra 1.0." in talkstyle("--help")[1]
        assert talkstyle("hello") == (0, "hello\n", "")

    @pytest.mark.parametrize(("name", "said"), [("broken", "no_such_module"), ("none", "not a click command")])
    def test_a_broken_one_is_reported_and_harms_no_other(self, talkstyle, name, said):
        code, _, err = talkstyle(name)
        assert code == 1
        assert said in err
        assert "extra 1.0" in err
        assert talkstyle("hello")[0] == 0

    def test_ours_are_not_taken_over(self, talkstyle, caplog):
        assert "environment" not in talkstyle("--help")[1]
        assert "the name is taken" in caplog.text
        assert talkstyle("doctor", "--help")[1] != talkstyle("hello", "--help")[1]

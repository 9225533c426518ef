"""``talkstyle doctor``: it finds what is missing, and says what to do."""

from __future__ import annotations

import av
import pytest

from sdk.cli import doctor
from sdk.cli.trials import Finding, failed
from sdk.errors import ComponentBroken, OutputError
from sdk.kinds import KINDS
from sdk.registry import Failure


@pytest.fixture(autouse=True)
def trials(monkeypatch):
    """What the trials find, given here because they take seconds."""
    found = {"detection": [Finding("detection", "ok", "found")]}
    monkeypatch.setattr(doctor, "TRIALS", found)
    monkeypatch.setattr(doctor, "run_trial", found.__getitem__)
    return found


def test_a_sound_machine(talkstyle, talkstyle_json):
    code, document = talkstyle_json("doctor")
    assert code == 0
    assert document["ok"]
    areas = {finding["area"] for finding in document["findings"]}
    assert areas >= {"python", "package", "codec", "component", "model", "folder", "detection"}
    assert talkstyle("doctor")[1].rstrip().endswith("Everything that is needed is here and works.")


def test_a_trial_that_fails(talkstyle, talkstyle_json, trials):
    trials["motion"] = [failed("motion", ComponentBroken("no motion", where="here", hint="Do this."))]
    code, out, _ = talkstyle("doctor")
    assert code == 1
    assert "motion    no motion (here) [component-broken]\n" in out
    assert "next: Do this." in out
    code, document = talkstyle_json("doctor")
    assert (code, document["ok"]) == (1, False)
    assert document["findings"][-1] == {
        "area": "motion",
        "state": "problem",
        "detail": "no motion (here)",
        "hint": "Do this.",
        "code": "component-broken",
    }


def test_what_is_found_twice_is_said_once(trials):
    trials["motion"] = trials["detection"]
    assert [f.area for f in doctor.examine()].count("detection") == 1


def states(area):
    return [(f.state, f.detail, f.hint) for f in doctor.examine() if f.area == area]


def test_a_codec_that_is_missing(monkeypatch, talkstyle):
    real = av.Codec

    def codec(name, mode="r"):
        if (name, mode) == ("h264", "w"):
            raise av.codec.codec.UnknownCodecError(name)
        return real(name, mode)

    monkeypatch.setattr(av, "Codec", codec)
    assert [s[1:] for s in states("codec") if s[0] == "problem"] == [
        ("PyAV cannot write h264", states("codec")[0][2]),
    ]
    assert "pip install" in states("codec")[0][2]
    code, out, _ = talkstyle("doctor")
    assert code == 1
    assert "Something that is needed is missing" in out


def test_a_kind_without_any_component(monkeypatch):
    monkeypatch.setattr(doctor, "components", lambda kind=None: ())
    problems = [detail for state, detail, _ in states("component") if state == "problem"]
    assert problems == [f"no {kind} can be used" for kind in KINDS]


def test_a_broken_plugin_is_noted_and_no_problem_while_others_work(monkeypatch, talkstyle):
    failure = Failure("odd-dist", "1.0", "odd", "import", RuntimeError("boom"))
    monkeypatch.setattr(doctor, "failures", lambda: (failure,))
    ((state, detail, hint),) = states("plugin")
    assert (state, hint) == ("note", "Upgrade or remove odd-dist.")
    assert "RuntimeError: boom" in detail
    assert talkstyle("doctor")[0] == 0


def test_a_package_that_is_missing(monkeypatch):
    monkeypatch.setattr(doctor, "unmet", lambda requires: tuple(r for r in requires if r.startswith("numba")))
    (problem,) = [s for s in states("package") if s[0] == "problem"]
    assert problem[2] == 'python -m pip install "numba>=0.60"'


def test_the_lab_is_no_problem_where_it_is_missing(monkeypatch):
    assert [s[0] for s in states("package") if s[1].startswith("talkstyle-lab ")] == ["ok"]
    real = doctor.metadata.version

    def version(name):
        if name == "talkstyle-lab":
            raise doctor.metadata.PackageNotFoundError(name)
        return real(name)

    monkeypatch.setattr(doctor.metadata, "version", version)
    ((state, _, hint),) = [s for s in states("package") if s[1].startswith("talkstyle-lab ")]
    assert state == "note"
    assert "pip install talkstyle-lab" in hint


def test_models_that_are_looked_for_and_found(monkeypatch, tmp_path):
    monkeypatch.setenv("TALKSTYLE_MODELS", str(tmp_path / "gone"))
    assert states("model")[0][0] == "problem"
    (tmp_path / "face.task").write_bytes(bytes(1_500_000))
    monkeypatch.setenv("TALKSTYLE_MODELS", str(tmp_path))
    assert ("ok", "face.task, 1.5 MB", "") in states("model")


@pytest.mark.parametrize("chosen", [True, False])
def test_caches_that_cannot_be_written_to(chosen, monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(blocked / "hub"))
    monkeypatch.delenv("TALKSTYLE_CACHE", raising=False)
    monkeypatch.setenv("TALKSTYLE_CACHE" if chosen else "XDG_CACHE_HOME", str(blocked / "cache"))
    found = [(s, d.split(":")[0]) for s, d, _ in states("folder")]
    assert found == [
        ("note", "TALKSTYLE_CACHE" if chosen else "model files"),
        ("note", "the Hub's cache"),
        ("ok", "temporary files"),
    ]
    assert states("model")[0][0] == "ok"


def test_no_folder_for_temporary_files(monkeypatch):
    def none():
        raise OutputError("no folder for temporary files", hint="Set TMPDIR.")

    monkeypatch.setattr(doctor, "temporary_folder", none)
    assert ("problem", "no folder for temporary files", "Set TMPDIR.") in states("folder")


def test_a_check_that_raises_stops_no_other(monkeypatch):
    def broken():
        raise RuntimeError("no driver")

    monkeypatch.setattr(doctor, "_codecs", broken)
    ((state, detail, hint),) = states("codec")
    assert (state, detail) == ("problem", "RuntimeError: no driver")
    assert "report it" in hint
    assert states("package")

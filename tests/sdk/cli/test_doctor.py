"""``talkstyle doctor``: it finds what is missing, and says what to do."""

from __future__ import annotations

import sys

import av
import pytest

from sdk.cli import doctor
from sdk.kinds import KINDS
from sdk.registry import Failure


def test_a_sound_machine(talkstyle, talkstyle_json):
    code, document = talkstyle_json("doctor")
    assert code == 0
    assert document["ok"]
    areas = {finding["area"] for finding in document["findings"]}
    assert areas >= {"python", "package", "device", "codec", "component", "model", "folder"}
    assert talkstyle("doctor")[1].rstrip().endswith("Everything that is needed is here.")


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
    monkeypatch.setattr(doctor, "unmet", lambda requires: tuple(r for r in requires if r.startswith("librosa")))
    (problem,) = [s for s in states("package") if s[0] == "problem"]
    assert problem[2] == 'python -m pip install "librosa>=0.11"'


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


@pytest.mark.skipif(sys.platform == "win32", reason="a file where the cache should be is another error there")
def test_a_cache_that_cannot_be_written_to(monkeypatch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(blocked))
    assert ("note", "the Hub's cache") in [(s, d.split(":")[0]) for s, d, _ in states("folder")]


def test_a_check_that_raises_stops_no_other(monkeypatch):
    def broken():
        raise RuntimeError("no driver")

    monkeypatch.setattr(doctor, "_devices", broken)
    assert states("device") == [("problem", "could not be looked at: RuntimeError: no driver", "")]
    assert states("codec")

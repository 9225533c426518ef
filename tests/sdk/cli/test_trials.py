"""What ``talkstyle doctor`` tries, in processes of their own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from sdk.cli import trials
from sdk.cli.trials import Finding, failed, run_trial
from sdk.errors import Cancelled, ModelFileMissing


@pytest.mark.parametrize(
    ("name", "areas"), [("detection", ["detection"]), ("motion", ["device", "motion"]), ("video", ["frame", "video"])]
)
def test_they_succeed(name, areas):
    found = run_trial(name)
    assert {finding.state for finding in found} == {"ok"}
    assert [finding.area for finding in found if finding.area != "signing" and finding.detail != "mps"][:2] == areas


def test_errors_carry_their_code_and_the_next_step():
    error = ModelFileMissing("it is nowhere", where="there", hint="Get it.")
    assert failed("x", error) == Finding("x", "problem", "it is nowhere (there)", "Get it.", "model-file-missing")
    assert failed("x", Cancelled("enough"), state="note") == Finding("x", "note", "enough", "", "cancelled")
    assert failed("x", KeyError("k")).code == "unexpected"


def test_a_library_that_is_broken_is_a_problem(tmp_path, monkeypatch):
    (tmp_path / "mediapipe.py").write_text("raise ImportError('built for another machine')")
    monkeypatch.syspath_prepend(tmp_path)
    (found,) = run_trial("detection")
    assert (found.area, found.state) == ("detection", "problem")
    assert found.code
    assert "built for another machine" in found.detail


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_a_library_that_kills_its_process_is_a_problem(tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text("import os, sys\nsys.stderr.write('illegal')\nsys.stderr.flush()\nos.abort()")
    monkeypatch.syspath_prepend(tmp_path)
    found = run_trial("detection")[-1]
    assert (found.state, found.detail) == ("problem", "the process that tried it ended with SIGABRT: illegal")
    assert found.hint.endswith("detection")


def test_a_trial_that_hangs_is_a_problem(monkeypatch):
    monkeypatch.setattr(trials, "SECONDS", 0.01)
    (found,) = run_trial("detection")
    assert (found.state, "did not end" in found.detail) == ("problem", True)


@pytest.mark.parametrize("executable", ["/nowhere/python", ""])
def test_where_the_interpreter_cannot_be_started_it_runs_here(executable, monkeypatch):
    def fails():
        yield Finding("frame", "ok", "rendered")
        raise ModelFileMissing("it is nowhere", hint="Get it.")

    monkeypatch.setattr(sys, "executable", executable)
    monkeypatch.setattr(trials, "TRIALS", {"video": fails})
    monkeypatch.setattr(trials.places, "passing_caches", tuple)  # other tests of this process may have left some
    assert [(f.area, f.state, f.code) for f in run_trial("video")] == [
        ("frame", "ok", ""),
        ("video", "problem", "model-file-missing"),
    ]


@pytest.fixture
def outside():
    """A folder that other users can look into, unlike pytest's."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


SETPRIV = ["setpriv", "--reuid=54321", "--regid=54321", "--clear-groups", sys.executable]


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("setpriv") is None,
    reason="only root can be another user",
)
def test_as_a_user_without_home_name_or_rights(outside):
    """As in a container: nothing can be written to but the folder for temporary files."""
    place, stands = outside / "place", outside / "stands"
    place.mkdir()
    place.chmod(0o777)
    stands.mkdir()
    environment = {"PATH": os.environ["PATH"], "TMPDIR": str(place)}
    if subprocess.run([*SETPRIV, "-c", "import sdk.cli.doctor"], env=environment, check=False).returncode:
        pytest.skip("another user cannot run this interpreter")
    command = [*SETPRIV, "-m", "sdk.cli", "doctor", "--json"]
    run = subprocess.run(command, env=environment, cwd=stands, capture_output=True, text=True, check=False)
    assert [line for line in run.stderr.splitlines() if not line.startswith("INFO: style")] == []
    findings = json.loads(run.stdout)["findings"]
    assert [finding for finding in findings if finding["state"] == "problem"] == []
    assert run.returncode == 0
    assert {finding["area"] for finding in findings} >= {"detection", "motion", "frame", "video"}
    assert list(stands.iterdir()) == []
    lacking = [finding["detail"] for finding in findings if finding["area"] == "cache"]
    assert any("numba" in detail for detail in lacking)
    assert list(place.iterdir()) == []

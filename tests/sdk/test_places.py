"""Caches and temporary files where their usual places cannot be written to."""

from __future__ import annotations

import importlib
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import numba
import pytest

from sdk import places
from sdk.arguments import read_path
from sdk.errors import OutputError
from sdk.places import cache_place, hub_cache, is_there, lent_home, obstacle, temporary_folder, user_folder


@pytest.fixture
def blocked(tmp_path):
    """A folder that nobody can make, not even root: a file stands in its way."""
    (tmp_path / "file").write_bytes(b"")
    return tmp_path / "file" / "cache"


@pytest.fixture(autouse=True)
def nothing_chosen(monkeypatch):
    monkeypatch.delenv("TALKSTYLE_CACHE", raising=False)
    monkeypatch.setattr(places, "_private", {})


@pytest.fixture
def homeless(monkeypatch):
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "MPLCONFIGDIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "")
    monkeypatch.setenv("USERPROFILE", "")


def test_the_first_place_that_can_be_written_to(tmp_path, blocked, monkeypatch):
    assert cache_place("x", tmp_path / "own") == tmp_path / "own"
    assert not (tmp_path / "own").exists()  # looking leaves nothing
    monkeypatch.setenv("TALKSTYLE_CACHE", str(tmp_path / "chosen"))
    assert cache_place("x", tmp_path / "own") == tmp_path / "own"
    assert cache_place("x", blocked) == cache_place("x", None) == cache_place("x") == tmp_path / "chosen" / "x"
    assert cache_place("x", tmp_path / "own", blocked) == tmp_path / "chosen" / "x"


def test_a_chosen_cache_that_cannot_be_written_to(blocked, monkeypatch, caplog):
    monkeypatch.setenv("TALKSTYLE_CACHE", str(blocked))
    place = cache_place("x", blocked)
    assert tempfile.gettempdir() == str(place.parent.parent)
    assert "TALKSTYLE_CACHE" in caplog.text


@pytest.mark.skipif(sys.platform == "win32", reason="modes")
def test_the_private_folder_is_nobody_elses_and_does_not_outlive_the_process(tmp_path):
    code = (
        "import os, sys; from sdk.places import cache_place; place = cache_place('x').parent\n"
        "print(place, oct(place.stat().st_mode & 0o777), flush=True)\n"
        "pid = os.fork()\n"
        "if not pid: print(cache_place('x').parent != place, flush=True); sys.exit()\n"  # ends as a process of its own
        "os.waitpid(pid, 0); print(place.is_dir())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    place, mode, *rest = run.stdout.split()
    assert Path(place).parent == tmp_path
    assert (mode, rest) == ("0o700", ["True", "True"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_a_worker_of_multiprocessing_leaves_nothing_either(tmp_path):
    code = (
        "import multiprocessing; from sdk.places import cache_place\n"
        "worker = multiprocessing.get_context('fork').Process(target=cache_place, args=('x',))\n"
        "worker.start(); worker.join(); print(worker.exitcode)"
    )
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "0"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_what_a_killed_process_left_is_swept_by_the_next(tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    code = "import os; from sdk.places import cache_place; cache_place('x'); os.kill(os.getpid(), {})"
    subprocess.run([sys.executable, "-c", code.format(9)], env=environment, check=False)
    assert len(list(tmp_path.iterdir())) == 1
    subprocess.run([sys.executable, "-c", code.format(0)], env=environment, check=True)
    assert list(tmp_path.iterdir()) == []


def test_obstacles(tmp_path, blocked):
    assert obstacle(tmp_path / "a" / "b") is None
    assert isinstance(obstacle(blocked), OSError)
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


@pytest.mark.skipif(not Path("/dev/shm").is_dir(), reason="Linux")
def test_temporary_files_without_a_folder_for_them(monkeypatch):
    def none():
        raise FileNotFoundError("no usable temporary directory")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    assert temporary_folder() == Path("/dev/shm")
    monkeypatch.setattr(places, "SHARED_MEMORY", "/dev/null/none")
    with pytest.raises(OutputError, match="no folder for temporary files") as caught:
        temporary_folder()
    assert "TMPDIR" in caught.value.hint


@pytest.mark.skipif(sys.platform == "win32", reason="HOME")
@pytest.mark.parametrize("home", ["", "not/absolute"])
def test_a_user_without_a_home(home, homeless, monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", home)
    assert user_folder("XDG_CACHE_HOME", ".cache") is None
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # which the standard says to ignore
    assert user_folder("XDG_CACHE_HOME", ".cache") is None
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert user_folder("XDG_CACHE_HOME", ".cache") == tmp_path
    with lent_home():
        assert read_path("~").is_dir() or read_path("~").parent.is_dir()
        assert user_folder("NONE", ".cache") == read_path("~") / ".cache"
    assert os.environ["HOME"] == home


def test_nothing_is_lent_to_a_user_with_a_home(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    with lent_home():
        assert read_path("~") == tmp_path
    assert places._private == {}


def test_a_path_that_cannot_be_looked_at_is_not_there(monkeypatch, tmp_path):
    def refuse(self, **_):
        raise PermissionError(13, "denied")

    monkeypatch.setattr(Path, "stat", refuse)
    assert not is_there(tmp_path)
    assert not is_there(tmp_path, folder=True)


def test_numba_compiles_what_has_no_place_for_its_cache(tmp_path, blocked, homeless, monkeypatch):
    package = tmp_path / "uncached"
    package.mkdir()
    (package / "__init__.py").write_text("import numba\n@numba.njit(cache=True)\ndef double(x): return 2 * x\n")
    (package / "__pycache__").write_bytes(b"")  # a file where numba would keep it
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.setitem(vars(numba.config), "CACHE_DIR", str(blocked))
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    with pytest.raises(RuntimeError, match="no locator"):
        importlib.import_module("uncached")
    places.give_numba_a_cache("uncached")
    place = Path(numba.config.CACHE_DIR)
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700 or sys.platform == "win32"
    assert importlib.import_module("uncached").double(2) == 4
    assert list(place.rglob("*.nbi"))


def test_numba_keeps_its_own_place(tmp_path, monkeypatch):
    monkeypatch.setitem(vars(numba.config), "CACHE_DIR", str(tmp_path))
    places.give_numba_a_cache("talkstyle_warp")
    assert str(tmp_path) == numba.config.CACHE_DIR
    assert places._private == {}


def imported(code, **environment):
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "MPL", "HOME"))}
    run = subprocess.run(
        [sys.executable, "-c", code], env={**keep, **environment}, capture_output=True, text=True, check=True
    )
    assert run.stderr == ""
    return run.stdout.split()


def test_matplotlib_does_not_complain(tmp_path, blocked):
    code = (
        "import os; from sdk.places import give_matplotlib_a_cache; give_matplotlib_a_cache()\n"
        "import matplotlib, matplotlib.font_manager; print(matplotlib.get_cachedir(), 'MPLCONFIGDIR' in os.environ)"
    )
    chosen = str(tmp_path / "chosen")
    found, inherited = imported(code, HOME=str(blocked), TALKSTYLE_CACHE=chosen)
    assert (found, inherited) == (str(tmp_path / "chosen" / "matplotlib"), "False")
    found, inherited = imported(code, HOME=str(blocked), MPLCONFIGDIR=str(blocked), TMPDIR=str(tmp_path))
    assert Path(found).parent.parent == tmp_path
    assert inherited == "True"  # the user's own
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".talkstyle-")] == []
    assert imported(code, HOME=str(tmp_path))[0] == str(tmp_path / ".cache" / "matplotlib")


def test_the_hubs_cache(tmp_path, blocked, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    assert hub_cache("org/style") == tmp_path
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(blocked))
    monkeypatch.setenv("TALKSTYLE_CACHE", str(tmp_path / "chosen"))
    assert hub_cache("org/style") == tmp_path / "chosen" / "huggingface"


def test_a_read_only_cache_of_the_hub_that_holds_the_style_is_used(tmp_path, monkeypatch):
    """As images have them that were built with their models."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(places, "obstacle", lambda folder: OSError(30, "read-only") if folder == tmp_path else None)
    monkeypatch.setenv("TALKSTYLE_CACHE", str(tmp_path / "chosen"))
    (tmp_path / "models--org--style" / "snapshots" / "c0ffee").mkdir(parents=True)
    assert hub_cache("org/style") == hub_cache("org/style", "c0ffee") == tmp_path
    assert hub_cache("org/style", "beef") == hub_cache("org/other") == tmp_path / "chosen" / "huggingface"

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sdk import files
from sdk.errors import OutputError
from sdk.files import atomic_file, atomic_folder, check_file, check_folder

ENVIRONMENT = os.environ | {"PYTHONPATH": str(Path(files.__file__).parents[1])}


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def half_done(path):
    path.write_text("half")
    raise ZeroDivisionError


def test_a_file_appears_whole(tmp_path):
    path = tmp_path / "ein Name ü.bin"
    with atomic_file(path) as temporary:
        assert temporary.parent.parent == tmp_path
        assert temporary.suffix == ".bin"
        temporary.write_bytes(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == [path.name]


def test_a_file_is_replaced(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with atomic_file(str(path)) as temporary:
        temporary.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_a_failure_leaves_the_old_file(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_file(path) as temporary:
        half_done(temporary)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="no permission bits there")
def test_a_file_has_ordinary_permissions(tmp_path):
    path = tmp_path / "a.txt"
    with atomic_file(path) as temporary:
        temporary.write_text("x")
    mask = os.umask(0)
    os.umask(mask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_a_file_in_no_folder_or_in_place_of_a_folder(tmp_path):
    with pytest.raises(OutputError, match="cannot write"), atomic_file(tmp_path / "none" / "a.txt"):
        pass
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "kept").touch()
    with pytest.raises(OutputError, match="there is a folder"), atomic_file(tmp_path / "folder"):
        pytest.fail("told too late")
    assert names(tmp_path) == ["folder"]
    assert names(tmp_path / "folder") == ["kept"]


def test_a_folder_appears_whole(tmp_path):
    target = tmp_path / "deep" / "pack"
    with atomic_folder(target) as temporary:
        (temporary / "inner").mkdir()
        (temporary / "inner" / "a").write_text("1")
        assert not target.exists()
    assert (target / "inner" / "a").read_text() == "1"
    assert names(target.parent) == ["pack"]


def test_a_folder_is_replaced_as_a_whole(tmp_path):
    target = tmp_path / "pack"
    target.mkdir()
    (target / "old").touch()
    with atomic_folder(target) as temporary:
        (temporary / "new").touch()
        assert names(target) == ["old"]
    assert names(target) == ["new"]
    assert names(tmp_path) == ["pack"]


def test_a_failure_leaves_the_old_folder(tmp_path):
    target = tmp_path / "pack"
    target.mkdir()
    (target / "old").touch()
    with pytest.raises(ZeroDivisionError), atomic_folder(target) as temporary:
        half_done(temporary / "half")
    assert names(target) == ["old"]
    assert names(tmp_path) == ["pack"]


def test_a_failed_move_brings_the_old_folder_back(tmp_path, monkeypatch):
    target = tmp_path / "pack"
    target.mkdir()
    (target / "old").touch()
    replace = type(target).replace

    def failing(self, other):
        if other == target and self.parent.name != "old":
            raise OSError(28, "No space left on device")
        return replace(self, other)

    monkeypatch.setattr(type(target), "replace", failing)
    with pytest.raises(OutputError, match="No space left"), atomic_folder(target) as temporary:
        (temporary / "new").touch()
    assert names(target) == ["old"]
    assert names(tmp_path) == ["pack"]


def test_a_folder_where_a_file_stands(tmp_path):
    (tmp_path / "pack").write_text("file")
    with pytest.raises(OutputError, match="file where the folder"), atomic_folder(tmp_path / "pack"):
        pass
    assert (tmp_path / "pack").read_text() == "file"


@contextlib.contextmanager
def killed(code, folder):
    """Run Python that begins to write into a folder, and kill it there, as a power cut or SIGKILL would."""
    head = "import sys, time\nfrom sdk.files import atomic_file, atomic_folder\n"
    tail = "\n    print('there', flush=True)\n    time.sleep(60)\n"
    words = [sys.executable, "-c", head + code + tail]
    with subprocess.Popen(words, cwd=folder, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT) as process:
        try:
            assert process.stdout.readline() == "there\n"
            yield
        finally:
            process.kill()


@pytest.mark.parametrize("code", ["with atomic_file('out.mp4') as t:", "with atomic_folder('shots') as t:"])
def test_what_a_killed_process_left_goes_at_the_next_save_and_not_before_it_died(tmp_path, code):
    def save():
        with atomic_file(tmp_path / "other.txt") as temporary:
            temporary.write_text("x")
        return [name for name in names(tmp_path) if name != "other.txt"]

    with killed(code, tmp_path):
        left = save()
        assert [name.startswith(".talkstyle-") for name in left] == [True], "the living process's own is kept"
    assert names(tmp_path) == [*left, "other.txt"]
    assert save() == []


def test_a_folder_that_was_moved_aside_when_its_process_was_killed_comes_back(tmp_path):
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "precious").touch()
    code = """
from pathlib import Path
replace = Path.replace
def dies(self, other):
    if self.parent.name != 'old' and self.name == 'new':
        print('there', flush=True)
        time.sleep(60)
    return replace(self, other)
Path.replace = dies
with atomic_folder('pack') as t:
    (t / 'new').touch()
if True:"""
    with killed(code, tmp_path):
        assert "pack" not in names(tmp_path)
    with atomic_file(tmp_path / "other.txt"):
        pass
    assert names(tmp_path) == ["other.txt", "pack"]
    assert names(tmp_path / "pack") == ["precious"]


def test_the_unfinished_work_of_another_machine_is_left_alone_until_it_is_old(tmp_path):
    other, odd = tmp_path / ".talkstyle-000000-abc", tmp_path / ".talkstyle-file"
    (other / "old").mkdir(parents=True)
    (other / "lock").touch()
    odd.touch()
    with atomic_file(tmp_path / "a.txt"):
        pass
    assert other.exists()
    past = time.time() - 2 * files.UNTOUCHED_SECONDS
    for each in (other / "lock", other / "old", other):
        os.utime(each, (past, past))
    with atomic_file(tmp_path / "a.txt"):
        pass
    assert names(tmp_path) == [".talkstyle-file", "a.txt"]


@pytest.mark.skipif(sys.platform == "win32", reason="no links without rights there")
def test_a_link_that_looks_like_unfinished_work_is_not_followed(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "kept").touch()
    link = tmp_path / "place" / f".talkstyle-{files._machine()}-x"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "mine")
    with atomic_file(tmp_path / "place" / "a.txt"):
        pass
    assert names(tmp_path / "mine") == ["kept"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("none/a.txt", "cannot write into"),
        ("folder", "there is a folder"),
        ("x" * 300, "too long"),
        ("a\0b", "null"),
        ("file/a.txt", "cannot write into"),
    ],
)
def test_what_cannot_be_written_is_told_before_the_work(tmp_path, name, said):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=said):
        check_file(tmp_path / name)
    with pytest.raises(OutputError, match=said), atomic_file(tmp_path / name):
        pytest.fail("told too late")
    assert names(tmp_path) == ["file", "folder"]


def test_a_folder_that_cannot_be_made_is_told_before_the_work_and_none_is_made(tmp_path):
    (tmp_path / "file").touch()
    check_folder(tmp_path / "deep" / "pack")
    for bad in ("file", "file/pack", "x" * 300):
        with pytest.raises(OutputError):
            check_folder(tmp_path / bad)
        with pytest.raises(OutputError), atomic_folder(tmp_path / bad):
            pytest.fail("told too late")
    assert names(tmp_path) == ["file"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such devices there")
def test_a_device_is_not_replaced():
    with pytest.raises(OutputError, match="no ordinary file"):
        check_file(os.devnull)


@pytest.mark.skipif(sys.platform == "win32", reason="no sticky folders there")
def test_a_file_of_somebody_else_in_a_shared_folder_is_told_before_the_work(tmp_path, monkeypatch):
    (tmp_path / "theirs").touch()
    tmp_path.chmod(0o1777)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    with pytest.raises(OutputError, match="only its owner"):
        check_file(tmp_path / "theirs")


def test_a_full_disk_is_told_before_the_work(tmp_path, monkeypatch):
    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(tmp_path), "write_bytes", full)
    with pytest.raises(OutputError, match=r"no room .*No space left"), atomic_file(tmp_path / "a"):
        pytest.fail("told too late")
    assert names(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks there")
def test_a_fork_that_ends_inside_leaves_its_parents_work_alone(tmp_path):
    code = """
import os, subprocess
with atomic_file("a.txt") as t:
    if not (child := os.fork()):
        sys.exit()
    os.waitpid(child, 0)
    other = "from sdk.files import atomic_file\\nwith atomic_file('b.txt'): pass"
    subprocess.run([sys.executable, "-c", other], check=True)
    t.write_text("whole")
if True:"""
    with killed(code, tmp_path):
        pass
    assert names(tmp_path) == ["a.txt", "b.txt"]
    assert (tmp_path / "a.txt").read_text() == "whole"

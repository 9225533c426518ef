import os
import sys

import pytest

from sdk.errors import OutputError
from sdk.files import atomic_file, atomic_folder


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def half_done(path):
    path.write_text("half")
    raise ZeroDivisionError


def test_a_file_appears_whole(tmp_path):
    path = tmp_path / "ein Name ü.bin"
    with atomic_file(path) as temporary:
        assert temporary.parent == tmp_path
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
    with pytest.raises(OutputError, match="move"), atomic_file(tmp_path / "folder") as temporary:
        temporary.write_text("x")
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
        if other == target and not self.name.endswith(".old"):
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

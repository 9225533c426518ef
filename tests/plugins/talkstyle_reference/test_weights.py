"""The shipped files: small, half precision, checked; and what happens when they are damaged."""

import hashlib
import json
from importlib import resources

import numpy as np
import pytest
from safetensors.numpy import save

import talkstyle_reference.weights as weights
from sdk import errors

FOLDER = resources.files("talkstyle_reference") / "weights"


def test_no_shipped_file_is_over_five_megabytes():
    files = [f for f in FOLDER.iterdir() if f.name.endswith(".safetensors")]
    assert files
    assert max(len(f.read_bytes()) for f in files) <= 5_000_000


def test_the_manifest_lists_every_file():
    listed = {file for files in json.loads((FOLDER / "manifest.json").read_text()).values() for file in files}
    assert listed == {f.name for f in FOLDER.iterdir() if f.name.endswith(".safetensors")}


@pytest.mark.parametrize("name", ["mel", "apc", "tcn", "lstm", "tcn-apc"])
def test_shipped_tensors_are_finite(name):
    tensors = weights.read_weights(name)
    assert all(value.dtype == np.float32 and np.isfinite(value).all() for value in tensors.values())


def write(folder, name, tensors, notes=None):
    folder.mkdir(exist_ok=True)
    data = save(tensors, metadata=notes)
    (folder / f"{name}.safetensors").write_bytes(data)
    manifest = {name: {f"{name}.safetensors": hashlib.sha256(data).hexdigest()}}
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(weights.resources, "files", lambda package: tmp_path)
    write(tmp_path / "weights", "net", {"a": np.arange(6, dtype=np.float16), "b": np.ones(4, np.float16)})
    return tmp_path / "weights"


@pytest.mark.parametrize("harm", ["flip", "remove", "unlisted"])
def test_damage_is_named_with_a_remedy(folder, harm):
    file = folder / "net.safetensors"
    if harm == "flip":
        file.write_bytes(file.read_bytes()[:-1] + b"\x01")
    elif harm == "remove":
        file.unlink()
    with pytest.raises(errors.ModelFileMissing, match="pip install"):
        weights.read_weights("other" if harm == "unlisted" else "net")


def test_what_is_noted_is_read(folder):
    assert weights.read_notes("net") == {}
    write(folder, "net", {"a": np.ones(3, np.float16)}, notes={"encoder": "mel"})
    assert weights.read_notes("net") == {"encoder": "mel"}


def test_a_folder_of_ones_own_is_read_and_its_faults_are_named(folder, tmp_path):
    write(tmp_path / "mine", "net", {"a": np.full(3, 7, np.float16)})
    assert weights.read_weights("net", tmp_path / "mine")["a"].tolist() == [7, 7, 7]
    with pytest.raises(errors.ModelFileMissing, match="pretrain train"):
        weights.read_weights("net", tmp_path / "none")

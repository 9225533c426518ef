"""Weights that training writes: read by the plugin, split where they are large."""

import numpy as np
import pytest

from talkstyle_lab.pretraining import weights
from talkstyle_lab.pretraining.weights import has_weights, write_weights
from talkstyle_reference.weights import read_notes, read_weights


@pytest.fixture
def folder(tmp_path):
    tensors = {"a": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.ones(4, np.float32)}
    write_weights(tmp_path / "weights", "net", tensors)
    return tmp_path / "weights"


def test_what_is_written_is_read(folder):
    tensors = read_weights("net", folder)
    np.testing.assert_array_equal(tensors["a"], np.arange(6).reshape(2, 3))
    assert read_notes("net", folder) == {}
    assert has_weights("net", folder)
    assert not has_weights("other", folder)


def test_large_weights_are_split(folder, monkeypatch):
    monkeypatch.setattr(weights, "MAX_SHARD_BYTES", 14)
    write_weights(folder, "net", {"a": np.ones(6, np.float32), "b": np.zeros(6, np.float32)})
    assert sorted(f.name for f in folder.glob("*.safetensors")) == ["net-1-of-2.safetensors", "net-2-of-2.safetensors"]
    assert set(read_weights("net", folder)) == {"a", "b"}


def test_notes_are_kept(folder):
    write_weights(folder, "net", {"a": np.ones(3, np.float32)}, notes={"encoder": "mel"})
    assert read_notes("net", folder) == {"encoder": "mel"}

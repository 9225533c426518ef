import hashlib
import os
import pickle

import numpy as np
import pytest
import torch

from sdk.errors import ModelFileMissing
from sdk.models import download
from talkstyle_face_alignment import weights
from talkstyle_face_alignment.weights import WeightFile, find_weights, read_state
from tests.model_server import CONTENT, Server

DIGEST = hashlib.sha256(CONTENT).hexdigest()
SMALL = tuple(WeightFile(f"{name}-{DIGEST[:10]}.pth.tar", name) for name in ("finder", "points", "depth"))


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def hub(monkeypatch, tmp_path, server):
    """Torch hub's cache, empty, with a mirror that has every file."""
    monkeypatch.setattr(weights, "FILES", SMALL)
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    monkeypatch.delenv("TALKSTYLE_MODELS", raising=False)
    monkeypatch.setenv("TALKSTYLE_MODELS_URL", server.url)
    monkeypatch.setattr(download, "PAUSE", 0.0)
    return tmp_path / "checkpoints"


def test_the_files_are_those_that_the_package_names():
    api = pytest.importorskip("face_alignment.api", reason="face-alignment is not installed")
    assert [weights.FAN_3D.url, weights.DEPTH.url] == [api.models_urls["3DFAN-4"], api.models_urls["depth"]]
    from face_alignment.detection.sfd import sfd_detector

    assert weights.S3FD.url == sfd_detector.models_urls["s3fd"]


def test_the_hash_is_the_one_in_the_name():
    assert [file.sha256 for file in weights.FILES] == ["619a316812", "7835d9f11d", "2a464da4ea"]


def test_downloaded_into_torch_hubs_cache(hub, server):
    found = find_weights()
    assert found == {file: hub / file.name for file in SMALL}
    assert [path.read_bytes() == CONTENT for path in found.values()] == [True] * 3
    server.requests.clear()
    assert find_weights() == found
    assert server.requests == []


def test_a_truncated_file_is_fetched_again(hub, server, caplog):
    find_weights()
    server.requests.clear()
    (hub / SMALL[1].name).write_bytes(CONTENT[:-1])
    assert find_weights()[SMALL[1]].read_bytes() == CONTENT
    assert server.requests == [(f"/{SMALL[1].name}", None)]
    assert "damaged" in caplog.text


def test_a_given_folder(hub, server, tmp_path):
    for file in SMALL:
        (tmp_path / file.name).write_bytes(CONTENT)
    assert find_weights(tmp_path) == {file: tmp_path / file.name for file in SMALL}
    assert server.requests == []


def test_offline_all_files_are_listed(hub, server):
    server.close()
    with pytest.raises(ModelFileMissing) as caught:
        find_weights()
    for file in SMALL:
        assert file.url in str(caught.value)
    for needed in (str(hub), "TALKSTYLE_MODELS", DIGEST[:10]):
        assert needed in str(caught.value)


@pytest.mark.parametrize("as_zip", [True, False])
def test_a_checkpoint_of_a_training(tmp_path, as_zip):
    net = torch.nn.BatchNorm1d(3)
    optimiser = torch.optim.RMSprop(net.parameters())
    net(torch.randn(4, 3)).sum().backward()
    optimiser.step()
    state = {f"module.{key}": value for key, value in net.state_dict().items()}
    # What old trainings keep beside the parameters; torch's safe mode refuses the second.
    kept = {"epoch": 40, "best_acc": np.float64(0.7), "state_dict": state, "optimizer": optimiser.state_dict()}
    path = tmp_path / "net.pth.tar"
    torch.save(kept, path, _use_new_zipfile_serialization=as_zip)
    with pytest.raises(pickle.UnpicklingError):
        torch.load(path, weights_only=True)
    read = read_state(path)
    assert list(read) == list(net.state_dict())
    assert all(torch.equal(read[key], value) for key, value in net.state_dict().items())


class Hostile:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("as_zip", [True, False])
def test_nothing_in_a_file_is_run(tmp_path, as_zip):
    path = tmp_path / "net.pth.tar"
    made = tmp_path / "made"
    content = {"state_dict": {"a": torch.ones(2)}, "x": Hostile(str(made))}
    torch.save(content, path, _use_new_zipfile_serialization=as_zip)
    assert torch.equal(read_state(path)["a"], torch.ones(2))
    assert not made.exists()
    torch.load(path, weights_only=False)
    assert made.exists()  # so that the test could have failed


@pytest.mark.parametrize("content", [b"", b"junk" * 100, pickle.dumps(3)])
def test_what_is_no_checkpoint(tmp_path, content):
    path = tmp_path / "net.pth.tar"
    path.write_bytes(content)
    with pytest.raises(ModelFileMissing, match="not a checkpoint"):
        read_state(path)

"""Pre-training f on a few styles: it tells unseen ones apart better than a random f does."""

import json

import pytest
import torch

from sdk.errors import Cancelled, InputError
from sdk.progress import CancelToken
from talkstyle_lab.pretraining import net as training_net
from talkstyle_lab.pretraining.net import pretrain_net
from talkstyle_reference.transfer_net import MlpTransferNet, PretrainedTransferNet
from tests.lab.conftest import write_corpus


@pytest.fixture(scope="module")
def styles(tmp_path_factory):
    folder = tmp_path_factory.mktemp("styles")
    write_corpus(folder, sessions=24, takes=2, validation=8, seconds=3.5)
    return folder


def known_again(net, folder):
    return training_net._recognised(net, training_net._sessions(folder, "validation"))


def test_f_learns_to_tell_unseen_styles_apart(styles, tmp_path):
    stages = []
    weights = pretrain_net(styles, tmp_path, steps=30, on_progress=lambda p: stages.append(p.message))
    before, after = MlpTransferNet(), MlpTransferNet(weights)
    assert known_again(after, styles) > max(0.6, known_again(before, styles))
    assert "recognised" in stages[-1]
    again = pretrain_net(styles, tmp_path / "again", steps=2)
    twice = pretrain_net(styles, tmp_path / "twice", steps=2)
    assert (again / "mlp.safetensors").read_bytes() == (twice / "mlp.safetensors").read_bytes()


def test_cancelled_pre_training_writes_nothing(styles, tmp_path):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        pretrain_net(styles, tmp_path, steps=60, cancel=token)
    assert not list(tmp_path.iterdir())


def test_a_corpus_without_a_validation_session_is_refused(styles, tmp_path):
    listed = json.loads((styles / "index.json").read_text())["utterances"]
    for entry in listed:
        entry["file"] = str(styles / entry["file"])
    small = [entry for entry in listed if entry["split"] == "train"]
    (tmp_path / "index.json").write_text(json.dumps({"utterances": small}))
    with pytest.raises(InputError, match="no validation session") as raised:
        pretrain_net(tmp_path, tmp_path / "out")
    assert raised.value.where == str(tmp_path)
    assert "--minutes" in raised.value.hint
    assert not (tmp_path / "out").exists()


def test_the_shipped_net_is_not_a_random_one():
    shipped, drawn = PretrainedTransferNet(), MlpTransferNet()
    faces = torch.randn(1, 4, 204, generator=torch.Generator().manual_seed(0))
    assert shipped(faces).shape == (1, 4, 256)
    assert not torch.allclose(shipped(faces), drawn(faces), atol=0.1)

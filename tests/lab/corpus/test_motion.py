"""Shards hold sound and marks; their motion is made when they are read, and what is kept of it knows its code."""

import numpy as np
import pytest

from sdk.errors import InputError
from talkstyle_lab.corpus import articulation, motion
from talkstyle_lab.corpus.motion import animate_utterance, motion_fingerprint, read_shard, style_of, write_shard
from talkstyle_lab.pretraining import prepare
from talkstyle_lab.pretraining.dataset import dataset_key

ENTRY = {"voice": "test", "language": "en-us", "style_seed": [1, 2], "motion_seed": [3, 4]}


def test_a_shard_is_read_with_the_motion_of_its_seeds(babble, tmp_path):
    write_shard(tmp_path / "0.npz", babble, ENTRY)
    shard = read_shard(tmp_path / "0.npz")
    np.testing.assert_array_equal(shard.utterance.audio, babble.audio)
    assert [p[0] for p in shard.utterance.phones] == [p[0] for p in babble.phones]
    assert shard.style == style_of(ENTRY) != style_of({"style_seed": [1, 3]})
    expression, pose = animate_utterance(shard.utterance, shard.style, np.random.default_rng([3, 4]))
    np.testing.assert_array_equal(shard.expression, expression.astype(np.float32))
    np.testing.assert_array_equal(shard.pose, pose.astype(np.float32))


def test_motion_follows_the_code_that_is_there_when_a_shard_is_read(babble, tmp_path, monkeypatch):
    write_shard(tmp_path / "0.npz", babble, ENTRY)
    before = read_shard(tmp_path / "0.npz").expression
    monkeypatch.setattr(articulation, "displace", lambda channels, **_: np.zeros((len(channels), 68, 3)))
    assert np.ptp(before) > 0.05
    assert not read_shard(tmp_path / "0.npz").expression.any()


def test_a_shard_of_another_version_is_refused(tmp_path):
    np.savez(tmp_path / "0.npz", audio=np.zeros(10, np.int16), meta=np.array("{}"))
    with pytest.raises(InputError, match="version") as raised:
        read_shard(tmp_path / "0.npz")
    assert raised.value.where == str(tmp_path / "0.npz")


def test_training_data_is_made_again_when_the_code_of_motion_changes(corpus, tmp_path, monkeypatch):
    def made():
        (file,) = prepare.prepare(corpus, tmp_path / "data.npz", augmented=0.0)
        return dataset_key(file)

    before = made()
    assert made() == before
    monkeypatch.setattr(prepare, "motion_fingerprint", lambda: "another")
    assert made() != before


def test_the_fingerprint_names_every_module_that_motion_is_made_by():
    assert len(motion_fingerprint()) == 64
    modules = {
        value.__module__.rpartition(".")[2]
        for module in (motion, articulation)
        for value in vars(module).values()
        if getattr(value, "__module__", "").startswith("talkstyle_lab.corpus")
    }
    assert modules - {"speech"} <= set(motion._MODULES)

import json

import numpy as np
import pytest

from sdk.errors import Cancelled, ConfigError
from sdk.progress import CancelToken
from talkstyle_lab.corpus.build import build
from talkstyle_lab.corpus.demo import demo_material
from talkstyle_lab.corpus.motion import read_shard, style_of


@pytest.mark.usefixtures("engines")
def test_a_corpus_is_complete_resumable_and_the_same_by_seed(tmp_path):
    steps = []
    index = json.loads(build(tmp_path / "a", minutes=0.5, seed=3, on_progress=steps.append).read_text(encoding="utf-8"))
    assert steps[-1].fraction == 1.0
    assert sum(u["duration"] for u in index["utterances"]) >= 30
    for entry in index["utterances"]:
        shard = read_shard(tmp_path / "a" / entry["file"])
        frames = int(np.ceil(60 * len(shard.utterance.audio) / 16000))
        assert frames == entry["frames"]
        assert shard.expression.shape == (frames, 68, 3)
        assert shard.pose.shape == (frames, 6)
        assert shard.utterance.phones[-1][2] == pytest.approx(entry["duration"], abs=1e-5)
        assert shard.style == style_of(entry)
        assert np.isfinite(shard.expression).all()

    token = CancelToken()
    with pytest.raises(Cancelled):
        build(tmp_path / "b", minutes=0.5, seed=3, on_progress=lambda p: token.cancel(), cancel=token)
    assert not (tmp_path / "b" / "index.json").exists()
    again = json.loads(build(tmp_path / "b", minutes=0.5, seed=3).read_text(encoding="utf-8"))
    assert again == index
    for entry in index["utterances"]:
        one, two = (np.load(tmp_path / f / entry["file"]) for f in "ab")
        assert all(np.array_equal(one[k], two[k]) for k in one.files)

    with pytest.raises(ConfigError, match="another corpus"):
        build(tmp_path / "a", minutes=0.5, seed=4)


def test_no_minutes_make_no_corpus(tmp_path):
    with pytest.raises(ConfigError):
        build(tmp_path, minutes=0)


@pytest.mark.usefixtures("engines")
def test_demo_material_is_small_and_whole(tmp_path):
    paths = demo_material(tmp_path)
    assert {p.name for p in paths} == {"reference.flac", "reference.safetensors", "sentence.flac", "README.md"}
    assert all(0 < p.stat().st_size < 300_000 for p in paths)

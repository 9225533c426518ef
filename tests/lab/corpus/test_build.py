import json

import numpy as np
import pytest

from sdk.errors import Cancelled, ConfigError, ModelFileMissing
from sdk.progress import CancelToken
from talkstyle_lab.corpus.build import build
from talkstyle_lab.corpus.demo import demo_material
from talkstyle_lab.corpus.motion import read_shard, style_of


@pytest.mark.usefixtures("engines")
def test_a_corpus_is_complete_resumable_and_the_same_by_seed(tmp_path):
    steps = []
    index = json.loads(
        build(tmp_path / "a", minutes=0.5, neural=0, seed=3, on_progress=steps.append).read_text(encoding="utf-8")
    )
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
        build(tmp_path / "b", minutes=0.5, neural=0, seed=3, on_progress=lambda p: token.cancel(), cancel=token)
    assert not (tmp_path / "b" / "index.json").exists()
    again = json.loads(build(tmp_path / "b", minutes=0.5, neural=0, seed=3).read_text(encoding="utf-8"))
    assert again == index
    for entry in index["utterances"]:
        one, two = (np.load(tmp_path / f / entry["file"]) for f in "ab")
        assert all(np.array_equal(one[k], two[k]) for k in one.files)

    with pytest.raises(ConfigError, match="another corpus"):
        build(tmp_path / "a", minutes=0.5, neural=0, seed=4)


@pytest.mark.usefixtures("engines")
def test_neural_voices_speak_their_share(neural_voices, tmp_path):
    mixed = json.loads(build(tmp_path / "a", minutes=2, neural=0.6, voices=neural_voices, seed=1).read_text("utf-8"))
    engines = [entry["voice"].split("/")[0] for entry in mixed["utterances"]]
    assert {"kokoro"} < {*engines} <= {"kokoro", "flite", "espeak", "none"}
    speakers = {entry["voice"] for entry in mixed["utterances"] if entry["voice"].startswith("kokoro")}
    assert len(speakers) == engines.count("kokoro")
    with pytest.raises(ConfigError, match="another corpus"):
        build(tmp_path / "a", minutes=2, neural=0.5, voices=neural_voices, seed=1)


@pytest.mark.usefixtures("engines")
def test_a_shorter_corpus_is_the_beginning_of_a_longer_one(tmp_path):
    short, long = (
        json.loads(build(tmp_path, minutes=minutes, neural=0, seed=2).read_text("utf-8"))["utterances"]
        for minutes in (0.2, 0.6)
    )
    assert short == long[: len(short)]
    assert len(long) > len(short)


def test_neural_voices_that_are_not_there_are_told(tmp_path):
    with pytest.raises(ConfigError, match="not given") as raised:
        build(tmp_path)
    assert "pretrain voices" in raised.value.hint
    with pytest.raises(ModelFileMissing):
        build(tmp_path, voices=tmp_path)
    with pytest.raises(ConfigError, match="not a share"):
        build(tmp_path, neural=1.5)
    assert not list(tmp_path.iterdir())


def test_no_minutes_make_no_corpus(tmp_path):
    with pytest.raises(ConfigError):
        build(tmp_path, minutes=0)


@pytest.mark.usefixtures("engines")
def test_demo_material_is_small_and_whole(tmp_path):
    paths = demo_material(tmp_path)
    assert {p.name for p in paths} == {"reference.flac", "reference.safetensors", "sentence.flac", "README.md"}
    assert all(0 < p.stat().st_size < 300_000 for p in paths)

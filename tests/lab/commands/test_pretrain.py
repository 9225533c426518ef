"""``talkstyle pretrain``: what it refuses, and a run from a corpus to weights."""

import json
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from click.testing import CliRunner

import sdk
import talkstyle_lab.corpus.demo
from talkstyle_lab.commands.pretrain import pretrain
from tests.sdk.fakes import LoudnessEncoder


def run(*arguments):
    return CliRunner().invoke(pretrain, [str(a) for a in arguments])


def test_help_lists_the_commands():
    text = run("--help").output
    assert all(name in text for name in ("voices", "corpus", "train", "remake", "evaluate", "demo-material"))


def test_sounds_must_match_the_clips(tmp_path):
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"")
    result = run("evaluate", clip, clip, "--audio", clip)
    assert result.exit_code == 2
    assert "1 sounds" in result.output


def test_a_missing_corpus_is_a_usage_error(tmp_path):
    assert run("train", "--corpus", tmp_path / "none", "--out", tmp_path).exit_code == 2


def test_a_corpus_without_voices_says_how_to_fetch_them(tmp_path):
    result = run("corpus", "--out", tmp_path)
    assert "pretrain voices" in result.exception.hint


def test_voices_come_from_a_folder(tmp_path):
    pytest.importorskip("onnx")
    result = run("voices", "--out", tmp_path / "out", "--from", tmp_path)
    assert isinstance(result.exception, sdk.errors.ModelFileMissing)


def test_train_writes_weights(corpus, tmp_path):
    result = run("train", "--corpus", corpus, "--out", tmp_path, "--steps", 1, "--json")
    assert result.exit_code == 0, result.output
    folder = tmp_path / "weights"
    assert json.loads(result.output) == {"weights": str(folder)}
    assert set(json.loads((folder / "manifest.json").read_text())) == {"mel", "tcn"}


def test_train_takes_what_was_prepared(corpus, tmp_path):
    words = ("prepare", "--corpus", corpus, "--out", tmp_path / "speech.npz", "--parts", 2, "--workers", 1, "--json")
    files = json.loads(run(*words).output)["files"]
    assert [Path(file).name for file in files] == ["speech-1-of-2.npz", "speech-2-of-2.npz"]
    both = [word for file in files for word in ("--prepared", file)]
    result = run("train", *both, "--out", tmp_path, "--steps", 1, "--minutes", 0.3, "--neural-share", 0, "--json")
    assert result.exit_code == 0, result.output
    assert set(json.loads((tmp_path / "weights" / "manifest.json").read_text())) == {"mel", "tcn"}


def test_train_takes_a_corpus_or_what_was_prepared(corpus, prepared, tmp_path):
    for words in ((), ("--corpus", corpus, "--prepared", prepared[0])):
        result = run("train", *words, "--out", tmp_path)
        assert result.exit_code == 2
        assert "either --corpus or --prepared" in result.output


def test_neural_voices_that_are_not_there_are_told(prepared, tmp_path):
    result = run("train", "--prepared", prepared[0], "--out", tmp_path, "--minutes", 0.2, "--neural-share", 0.5)
    assert isinstance(result.exception, sdk.errors.ConfigError)
    assert "of neural voices" in str(result.exception)


def test_train_takes_any_encoder_by_name(corpus, tmp_path):
    with sdk.register("audio-encoder", "loud", LoudnessEncoder):
        words = ("train", "--corpus", corpus, "--encoder", "loud", "--out", tmp_path, "--steps", 1, "--json")
        result = run(*words)
    assert result.exit_code == 0, result.output
    assert set(json.loads((tmp_path / "weights" / "manifest.json").read_text())) == {
        "tcn-loudness",
    }
    generator = sdk.load("motion-generator", f"tcn,encoder=loudness,weights={tmp_path / 'weights'}")
    assert (generator.features, generator.encoder_sha256) == (8, LoudnessEncoder().fingerprint())


def test_demo_material_says_what_it_wrote(tmp_path, monkeypatch):
    written = (tmp_path / "reference.flac", tmp_path / "sentence.flac")
    monkeypatch.setattr(talkstyle_lab.corpus.demo, "demo_material", lambda folder: written)
    assert json.loads(run("demo-material", tmp_path, "--json").output) == {"files": [str(path) for path in written]}
    assert run("demo-material", tmp_path).output.split() == [str(path) for path in written]


def test_the_group_is_an_entry_point():
    found = [point for point in entry_points(group="talkstyle.commands") if point.name == "pretrain"]
    if not found:
        pytest.skip("the installed metadata is older than this entry point")
    assert found[0].load() is pretrain

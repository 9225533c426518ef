import copy
import os
import pickle

import pytest
import torch

from sdk.errors import (
    ConfigError,
    NotFiniteError,
    OutputError,
    PackIncompatible,
    PackInvalid,
    StyleNotFound,
    StyleWithoutEffect,
)
from sdk.packs import StylePack


def test_it_comes_back_as_it_was(tmp_path, pack, generator):
    where = pack.save(tmp_path / "rap")
    loaded = StylePack.load(where, base=generator)
    assert loaded == pack
    assert loaded.config == pack.config
    assert all(torch.equal(loaded.delta.tensors[k], t) for k, t in pack.delta.tensors.items())
    assert sorted(p.name for p in where.iterdir()) == ["README.md", "config.json", "delta.safetensors"]


def test_the_same_fit_gives_the_same_bytes(tmp_path, make_pack):
    first, second = make_pack(seed=4).save(tmp_path / "a"), make_pack(seed=4).save(tmp_path / "b")
    for name in ("config.json", "delta.safetensors", "README.md"):
        assert (first / name).read_bytes() == (second / name).read_bytes()


def test_equality_is_of_content(make_pack):
    assert make_pack(name="a") == make_pack(name="b")
    assert hash(make_pack(name="a")) == hash(make_pack(name="b"))
    assert make_pack(seed=1) != make_pack(seed=2)
    assert make_pack() != "style 1"


def test_it_crosses_processes(pack):
    assert pickle.loads(pickle.dumps(pack)) == pack
    assert copy.deepcopy(pack) == pack


def test_nothing_of_the_machine_is_in_it(tmp_path, folder):
    for file in folder.iterdir():
        data = file.read_bytes()
        assert str(tmp_path).encode() not in data
        assert os.environ.get("USER", "no such user").encode() not in data or os.environ["USER"] in ("root", "sdk")


def test_a_fit_that_did_nothing_is_refused(generator, make_encoder):
    same = dict(generator.named_parameters())
    with pytest.raises(StyleWithoutEffect):
        StylePack.create(name="x", base=generator, fitted=same, encoder=make_encoder())


def test_a_fit_that_diverged_is_refused(generator, make_encoder):
    fitted = {n: p.detach().clone() for n, p in generator.named_parameters()}
    fitted["out.bias"][3] = float("nan")
    with pytest.raises(NotFiniteError, match=r"out\.bias"):
        StylePack.create(name="x", base=generator, fitted=fitted, encoder=make_encoder())


def test_fields_that_a_pack_cannot_carry(pack, make_pack):
    with pytest.raises(ConfigError, match="name"):
        make_pack(name="../up")
    with pytest.raises(ConfigError, match="license"):
        pack.replace(license="/etc/passwd")
    with pytest.raises(ConfigError, match="colour"):
        pack.replace(colour="red")


def test_saving_again_replaces_a_pack(tmp_path, make_pack, picture):
    pictures = {"preview.webp": picture(), "preview-mouth.png": picture("PNG")}
    where = make_pack(seed=1).save(tmp_path / "rap", files=pictures)
    (where / ".DS_Store").touch()
    make_pack(seed=2).save(where)
    assert StylePack.load(where) == make_pack(seed=2)
    assert sorted(p.name for p in where.iterdir()) == ["README.md", "config.json", "delta.safetensors"]
    assert [p.name for p in tmp_path.iterdir()] == ["rap"]


@pytest.mark.parametrize("damage", ["truncated", "no delta", "newer", "broken fields"])
def test_saving_replaces_a_pack_in_whatever_state(folder, pack, damage):
    config, delta = folder / "config.json", folder / "delta.safetensors"
    if damage == "truncated":
        delta.write_bytes(delta.read_bytes()[:-9])
    elif damage == "no delta":
        delta.unlink()
    elif damage == "newer":
        config.write_text('{"format": "talkstyle-pack", "format_version": 9}')
    else:
        config.write_text('{"format": "talkstyle-pack"}')
    pack.save(folder)
    assert StylePack.load(folder) == pack


def test_a_folder_that_is_no_pack_is_not_swallowed(tmp_path, pack):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"notes\.txt"):
        pack.save(tmp_path)
    mixed = pack.save(tmp_path / "rap")
    (mixed / "clip.mp4").touch()
    with pytest.raises(OutputError, match=r"clip\.mp4"):
        pack.save(mixed)
    other = tmp_path / "model"
    other.mkdir()
    (other / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(OutputError, match="not a pack's"):
        pack.save(other)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert (other / "config.json").exists()
    with pytest.raises(OutputError):
        pack.save(tmp_path / "notes.txt")


def test_a_save_that_fails_leaves_the_old_pack(folder, pack, make_pack):
    with pytest.raises(OutputError, match="preview"):
        make_pack(seed=2).save(folder, files={"../evil.py": b""})
    assert StylePack.load(folder) == pack
    assert [p.name for p in folder.parent.iterdir()] == ["sound"]


def test_verify_notices_a_changed_tensor(tmp_path, pack):
    pack.verify()
    pack.delta.tensors["out.bias.delta"][0] += 1
    with pytest.raises(PackInvalid, match="not the one"):
        pack.verify()
    with pytest.raises(PackInvalid):
        pack.save(tmp_path / "x")


def test_load_says_what_is_missing(tmp_path):
    with pytest.raises(StyleNotFound):
        StylePack.load(tmp_path / "gone")
    with pytest.raises(StyleNotFound, match=r"config\.json"):
        StylePack.load(tmp_path)
    with pytest.raises(StyleNotFound, match="ships"):
        StylePack.load("no-such-style-ships")


def test_load_with_a_base_checks_the_layout_before_the_tensors(folder, make_generator):
    other = make_generator()
    other.out = torch.nn.Linear(12, 211)
    data = bytearray((folder / "delta.safetensors").read_bytes())
    data[-1] ^= 1
    (folder / "delta.safetensors").write_bytes(data)
    with pytest.raises(PackIncompatible, match=r"out\.weight is \[210, 12\], not \[211, 12\]"):
        StylePack.load(folder, base=other)
    with pytest.raises(PackInvalid, match="sha256"):
        StylePack.load(folder, base=make_generator())


def test_compress_to_a_rank(tmp_path, pack, generator):
    small = pack.compress(4, dtype="float16")
    assert (small.config.delta.kind, small.config.delta.dtype) == ("low-rank", "float16")
    assert small.config.delta.bytes < pack.config.delta.bytes / 3
    kept = small.config.compression
    assert (kept.rank, kept.from_sha256, kept.gain) == (4, pack.config.delta.sha256, None)
    dense = {n: pack.delta.dense(n, torch.float64).flatten() for n in pack.delta.forms}
    lost = sum((dense[n] - small.delta.dense(n, torch.float64).flatten()).square().sum() for n in dense)
    assert kept.energy == pytest.approx(1 - float(lost) / sum(float(d.square().sum()) for d in dense.values()))
    assert StylePack.load(small.save(tmp_path / "small"), base=generator) == small
    assert pack.compress(dtype="float32") is pack


def test_compress_chooses_the_smallest_rank_that_keeps_the_gain(pack):
    asked = []

    def score(candidate):
        asked.append(candidate.delta.rank)
        return {0: 2.0, 1: 1.0, 2: 1.8, 4: 1.95, 8: 2.0}[candidate.delta.rank]

    small = pack.compress(score=score, ranks=(1, 2, 4, 8))
    assert (small.delta.rank, asked) == (4, [0, 1, 2, 4])
    assert small.config.compression.gain == pytest.approx(0.975)
    assert pack.compress(score=lambda p: 1.0 if p.delta.rank == 0 else 0.1, ranks=(1, 2)) is pack
    assert pack.compress(2, score=score).config.compression.gain == pytest.approx(0.9)


def test_compress_needs_something_to_go_by(pack):
    with pytest.raises(ConfigError):
        pack.compress()
    with pytest.raises(ConfigError, match="no gain"):
        pack.compress(score=lambda _: -0.1)
    with pytest.raises(ConfigError):
        pack.compress(0)


def test_compressing_twice_counts_both_losses(pack):
    score = {0: 1.0, 4: 0.9, 2: 0.45}
    small = pack.compress(4, score=lambda one: score[one.delta.rank])
    smaller = small.compress(2, score=lambda one: score[one.delta.rank])
    assert small.config.compression.gain == pytest.approx(0.9)
    assert smaller.config.compression.gain == pytest.approx(0.45)
    assert small.compress(score=lambda one: 0.1 if one.delta.rank < 4 else 1.0, ranks=(2,)) is small

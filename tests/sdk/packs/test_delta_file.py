"""``delta.safetensors``: the same bytes each time, and a typed error for every hostile file."""

import hashlib
import json
import struct

import pytest
import safetensors.torch
import torch

from sdk.errors import PackInvalid
from sdk.packs import StylePack
from sdk.packs.delta import Delta
from sdk.packs.delta_file import HEADER_MAX_BYTES, encode_delta


def rewrite(folder, data, **config):
    """Put other tensors into a pack, with a config that vouches for them, so that only the later checks can refuse."""
    (folder / "delta.safetensors").write_bytes(data)
    path = folder / "config.json"
    fields = json.loads(path.read_text())
    fields["delta"] |= {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data), **config}
    path.write_text(json.dumps(fields))


def file_of(entries, payload=b"", *, length=None):
    header = entries if isinstance(entries, bytes) else json.dumps(entries).encode()
    return struct.pack("<Q", len(header) if length is None else length) + header + payload


def tensor(shape, begin, end, dtype="F32"):
    return {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}


def test_the_same_tensors_give_the_same_bytes_in_any_order():
    tensors = {"b.delta": torch.ones(3), "a.delta": torch.arange(4.0), "c.w.delta": torch.ones(2, 2).t()}
    one, info = encode_delta(Delta(tensors))
    other, _ = encode_delta(Delta(dict(reversed(tensors.items()))))
    assert one == other
    assert info.sha256 == hashlib.sha256(one).hexdigest()
    assert set(safetensors.torch.load(one)) == set(tensors)
    header = json.loads(one[8 : 8 + int.from_bytes(one[:8], "little")])
    assert "__metadata__" not in header


@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
def test_every_dtype_comes_back(tmp_path, make_pack, dtype):
    pack = make_pack(dtype=dtype)
    loaded = StylePack.load(pack.save(tmp_path / "x"))
    assert loaded == pack
    assert loaded.delta.dtype == getattr(torch, dtype)


def test_other_programs_may_write_one_metadata_key(folder, pack):
    data = safetensors.torch.save(dict(pack.delta.tensors), {"format": "pt"})
    rewrite(folder, data)
    loaded = StylePack.load(folder)
    assert loaded == pack
    loaded.save(folder)
    assert StylePack.load(folder).config == pack.config
    rewrite(folder, safetensors.torch.save(dict(pack.delta.tensors), {"a": "1", "b": "2"}))
    with pytest.raises(PackInvalid, match="metadata"):
        StylePack.load(folder)


F4 = tensor([1], 0, 4)
HEADERS = {
    "empty file": (b"", "bytes"),
    "no header": (b"\0" * 8, "JSON"),
    "cut in its length": (b"\x05\0\0", "bytes"),
    "header bomb": (struct.pack("<Q", 2**63) + b"{}" + b" " * 50, "header of"),
    "header past the end": (file_of({"a.delta": F4}, b"1234", length=10**6), "header of"),
    "no JSON": (file_of(b"{" + b"x" * 40), "JSON"),
    "no UTF-8": (file_of(b"\xff" * 40), "JSON"),
    "deep JSON": (file_of(b"[" * 100_000), "JSON"),
    "a list": (file_of([1, 2, 3, 4, 5]), "object"),
    "blanks first": (file_of(b" " + json.dumps({"a.delta": F4}).encode(), b"1234"), "object"),
    "a key twice": (file_of(b'{"a.delta":{},"a.delta":{}}', b"1234"), "twice"),
    "no tensors": (file_of({}, b"1234567890"), "0 tensors"),
    "too many tensors": (file_of({f"p{n}.delta": tensor([0], 0, 0) for n in range(5000)}), "5000 tensors"),
    "metadata of objects": (file_of({"__metadata__": {"a": {}}, "a.delta": F4}, b"1234"), "metadata"),
    "no object": (file_of({"a.delta": 3}, b"1234"), "other keys"),
    "a key too few": (file_of({"a.delta": {"dtype": "F32", "shape": [1]}}, b"1234"), "other keys"),
    "a key too many": (file_of({"a.delta": {**F4, "code": "x"}}, b"1234"), "other keys"),
    "another dtype": (file_of({"a.delta": tensor([1], 0, 8, "I64")}, b"12345678"), "I64"),
    "dtype of a list": (file_of({"a.delta": tensor([1], 0, 4, ["F32"])}, b"1234"), "stores"),
    "negative shape": (file_of({"a.delta": tensor([-1, -1], 0, 4)}, b"1234"), "integers"),
    "shape of floats": (file_of({"a.delta": tensor([1.0], 0, 4)}, b"1234"), "integers"),
    "shape of booleans": (file_of({"a.delta": tensor([True], 0, 4)}, b"1234"), "integers"),
    "shape of text": (file_of({"a.delta": tensor("1", 0, 4)}, b"1234"), "integers"),
    "huge number": (file_of({"a.delta": tensor([10**30], 0, 4)}, b"1234"), "integers"),
    "huge shape": (file_of({"a.delta": tensor([2**20, 2**20, 2**20], 0, 4)}, b"1234"), "re-weights 11529"),
    "many dimensions": (file_of({"a.delta": tensor([1] * 9, 0, 4)}, b"1234"), "integers"),
    "one offset": (file_of({"a.delta": {**F4, "data_offsets": [0]}}, b"1234"), "cannot be read"),
    "offsets reversed": (file_of({"a.delta": tensor([1], 4, 0)}, b"1234"), "cannot be read"),
    "overlap": (file_of({"a.delta": F4, "b.delta": F4}, b"1234"), "cannot be read"),
    "partial overlap": (file_of({"a.delta": tensor([2], 0, 8), "b.delta": tensor([2], 4, 12)}, b"1" * 12), "be read"),
    "a gap": (file_of({"a.delta": F4, "b.delta": tensor([1], 8, 12)}, b"1" * 12), "cannot be read"),
    "not from the start": (file_of({"a.delta": tensor([1], 4, 8)}, b"1" * 8), "cannot be read"),
    "cut": (file_of({"a.delta": tensor([4], 0, 16)}, b"1234"), "cannot be read"),
    "bytes after": (file_of({"a.delta": F4}, b"1234 and a zip file"), "cannot be read"),
    "traversal": (file_of({"../../evil.delta": F4}, b"1234"), "no parameter can be called"),
    "absolute": (file_of({"/etc/passwd.delta": F4}, b"1234"), "no parameter can be called"),
    "dots": (file_of({"a..b.delta": F4}, b"1234"), "no parameter can be called"),
    "control characters": (file_of({"a\x1b[2J.delta": F4}, b"1234"), "no parameter can be called"),
    "look-alike letters": (file_of({"\u0430.delta": F4}, b"1234"), "no parameter can be called"),
    "a line end": (file_of({"a.delta\n": F4}, b"1234"), "no parameter can be called"),
    "long name": (file_of({"a" * 5000 + ".delta": F4}, b"1234"), "no parameter can be called"),
    "plain weights": (file_of({"a.weight": F4}, b"1234"), "neither"),
    "half a pair": (file_of({"a.B": tensor([1, 1], 0, 4)}, b"1234"), "without a.A"),
    "other half": (file_of({"a.A": tensor([1, 1], 0, 4)}, b"1234"), "do not multiply"),
    "more parameters than said": (file_of({"a.delta": tensor([2], 0, 8)}, b"1" * 8), "re-weights 2"),
}  # fmt: skip

PARAMETERS = {"overlap": 2, "partial overlap": 4, "a gap": 2, "cut": 4}
"""What their configs say, so that only safetensors itself can refuse them; 1 for all others."""


@pytest.mark.parametrize("case", HEADERS)
def test_headers(folder, case):
    data, says = HEADERS[case]
    rewrite(folder, data, parameters=PARAMETERS.get(case, 1))
    with pytest.raises(PackInvalid, match=says) as caught:
        StylePack.load(folder)
    assert len(str(caught.value)) < 600
    assert "\x1b" not in str(caught.value)


def test_factors_of_a_dense_giant(folder):
    n = 2**16
    entries = {"a.A": tensor([1, n], 0, 4 * n), "a.B": tensor([n, 1], 4 * n, 8 * n)}
    rewrite(folder, file_of(entries, b"\0" * 8 * n), parameters=2**28, kind="low-rank")
    with pytest.raises(PackInvalid, match="re-weights 4294967296"):
        StylePack.load(folder)


def test_a_header_over_the_cap_is_not_read(folder):
    rewrite(folder, file_of(b"{" + b" " * HEADER_MAX_BYTES + b"}"))
    with pytest.raises(PackInvalid, match="header of"):
        StylePack.load(folder)


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_not_finite(folder, pack, value):
    tensors = {k: t.clone() for k, t in pack.delta.tensors.items()}
    tensors["norm.weight.delta"][2] = float(value)
    rewrite(folder, safetensors.torch.save(tensors))
    with pytest.raises(PackInvalid, match=r"norm\.weight"):
        StylePack.load(folder)


def test_the_kind_must_be_what_the_config_says(folder, pack):
    small, _ = encode_delta(pack.compress(2).delta)
    rewrite(folder, small)
    with pytest.raises(PackInvalid, match="low-rank"):
        StylePack.load(folder)


def test_a_changed_byte_a_cut_and_a_tail(folder):
    path = folder / "delta.safetensors"
    sound = path.read_bytes()
    changed = bytearray(sound)
    changed[-3] ^= 1
    path.write_bytes(changed)
    with pytest.raises(PackInvalid, match="sha256"):
        StylePack.load(folder)
    for data in (sound[:-1], sound + b"\0", b""):
        path.write_bytes(data)
        with pytest.raises(PackInvalid, match="bytes"):
            StylePack.load(folder)
    path.unlink()
    with pytest.raises(PackInvalid, match="no delta"):
        StylePack.load(folder)


def test_pickles_are_never_opened(folder, tmp_path):
    canary = tmp_path / "ran"
    payload = b"cposix\nsystem\n(S'touch " + str(canary).encode() + b"'\ntR."
    (folder / "adapter_model.bin").write_bytes(payload)
    (folder / "delta.pt").write_bytes(payload)
    StylePack.load(folder)
    rewrite(folder, payload)
    with pytest.raises(PackInvalid):
        StylePack.load(folder)
    assert not canary.exists()

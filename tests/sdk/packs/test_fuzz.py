"""Mutated packs: whatever is changed, loading raises ``SdkError`` or gives the very same tensors.

A few hundred in the suite; ``TALKSTYLE_FUZZ=10000`` for more.
"""

import hashlib
import json
import os
import random
import sys

import pytest

from sdk.errors import SdkError
from sdk.packs import StylePack

COUNT = int(os.environ.get("TALKSTYLE_FUZZ", "400"))

NASTY = [
    None, True, -1, 0, 1, 2**31, 2**63, 2**200, -0.5, 1e308, "", "x" * 5000, "../..", "\u202e", "\ud800", "\0", [], {},
    [[]] * 50, ["a"] * 5000, {"a": {"a": {}}}, "F64", "F16", "I8", [2**40, 2**40], [0, 0], [4, 0],
    "talkstyle-pack", "0" * 64,
]  # fmt: skip


def mutate_bytes(data, draw):
    data = bytearray(data)
    for _ in range(draw.randint(1, 4)):
        at = draw.randrange(len(data) + 1)
        how = draw.randrange(5)
        if how == 0 and at < len(data):
            data[at] ^= 1 << draw.randrange(8)
        elif how == 1:
            data[at : at + draw.randint(1, 40)] = b""
        elif how == 2:
            data[at:at] = draw.randbytes(draw.randint(1, 40))
        elif how == 3:
            data[at : at + 8] = draw.choice([b"\xff" * 8, b"\0" * 8, b"\0\0\xc0\x7f" * 2, b"[[[[[[[[", b"99999999"])
        else:
            begin = draw.randrange(len(data) + 1)
            data[at:at] = data[begin : begin + draw.randint(1, 200)]
    return bytes(data)


def mutate_json(value, draw, depth=0):
    """Replace, drop, add or rename something somewhere in a JSON value."""
    if depth and (draw.random() < 0.3 or not isinstance(value, (dict, list)) or not value):
        return draw.choice(NASTY)
    if isinstance(value, list):
        index = draw.randrange(len(value)) if value else 0
        return [*value[:index], mutate_json(value[index], draw, depth + 1), *value[index + 1 :]] if value else [1]
    changed = dict(value)
    key = draw.choice(list(changed))
    how = draw.randrange(6)
    if how == 0:
        del changed[key]
    elif how == 1:
        changed[draw.choice(["new", "__metadata__", "a.delta", "../x.delta", f"{key}.A", ""])] = changed.pop(key)
    elif how == 2:
        changed[draw.choice(["new", "__metadata__", "__proto__", "x.delta"])] = draw.choice(NASTY)
    else:
        changed[key] = mutate_json(changed[key], draw, depth + 1)
    return changed


def mutate(config, delta, draw):
    """One mutated pack: ``(config.json, delta.safetensors)``."""
    how = draw.randrange(5)
    if how == 0:
        return mutate_bytes(config, draw), delta
    if how == 1:
        return config, mutate_bytes(delta, draw)
    if how == 2:
        return json.dumps(mutate_json(json.loads(config), draw)).encode("utf-8", "surrogatepass"), delta
    # From here the config vouches for what was changed, so that the sha256 and the size do not hide the other checks.
    if how == 3:
        length = int.from_bytes(delta[:8], "little")
        header = json.dumps(mutate_json(json.loads(delta[8 : 8 + length]), draw)).encode("utf-8", "surrogatepass")
        delta = len(header).to_bytes(8, "little") + header + delta[8 + length :]
    else:
        delta = mutate_bytes(delta, draw)
    fields = json.loads(config)
    fields["delta"] |= {"sha256": hashlib.sha256(delta).hexdigest(), "bytes": len(delta)}
    return json.dumps(fields).encode(), delta


def peak():
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


@pytest.mark.parametrize("kind", ["full", "low-rank"])
def test_mutated_packs_are_refused_or_unchanged(tmp_path, make_pack, kind):
    pack = make_pack() if kind == "full" else make_pack().compress(2, dtype="float16")
    folder = pack.save(tmp_path / "pack")
    config, delta = (folder / "config.json").read_bytes(), (folder / "delta.safetensors").read_bytes()
    StylePack.load(folder)
    before, outside = peak(), sorted(tmp_path.iterdir())
    loaded = 0
    for seed in range(COUNT // 2):
        draw = random.Random(f"{kind} {seed}")
        new_config, new_delta = mutate(config, delta, draw)
        (folder / "config.json").write_bytes(new_config)
        (folder / "delta.safetensors").write_bytes(new_delta)
        try:
            StylePack.load(folder).verify()
        except SdkError:
            continue
        except Exception as error:
            raise AssertionError(f"mutation {seed} of a {kind} pack") from error
        loaded += 1
        assert json.loads(new_config)["delta"]["sha256"] == hashlib.sha256(new_delta).hexdigest()
    assert loaded < COUNT // 4
    assert sorted(tmp_path.iterdir()) == outside
    assert peak() - before < 200 * 2**20

import hashlib
import json

import torch

from sdk.packs import layout_sha256, weights_sha256


def test_fingerprints_are_what_the_format_says(generator):
    rows = sorted([name, list(p.shape), "float32"] for name, p in generator.named_parameters())
    text = json.dumps(rows, separators=(",", ":"))
    assert layout_sha256(generator) == hashlib.sha256(text.encode()).hexdigest()
    digest = hashlib.sha256()
    for name, tensor in sorted(generator.state_dict().items()):
        dtype = str(tensor.dtype).removeprefix("torch.")
        digest.update(json.dumps([name, list(tensor.shape), dtype], separators=(",", ":")).encode() + b"\n")
        digest.update(tensor.numpy().astype(tensor.numpy().dtype.newbyteorder("<")).tobytes())
    assert weights_sha256(generator) == digest.hexdigest()


def test_weights_differ_and_layout_does_not(make_generator):
    one, other = make_generator(0), make_generator(1)
    assert layout_sha256(one) == layout_sha256(other)
    assert weights_sha256(one) != weights_sha256(other)
    assert weights_sha256(one) == weights_sha256(make_generator(0))


def test_one_bit_and_a_buffer_count(generator):
    before = weights_sha256(generator)
    generator.count += 1
    changed = weights_sha256(generator)
    assert changed != before
    with torch.no_grad():
        generator.out.bias[0] = torch.nextafter(generator.out.bias[0], torch.tensor(9.0))
    assert weights_sha256(generator) != changed


def test_memory_layout_does_not_count(generator):
    before = weights_sha256(generator)
    with torch.no_grad():
        generator.out.weight.data = generator.out.weight.t().contiguous().t()
    assert not generator.out.weight.is_contiguous()
    assert weights_sha256(generator) == before


def test_a_shape_changes_the_layout(make_generator):
    other = make_generator()
    other.out = torch.nn.Linear(12, 211)
    assert layout_sha256(other) != layout_sha256(make_generator())

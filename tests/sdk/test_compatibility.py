"""Whether an encoder, a generator and a pack belong together, and the fingerprints that tell."""

import hashlib
import json

import pytest
import torch

from sdk.compatibility import Identity, check_compatible, layout_sha256, weights_sha256
from sdk.errors import ComponentMismatch, ConfigError, PackIncompatible, StyleError
from sdk.packs import StylePack
from sdk.warnings import TalkstyleWarning
from tests.sdk.fakes import LoudnessEncoder, TinyGenerator


class Counting(TinyGenerator):
    """With a buffer."""

    def __init__(self, **given):
        super().__init__(**given)
        self.register_buffer("count", torch.tensor(3))


class OtherEncoder(LoudnessEncoder):
    def fingerprint(self):
        return "1" * 64


@pytest.fixture
def generator():
    return Counting().eval()


@pytest.fixture
def pack(generator):
    fitted = {name: parameter.detach() + 1 for name, parameter in generator.named_parameters()}
    return StylePack.create(name="s", base=generator, fitted=fitted, encoder=LoudnessEncoder())


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"encoder": "other"}, "trained on the encoder 'other', not on 'loudness'"),
        ({"features": 7}, "takes 7 features, and the encoder 'loudness' gives 8"),
        ({"encoder_sha256": "0" * 64}, "of other weights"),
    ],
)
def test_an_encoder_that_a_generator_was_not_trained_on_is_refused(generator, pack, changed, message):
    check_compatible(generator, LoudnessEncoder())
    for name, value in changed.items():
        setattr(generator, name, value)
    with pytest.raises(ComponentMismatch, match=message):
        check_compatible(generator, LoudnessEncoder())
    with pytest.raises(ComponentMismatch, match=message):
        check_compatible(generator, LoudnessEncoder(), pack, allow_other_base=True)


def test_what_belongs_together_is_taken(generator, pack):
    generator.encoder_sha256 = LoudnessEncoder().fingerprint()
    check_compatible(generator, LoudnessEncoder(), pack)


def test_a_pack_of_another_encoder(generator, pack):
    with pytest.raises(PackIncompatible, match="made with the encoder loudness 1, and this is loudness 1"):
        check_compatible(generator, OtherEncoder(), pack)
    check_compatible(generator, OtherEncoder(), pack, allow_other_base=True)


def test_a_pack_of_another_base(generator, pack):
    check_compatible(generator, pack=pack)
    generator.count += 1
    with pytest.raises(PackIncompatible, match="other weights"):
        check_compatible(generator, LoudnessEncoder(), pack)
    with pytest.warns(TalkstyleWarning, match="another base"):
        check_compatible(generator, LoudnessEncoder(), pack, allow_other_base=True)
    generator.out = torch.nn.Linear(16, 211)
    with pytest.raises(PackIncompatible, match="other parameters"):
        check_compatible(generator, LoudnessEncoder(), pack, allow_other_base=True)


def test_an_identity_is_what_a_pack_records(generator, pack):
    identity, base = Identity.of(generator), pack.config.base
    assert (identity.component, identity.version) == (base.component, base.version)
    assert (identity.layout_sha256, identity.weights_sha256) == (base.layout_sha256, base.weights_sha256)
    identity.check(pack)


def test_one_error_covers_every_mismatch():
    assert issubclass(ComponentMismatch, ConfigError)
    assert issubclass(PackIncompatible, ComponentMismatch)
    assert issubclass(PackIncompatible, StyleError)


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


def test_weights_differ_and_layout_does_not():
    one, other = Counting(seed=0), Counting(seed=1)
    assert layout_sha256(one) == layout_sha256(other)
    assert weights_sha256(one) != weights_sha256(other)
    assert weights_sha256(one) == weights_sha256(Counting(seed=0))


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


def test_a_shape_changes_the_layout():
    other = Counting()
    other.out = torch.nn.Linear(16, 211)
    assert layout_sha256(other) != layout_sha256(Counting())

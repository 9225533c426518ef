import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk.errors import ConfigError, InputError, PackIncompatible
from sdk.packs import PerItemStyles, StyleSlot, weights_sha256
from sdk.warnings import TalkstyleWarning


def bits(generator):
    return {name: tensor.detach().clone() for name, tensor in generator.state_dict().items()}


def same(one, other):
    # Bit for bit: -0.0 is not 0.0 here.
    return all(
        torch.equal(
            one[n].view(torch.uint8) if one[n].ndim else one[n], other[n].view(torch.uint8) if one[n].ndim else other[n]
        )
        for n in one
    )


def test_a_style_moves_and_comes_off_bit_for_bit(generator, pack, features):
    with torch.no_grad():
        generator.out.bias[0] = -0.0
    pack = type(pack).create(
        name="s",
        base=generator,
        fitted={n: p.detach() + 0.1 for n, p in generator.named_parameters()},
        encoder=_encoder(),
    )
    before, motion = bits(generator), generator(features)[0]
    with pack.apply(generator) as styled:
        assert styled is generator
        assert not torch.equal(generator(features)[0], motion)
    assert same(bits(generator), before)
    assert torch.equal(generator(features)[0], motion)


def _encoder():
    class Encoder:
        name = "e"
        version = "1"

        def fingerprint(self):
            return "0" * 64

    return Encoder()


def test_it_is_base_plus_strength_times_delta(generator, pack):
    base = bits(generator)
    with pack.apply(generator, strength=0.25):
        for name, parameter in generator.named_parameters():
            want = base[name] + 0.25 * pack.delta.dense(name).reshape(parameter.shape)
            assert torch.equal(parameter, want)


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 30),
    strength=st.floats(-3, 3),
    scale=st.sampled_from([1e-8, 0.05, 1e4]),
    rank=st.sampled_from([None, 2]),
)
def test_restoring_holds_for_every_style(make_generator, make_pack, seed, strength, scale, rank):
    generator = make_generator(seed)
    before = bits(generator)
    pack = make_pack(generator, seed=seed + 1, scale=scale)
    pack = pack if rank is None else pack.compress(rank)
    with pytest.raises(KeyError), pack.apply(generator, strength=strength):
        raise KeyError
    assert same(bits(generator), before)


def test_strength_zero_is_the_base(generator, pack):
    before = bits(generator)
    with pack.apply(generator, strength=0):
        assert same(bits(generator), before)


def test_styles_are_exchanged_on_one_slot(generator, make_pack, features):
    one, two = make_pack(seed=1), make_pack(seed=2)
    alone = {}
    for pack in (one, two):
        with pack.apply(generator):
            alone[pack] = generator(features)[0]
    with StyleSlot(generator) as slot:
        for pack in (one, two, one):
            slot.use(pack)
            assert torch.equal(generator(features)[0], alone[pack])
        slot.clear()
        assert weights_sha256(generator) == one.config.base.weights_sha256


def test_another_base_is_refused_unless_said_otherwise(make_generator, pack):
    other = make_generator(9)
    before = bits(other)
    with pytest.raises(PackIncompatible, match="other weights"), pack.apply(other):
        pytest.fail("it was applied")
    with pytest.warns(TalkstyleWarning, match="another base") as caught, pack.apply(other, allow_other_base=True):
        assert not same(bits(other), before)
    assert same(bits(other), before)
    assert caught[0].filename == __file__


def test_another_layout_is_refused_even_then(make_generator, pack):
    other = make_generator()
    other.out = torch.nn.Linear(12, 211)
    with pytest.raises(PackIncompatible, match="other parameters"), pack.apply(other, allow_other_base=True):
        pytest.fail("it was applied")


@pytest.mark.parametrize("strength", [float("nan"), float("inf")])
def test_strength_must_be_finite(generator, pack, strength):
    before = bits(generator)
    with pytest.raises(ConfigError), pack.apply(generator, strength=strength):
        pytest.fail("it was applied")
    assert same(bits(generator), before)


def test_one_style_at_a_time(generator, pack):
    with pack.apply(generator), pytest.raises(ConfigError, match="already wears"), pack.apply(generator):
        pytest.fail("it was applied twice")
    with pack.apply(generator):
        pass
    with pytest.raises(ConfigError, match="not open"):
        StyleSlot(generator).use(pack)


def test_each_item_of_a_batch_wears_its_own(generator, make_pack, features):
    one, two = make_pack(seed=1), make_pack(seed=2).compress(2)
    packs, strengths = [two, None, one], [1.0, 1.0, 0.5]
    want = []
    for item, (pack, strength) in enumerate(zip(packs, strengths, strict=True)):
        if pack is None:
            want.append(generator(features[item : item + 1])[0])
        else:
            with pack.apply(generator, strength=strength):
                want.append(generator(features[item : item + 1])[0])
    with StyleSlot(generator) as slot:
        batch = PerItemStyles(slot, packs, strengths=strengths)
        whole, pose, _ = batch(features)
        first, _, state = batch(features[:, :4])
        rest, _, _ = batch(features[:, 4:], state)
    assert pose.shape == (3, 9, 6)
    assert torch.allclose(whole, torch.cat(want), atol=1e-6)
    assert torch.allclose(torch.cat([first, rest], dim=1), whole, atol=1e-6)


def test_items_of_one_style_run_together_and_come_back_in_order(generator, make_pack, features):
    one, two = make_pack(seed=1), make_pack(seed=2)
    calls = []
    generator.register_forward_hook(lambda module, given, _: calls.append(len(given[0])))
    with StyleSlot(generator) as slot:
        four = features[[0, 1, 2, 0]]
        mixed, _, _ = PerItemStyles(slot, [one, two, None, one])(four)
        alone, _, _ = PerItemStyles(slot, [one] * 4)(four)
    assert calls == [2, 1, 1, 4]
    assert torch.allclose(mixed[[0, 3]], alone[[0, 3]], atol=1e-6)
    assert torch.allclose(mixed[2], generator(four)[0][2], atol=1e-6)
    assert not torch.allclose(mixed[1], alone[1], atol=1e-3)


def test_a_batch_of_another_size(generator, pack, features):
    with StyleSlot(generator) as slot:
        with pytest.raises(InputError, match="3 items for 2"):
            PerItemStyles(slot, [pack, None])(features)
        with pytest.raises(ConfigError):
            PerItemStyles(slot, [pack], strengths=[1.0, 2.0])


class Convolutions(torch.nn.Module):
    """Every kind of layer that a batch can wear at once: dilated, padded, strided, pointwise, biased or not."""

    name = "convolutions"
    version = "1"
    features = 6
    encoder = "e"
    lookahead = 0

    def __init__(self) -> None:
        super().__init__()
        self.pointwise = torch.nn.Conv1d(6, 16, 1)
        self.dilated = torch.nn.Conv1d(16, 16, 3, dilation=4, padding=4, bias=False)
        self.strided = torch.nn.Conv1d(16, 12, 2, stride=2)
        self.out = torch.nn.Linear(12, 210)
        with torch.random.fork_rng():
            torch.manual_seed(3)
            for parameter in self.parameters():
                torch.nn.init.normal_(parameter, std=0.3)

    def forward(self, features, state=None):
        hidden = self.strided(torch.tanh(self.dilated(self.pointwise(features.transpose(1, 2)))))
        out = self.out(hidden.transpose(1, 2))
        return out[..., :204].unflatten(-1, (68, 3)), out[..., 204:], None


class Crosswise(Convolutions):
    """Puts time where the batch is expected."""

    def forward(self, features, state=None):
        hidden = self.strided(self.dilated(self.pointwise(features.transpose(1, 2)))).permute(2, 0, 1)
        out = self.out(hidden).transpose(0, 1)
        return out[..., :204].unflatten(-1, (68, 3)), out[..., 204:], None


class Sideways(Convolutions):
    """Uses a layer's weight without calling the layer."""

    def forward(self, features, state=None):
        hidden = self.strided(self.dilated(self.pointwise(features.transpose(1, 2))))
        out = torch.nn.functional.linear(hidden.transpose(1, 2), self.out.weight, self.out.bias)
        return out[..., :204].unflatten(-1, (68, 3)), out[..., 204:], None


@pytest.mark.parametrize(("kind", "one_pass"), [(Convolutions, True), (Crosswise, False), (Sideways, False)])
@pytest.mark.parametrize("ranks", [(2, 2, 2), (2, 1, 2), (2, None, 1), (None, None, None)])
def test_a_batch_in_one_pass_moves_as_its_items_do(make_pack, kind, one_pass, ranks):
    generator = kind().eval()
    before = bits(generator)
    packs = [make_pack(generator, seed=n, scale=0.3) for n in range(3)]
    packs = [pack if rank is None else pack.compress(rank) for pack, rank in zip(packs, ranks, strict=True)]
    # As many frames after the stride as items: an axis mistaken for another would not be noticed by its length.
    features = torch.randn(5, 10, 6, generator=torch.Generator().manual_seed(1))
    worn, strengths = [packs[0], packs[1], None, packs[2], packs[0]], [1.0, 0.5, 1.0, -2.0, 1.0]
    with StyleSlot(generator) as slot:
        batch = PerItemStyles(slot, worn, strengths=strengths)
        assert batch.one_pass is one_pass
        expression, pose, _ = batch(features)
        for item, (pack, strength) in enumerate(zip(worn, strengths, strict=True)):
            slot.clear()
            if pack is not None:
                slot.use(pack, strength=strength)
            want = generator(features[item : item + 1])
            assert torch.allclose(expression[item], want[0][0], atol=1e-4)
            assert torch.allclose(pose[item], want[1][0], atol=1e-4)
    assert same(bits(generator), before)
    assert not generator.out._forward_hooks


def test_what_one_pass_does_not_know_runs_in_turn(generator, make_pack):
    with StyleSlot(generator) as slot:
        assert not PerItemStyles(slot, [make_pack(seed=1), make_pack(seed=2)]).one_pass

import copy
import weakref

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk.compatibility import weights_sha256
from sdk.errors import ComponentBroken, ComponentMismatch, ConfigError, PackIncompatible
from sdk.packs import StyledBatch, StyleSlot, styled, with_parameters
from sdk.warnings import TalkstyleWarning

CPU = torch.device("cpu")


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


def test_a_style_moves_and_the_base_stays_as_it_is(generator, pack, features):
    generator.train()
    with torch.no_grad():
        generator.out.bias[0] = -0.0
    pack = type(pack).create(
        name="s",
        base=generator,
        fitted={n: p.detach() + 0.1 for n, p in generator.named_parameters()},
        encoder=_Encoder(),
    )
    before, motion = bits(generator), generator(features)[0]
    moved = styled(generator, pack)
    assert moved is not generator
    assert not torch.equal(moved(features)[0], motion)
    assert generator.training
    assert not moved.training
    assert same(bits(generator), before)
    assert torch.equal(generator(features)[0], motion)
    # Without a style: the base, bit for bit, but for the mode.
    plain = styled(generator)
    assert same(bits(plain), before)
    assert not plain.training
    assert torch.equal(plain(features)[0], motion)


class _Encoder:
    name = "e"
    version = "1"
    width = 6

    def fingerprint(self):
        return "0" * 64


def test_it_is_base_plus_strength_times_delta(generator, pack):
    base = bits(generator)
    for name, parameter in styled(generator, pack, strength=0.25).named_parameters():
        assert torch.equal(parameter, base[name] + 0.25 * pack.delta.dense(name).reshape(parameter.shape))


def test_what_a_style_leaves_alone_shares_memory(generator, pack):
    plain, moved = styled(generator), styled(generator, pack)
    parameters = dict(generator.named_parameters())
    for name, parameter in plain.named_parameters():
        assert parameter is not parameters[name]
        assert parameter.data_ptr() == parameters[name].data_ptr()
    for name, parameter in moved.named_parameters():
        assert parameter.data_ptr() != parameters[name].data_ptr()
        assert parameter.requires_grad
    assert moved.count.data_ptr() == plain.count.data_ptr() == generator.count.data_ptr()
    # A layer that keeps its weights in a list of its own computes with the new ones.
    assert all(a is b for a, b in zip(moved.lstm._flat_weights, moved.lstm.parameters(), strict=True))


def test_parameters_by_name_and_those_that_two_layers_share():
    layers = torch.nn.Sequential(torch.nn.Linear(3, 3), torch.nn.Linear(3, 3))
    layers[1].weight = layers[0].weight
    layers[1].bias.requires_grad_(False)
    changed = with_parameters(layers, {"0.weight": torch.eye(3)})
    assert changed[1].weight is changed[0].weight
    assert torch.equal(changed[0].weight, torch.eye(3))
    assert [p.requires_grad for p in changed.parameters()] == [True, True, False]
    assert not torch.equal(layers[0].weight, torch.eye(3))
    copied = copy.deepcopy(changed)
    assert copied[1].weight is copied[0].weight


def test_a_generator_that_cannot_be_copied_says_why(generator):
    generator.last = generator(torch.zeros(1, 4, 6))[0]  # with the gradient of that call
    with pytest.raises(ComponentBroken, match="TinyGenerator cannot be copied: RuntimeError") as caught:
        styled(generator)
    assert "no tensors with a gradient" in caught.value.hint
    with torch.no_grad():
        generator.last = generator(torch.zeros(1, 4, 6))[0]
    assert torch.equal(styled(generator).last, generator.last)


@pytest.mark.parametrize("copied", [styled, lambda generator: StyleSlot(generator).generator])
def test_recurrent_layers_of_a_copy_join_their_weights(generator, monkeypatch, copied):
    joined = []  # on CUDA; elsewhere the call does nothing
    monkeypatch.setattr(torch.nn.LSTM, "flatten_parameters", lambda layer: joined.append(layer))
    assert copied(generator).lstm in joined


def test_the_copy_outlives_the_base(make_generator, pack, features):
    generator = make_generator()
    want = styled(generator, pack)(features)[0]
    moved, gone = styled(generator, pack), weakref.ref(generator)
    del generator
    assert gone() is None
    assert torch.equal(moved(features)[0], want)


def test_it_is_put_on_a_device(generator, pack):
    moved = styled(generator, pack, device=torch.device("meta"))
    assert {tensor.device.type for tensor in moved.state_dict().values()} == {"meta"}
    assert {tensor.device for tensor in generator.state_dict().values()} == {CPU}


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
    slot = StyleSlot(generator)
    slot.use(pack, strength=strength)
    assert same(bits(slot.generator), bits(styled(generator, pack, strength=strength)))
    slot.clear()
    assert same(bits(slot.generator), before)
    assert same(bits(generator), before)


def test_strength_zero_is_the_base(generator, pack):
    assert same(bits(styled(generator, pack, strength=0)), bits(generator))


def test_styles_are_exchanged_on_one_slot(generator, make_pack, features):
    generator.train()
    one, two = make_pack(seed=1), make_pack(seed=2)
    before, alone = bits(generator), {pack: styled(generator, pack)(features)[0] for pack in (one, two)}
    slot = StyleSlot(generator)
    places = [parameter.data_ptr() for parameter in slot.generator.parameters()]
    assert weights_sha256(slot.generator) == one.config.base.weights_sha256
    for pack in (one, two, one):
        slot.use(pack)
        assert torch.equal(slot.generator(features)[0], alone[pack])
    slot.clear()
    assert weights_sha256(slot.generator) == one.config.base.weights_sha256
    assert [parameter.data_ptr() for parameter in slot.generator.parameters()] == places
    assert same(bits(generator), before)
    assert generator.training


def test_slots_of_one_base_do_not_touch_each_other(generator, make_pack, features):
    one, two = make_pack(seed=1), make_pack(seed=2)
    slots = StyleSlot(generator), StyleSlot(generator)
    slots[0].use(one)
    slots[1].use(two)
    for slot, pack in zip(slots, (one, two), strict=True):
        assert torch.equal(slot.generator(features)[0], styled(generator, pack)(features)[0])


def ways(generator):
    """Each way to put a style on, as a function of pack, strength and permission."""
    return [
        lambda pack, **given: styled(generator, pack, **given),
        lambda pack, **given: StyleSlot(generator).use(pack, **given),
        lambda pack, strength=1.0, **given: StyledBatch(generator, [None, pack], strengths=[1.0, strength], **given),
    ]


def test_another_base_is_refused_unless_said_otherwise(make_generator, pack):
    other = make_generator(9)
    before = bits(other)
    for put_on in ways(other):
        with pytest.raises(PackIncompatible, match="other weights"):
            put_on(pack)
        with pytest.warns(TalkstyleWarning, match="another base") as caught:
            put_on(pack, allow_other_base=True)
        assert caught[0].filename == __file__
    with pytest.warns(TalkstyleWarning, match="another base"):
        assert not same(bits(styled(other, pack, allow_other_base=True)), before)
    assert same(bits(other), before)


def test_another_layout_is_refused_even_then(make_generator, pack):
    other = make_generator()
    other.out = torch.nn.Linear(12, 211)
    for put_on in ways(other):
        with pytest.raises(PackIncompatible, match="other parameters"):
            put_on(pack, allow_other_base=True)


def test_the_encoder_is_checked_where_it_is_given(generator, make_encoder, pack):
    styled(generator, pack, encoder=make_encoder())
    with pytest.raises(PackIncompatible, match="made with the encoder"):
        styled(generator, pack, encoder=make_encoder(b"other statistics"))
    with pytest.raises(ComponentMismatch, match="trained on"):
        styled(generator, encoder=_Encoder())


@pytest.mark.parametrize("strength", [float("nan"), float("inf")])
def test_strength_must_be_finite(generator, pack, strength):
    before = bits(generator)
    for put_on in ways(generator):
        with pytest.raises(ConfigError, match=f"strength={strength} is no strength") as caught:
            put_on(pack, strength=strength)
        assert caught.value.where == "strength"
        assert "finite" in caught.value.hint
    assert same(bits(generator), before)

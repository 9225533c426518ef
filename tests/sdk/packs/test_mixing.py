import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from sdk.errors import ConfigError, PackIncompatible
from sdk.packs import StylePack, mix, styled


def test_one_at_weight_one_is_that_pack(pack):
    assert mix({pack: 1.0}) == pack
    assert mix({pack: 1}, name="other").name == "other"
    assert mix({pack: 1}, name="other") == pack
    assert mix({pack: 0.5}) != pack


@settings(max_examples=25, deadline=None)
@given(
    weights=st.lists(st.floats(-2, 2), min_size=2, max_size=4),
    ranks=st.lists(st.sampled_from([None, 2]), min_size=4, max_size=4),
)
def test_a_mix_is_the_weighted_sum_in_any_order(make_pack, weights, ranks):
    packs = [make_pack(seed=n) for n in range(len(weights))]
    packs = [p if r is None else p.compress(r) for p, r in zip(packs, ranks, strict=False)]
    terms = dict(zip(packs, weights, strict=True))
    mixed = mix(terms)
    assert mix(dict(reversed(terms.items()))) == mixed
    for name in mixed.delta.forms:
        want = sum(w * p.delta.dense(name, torch.float64).flatten() for p, w in terms.items())
        assert torch.allclose(mixed.delta.dense(name, torch.float64).flatten(), want, rtol=0, atol=1e-6)


def test_a_mix_is_a_pack_like_any_other(tmp_path, generator, make_pack, features):
    one, two = make_pack(seed=1, name="rap"), make_pack(seed=2, name="calm")
    one.save(tmp_path / "rap")
    mixed = mix({str(tmp_path / "rap") + "/": 0.7, two: 0.3})
    assert mixed.name == "rap 0.7 + calm 0.3"
    assert [(i.name, i.weight) for i in mixed.config.mix] == [("rap", 0.7), ("calm", 0.3)]
    loaded = StylePack.load(mixed.save(tmp_path / "mixed"))
    assert loaded == mixed
    assert loaded.config == mixed.config
    base = {n: p.detach().clone() for n, p in generator.named_parameters()}
    for name, parameter in styled(generator, loaded).named_parameters():
        want = base[name].double() + 0.7 * one.delta.dense(name).double() + 0.3 * two.delta.dense(name).double()
        assert torch.allclose(parameter.double(), want, rtol=0, atol=1e-6)


def test_licence_and_consent_only_where_all_agree(make_pack):
    same = mix({make_pack(seed=1): 0.5, make_pack(seed=2): 0.5})
    assert (same.config.license, same.config.consent) == ("CC-BY-4.0", "my own face")
    other = mix({make_pack(seed=1): 0.5, make_pack(seed=2, license="MIT", consent="his"): 0.5})
    assert (other.config.license, other.config.consent) == (None, None)


def test_many_long_names_still_make_a_name(make_pack):
    packs = {make_pack(seed=n, name=f"{n} " + "x" * 60): 0.1 for n in range(5)}
    assert len(mix(packs).name) <= 64


def test_what_does_not_mix(make_generator, make_pack, pack):
    with pytest.raises(ConfigError):
        mix({})
    with pytest.raises(ConfigError):
        mix({pack: float("nan")})
    with pytest.raises(PackIncompatible, match="different bases"):
        mix({pack: 0.5, make_pack(make_generator(3)): 0.5})

"""Strengths outside 0 to 1, and mixes of more than a whole, carry the motion on."""

import pytest
import torch

from sdk.errors import ConfigError
from sdk.packs import StyledBatch, StyleSlot, mix, strength_warnings, styled


def motion(generator, features):
    with torch.no_grad():
        expression, pose, _ = generator(features)
    return torch.cat([expression.flatten(2), pose], dim=2)


def slot(generator, pack, strength):
    chosen = StyleSlot(generator)
    chosen.use(pack, strength=strength)
    return chosen.generator


@pytest.mark.parametrize("strength", [-3.0, -0.5, 1.5, 10.0])
@pytest.mark.parametrize("put_on", ["styled", "slot", "batch"])
def test_beyond_the_style_the_difference_in_motion_is_multiplied(generator, pack, features, strength, put_on):
    base, style = motion(styled(generator), features), motion(styled(generator, pack), features)
    ways = {
        "styled": lambda: styled(generator, pack, strength=strength),
        "slot": lambda: slot(generator, pack, strength),
        "batch": lambda: StyledBatch(generator, [pack] * len(features), strengths=[strength] * len(features)),
    }
    moved = motion(ways[put_on](), features)
    assert torch.allclose(moved, base + strength * (style - base), atol=1e-5)
    weights = generator.get_parameter("out.weight") + strength * pack.delta.dense("out.weight")
    assert not any(torch.equal(weights, p) for p in ways[put_on]().parameters())


def test_pieces_joined_equal_the_whole(generator, pack, features):
    exaggerated = styled(generator, pack, strength=3.0)
    with torch.no_grad():
        whole, _, _ = exaggerated(features)
        first, _, state = exaggerated(features[:, :4])
        rest, _, _ = exaggerated(features[:, 4:], state)
    assert torch.allclose(torch.cat([first, rest], dim=1), whole, atol=1e-5)


def test_a_slot_goes_back_to_ordinary_strengths(generator, pack, features):
    chosen = StyleSlot(generator)
    own = chosen.generator
    chosen.use(pack, strength=4.0)
    assert chosen.generator is not own
    chosen.use(pack, strength=0.5)
    assert chosen.generator is own
    assert torch.equal(motion(own, features), motion(styled(generator, pack, strength=0.5), features))
    chosen.use(pack, strength=-1.0)
    chosen.clear()
    assert torch.equal(motion(chosen.generator, features), motion(styled(generator), features))


def test_a_mix_of_twice_a_style_is_the_style_at_strength_two(generator, pack, features):
    twice = mix({pack: 2.0})
    assert torch.allclose(
        motion(styled(generator, twice), features), motion(styled(generator, pack, strength=2.0), features), atol=1e-5
    )
    # Half of it is the style itself, as it always was.
    assert torch.allclose(
        motion(styled(generator, twice, strength=0.5), features), motion(styled(generator, pack), features), atol=1e-5
    )


@pytest.mark.parametrize("strength", [10.1, -11.0, 1e19])
def test_a_strength_that_means_nothing_is_refused(generator, pack, strength):
    for put_on in (styled, slot):
        with pytest.raises(ConfigError, match="is no strength") as caught:
            put_on(generator, pack, strength=strength)
        assert "at most 10" in caught.value.hint
    with pytest.raises(ConfigError, match="weights sum to"):
        mix({pack: abs(strength)})
    with pytest.raises(ConfigError, match="strength 12 in all"):
        styled(generator, mix({pack: 4.0}), strength=3.0)


def test_what_is_said_of_a_strength(generator, make_pack):
    pack = make_pack(generator, scale=1e-3)
    assert strength_warnings(generator, None, 5.0) == ()
    for quiet in (-1.5, 0.0, 1.0, 1.5):
        assert strength_warnings(generator, pack, quiet) == ()
    assert ["strength 3 exaggerates" in w for w in strength_warnings(generator, pack, 3.0)] == [True]
    assert ["a mix of strength 2 in all" in w for w in strength_warnings(generator, mix({pack: 2.0}), 1.0)] == [True]


def test_a_delta_of_its_bases_size_is_spoken_of(generator, make_pack):
    pack = make_pack(generator, scale=30.0)
    (warning,) = strength_warnings(generator, pack, 1.0)
    assert "its base's own size" in warning


def test_the_whole_strength_of_a_mix_of_mixes_is_known(generator, pack, features):
    nested = mix({mix({pack: 4.0}): 0.5})
    assert torch.allclose(
        motion(styled(generator, nested), features), motion(styled(generator, pack, strength=2.0), features), atol=1e-5
    )
    with pytest.raises(ConfigError, match="weights sum to 12"):
        mix({mix({pack: 4.0}): 3.0})

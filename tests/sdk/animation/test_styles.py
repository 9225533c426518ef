"""What a style does in ``animate``."""

import numpy as np
import pytest
import torch

from sdk.animation import animate
from sdk.errors import PackIncompatible
from sdk.packs import StylePack
from sdk.registry import register
from sdk.warnings import TalkstyleWarning
from tests.sdk.animation import fakes


def pack(gain, name="louder"):
    """A style that sets the fake generator's gain."""
    fitted = {"gain": torch.tensor([gain]), "still": fakes.Generator().still.detach()}
    return StylePack.create(name=name, base=fakes.Generator(), fitted=fitted, encoder=fakes.Encoder())


def opening(**options):
    """How far the lower lip goes, at most."""
    parts = {"generator": fakes.Generator(), "encoder": fakes.Encoder(), "renderer": fakes.Renderer()}
    animation = animate(fakes.portrait(), fakes.sound((2, 1)), **{**parts, "device": "cpu", **options})
    return float(animation.motion.expression[:, 66, 1].max()) - fakes.Generator().rest


@pytest.mark.parametrize(("strength", "gain"), [(0.0, 2.0), (0.5, 4.0), (1.0, 6.0), (1.1, 6.4), (-0.25, 1.0)])
def test_strength_goes_from_the_base_through_the_style(strength, gain):
    assert opening(style=pack(6.0), strength=strength) == pytest.approx(opening() * gain / 2, rel=1e-3)


def test_references_and_mixes(tmp_path):
    pack(6.0, "a").save(tmp_path / "a")
    pack(4.0, "b").save(tmp_path / "b")
    a, b = f"{tmp_path}/a", f"{tmp_path}/b"
    base = opening()
    assert (
        opening(style=a) == opening(style=tmp_path / "a") == opening(style={a: 1}) == pytest.approx(3 * base, rel=1e-3)
    )
    assert opening(style={a: 0.25, b: 0.5}) == pytest.approx(2 * base, rel=1e-3)


def test_the_style_is_on_a_copy():
    generator = fakes.Generator()
    opening(style=pack(6.0), generator=generator)
    assert generator.gain.item() == 2


def test_two_animations_of_one_generator_wear_their_own_styles():
    generator, parts = fakes.Generator(), {"encoder": fakes.Encoder(), "renderer": fakes.Renderer(), "device": "cpu"}
    portrait, sound = fakes.portrait(), fakes.sound((1, 1), level=0.02)
    plain = animate(portrait, sound, generator=generator, **parts)
    styled = animate(portrait, sound, generator=generator, style=pack(6.0), **parts)
    pairs = [(int(a[0, 0, 0]), int(b[0, 0, 0])) for a, b in zip(plain, styled, strict=True)]
    assert max(b for _, b in pairs) > max(a for a, _ in pairs)
    np.testing.assert_array_equal([b for _, b in pairs], [frame[0, 0, 0] for frame in styled])


@pytest.mark.parametrize("strength", [0.0, 1.0])
def test_an_animation_stays_as_it_is_when_the_caller_trains_the_generator(strength):
    generator = fakes.Generator()

    def make():
        parts = {"generator": generator, "encoder": fakes.Encoder(), "renderer": fakes.Renderer(), "device": "cpu"}
        options = {"style": pack(6.0), "strength": strength, "allow_other_base": True}
        return animate(fakes.portrait(), fakes.sound((1, 1)), **parts, **options)

    before, later = make(), make()
    assert before.motion.expression.any()
    with torch.no_grad():
        generator.gain.mul_(2)
    assert np.array_equal(later.motion.expression, before.motion.expression)
    with pytest.warns(TalkstyleWarning, match="another base"):
        assert not np.array_equal(make().motion.expression, before.motion.expression)


def test_a_style_brings_its_own_generator_and_encoder():
    with (
        register("motion-generator", "fake", fakes.Generator),
        register("audio-encoder", "fake", fakes.Encoder),
    ):
        by_name = opening(style=pack(6.0), generator=None, encoder=None)
    assert by_name == opening(style=pack(6.0))


def test_another_base_or_encoder_is_refused_unless_it_is_asked_for():
    other = fakes.Generator()
    torch.nn.init.constant_(other.gain, 3.0)
    with pytest.raises(PackIncompatible):
        opening(style=pack(6.0), generator=other)
    with pytest.warns(UserWarning, match="base"):
        assert opening(style=pack(6.0), generator=other, allow_other_base=True) > 0

    class Other(fakes.Encoder):
        def fingerprint(self):
            return "1" * 64

    with pytest.raises(PackIncompatible, match="encoder"):
        opening(style=pack(6.0), encoder=Other())

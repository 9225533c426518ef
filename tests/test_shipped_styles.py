"""The styles that ship: made for the base that ships, small and described; ``test_wheels`` looks for them there."""

from __future__ import annotations

import pytest

from sdk import defaults
from sdk.compatibility import layout_sha256, weights_sha256
from sdk.packs import StylePack, read_previews, shipped_styles
from sdk.registry import resolve

NAMES = ("ballad", "calm", "emphatic", "lively", "mumbling", "neutral", "opera", "rap")


def test_all_eight_are_there():
    assert tuple(shipped_styles()) == NAMES


@pytest.fixture(scope="module")
def base():
    return resolve("motion-generator", defaults.GENERATOR)


@pytest.mark.parametrize("name", NAMES)
def test_each_belongs_to_the_base_that_ships(name, base):
    pack = StylePack.load(name, base=base)
    assert pack.config.base.component == defaults.GENERATOR
    again = f"Make it again: talkstyle styles build --only {name}"
    assert pack.config.base.layout_sha256 == layout_sha256(base), again
    assert pack.config.base.weights_sha256 == weights_sha256(base), again
    assert pack.config.encoder.sha256 == resolve("audio-encoder", base.encoder).fingerprint(), again


@pytest.mark.parametrize("name", NAMES)
def test_each_is_small_measured_and_described(name):
    config = StylePack.load(name).config
    assert config.name == name
    assert config.summary
    assert config.license == "Apache-2.0"
    assert config.consent
    assert config.delta.bytes <= 256 * 1024
    assert config.gain == config.training.after["gain"] * config.compression.gain > 0
    assert config.compression.gain >= 0.95
    folder = shipped_styles()[name]
    assert sorted(read_previews(folder)) == ["preview-opening.png", "preview.webp"]
    assert (folder / "preview.webp").stat().st_size < 300_000
    assert "(preview.webp)" in (folder / "README.md").read_text(encoding="utf-8")

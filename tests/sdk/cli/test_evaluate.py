"""``talkstyle evaluate`` on a drawn face, with the real components."""

from __future__ import annotations

import pytest
import torch

import sdk
import sdk.registry.requirements
from sdk.media import read_image
from sdk.packs import StylePack


@pytest.fixture(scope="module")
def pack(tmp_path_factory):
    """A style that moves something: the base with its last layers pushed."""
    generator = sdk.load("motion-generator", "tcn")
    random = torch.Generator().manual_seed(0)
    fitted = {
        name: parameter.detach() + 0.02 * torch.randn(parameter.shape, generator=random)
        for name, parameter in generator.named_parameters()
    }
    encoder = sdk.load("audio-encoder", "mel")
    return StylePack.create(name="pushed", base=generator, fitted=fitted, encoder=encoder).save(
        tmp_path_factory.mktemp("packs") / "pushed"
    )


@pytest.mark.filterwarnings("ignore:only 3")
def test_the_figures_stand_beside_the_base_and_trivial_means(pack, clip, talkstyle_json, tmp_path):
    code, document = talkstyle_json("evaluate", pack, clip, "--plot", tmp_path / "opening.png", "--device", "cpu")
    assert code == 0
    rivals = {"static mean", "mean shift", "mean and spread", "ridge", "loudness"}
    assert set(document["scores"]) >= {"style", "base", "real", *rivals}
    assert document["scores"]["style"]["style"] != document["scores"]["base"]["style"]
    assert document["scores"]["static mean"]["opening_ratio"] == pytest.approx(0, abs=1e-4)
    first, last = document["frames"]
    assert 0.5 * 180 < first < last <= 180
    assert document["plot"] == str(tmp_path / "opening.png")
    assert read_image(tmp_path / "opening.png").pixels.shape == (400, 1400, 3)


def test_the_table(pack, clip, talkstyle):
    code, out, err = talkstyle("evaluate", pack, clip, "--strength", 0, "--device", "cpu")
    assert code == 0, err
    rows = {line.split("  ")[0]: line.split()[-11:] for line in out.splitlines() if "." in line}
    assert rows["style"] == rows["base"] != rows["real"], "at strength 0 a style is the base"
    assert "style gap" in out
    assert "Measured from" in out


def test_errors_come_before_the_work(pack, clip, talkstyle_json, tmp_path, monkeypatch):
    code, document = talkstyle_json("evaluate", tmp_path / "none", clip)
    assert (code, document["error"]["code"]) == (1, "style-not-found")
    code, document = talkstyle_json("evaluate", pack, tmp_path / "none.mp4")
    assert (code, document["error"]["code"]) == (1, "media-not-found")
    code, document = talkstyle_json("evaluate", pack, clip, "--plot", tmp_path / "opening.doc")
    assert (code, document["error"]["code"]) == (1, "output")
    monkeypatch.setattr(sdk.registry.requirements, "unmet", lambda wanted: wanted)
    code, document = talkstyle_json("evaluate", pack, clip, "--plot", tmp_path / "opening.png")
    assert (code, document["error"]["code"]) == (1, "component-unavailable")
    assert document["error"]["hint"] == 'Run: python -m pip install "talkstyle[plots]"'


def test_another_encoder_than_the_packs_is_refused(pack, clip, talkstyle_json):
    code, document = talkstyle_json("evaluate", pack, clip, "--encoder", "apc", "--device", "cpu")
    assert (code, document["error"]["code"]) == (1, "pack-incompatible")

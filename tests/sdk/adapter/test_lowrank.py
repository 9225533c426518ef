"""A style's own tensors that go on learning."""

import pytest
import torch

from sdk.adapter import FitConfig
from sdk.adapter.loop import Setup
from sdk.adapter.lowrank import LowRankGenerator, refine
from sdk.packs import Delta, StylePack, energy, styled
from sdk.packs.delta import low_rank
from sdk.progress import Reporter
from tests.sdk.adapter.fit_data import material
from tests.sdk.fakes import LoudnessEncoder, TinyGenerator, TinyNet


@pytest.fixture
def delta():
    noise = torch.Generator().manual_seed(0)
    whole = {f"{n}.delta": 0.02 * torch.randn(p.shape, generator=noise) for n, p in TinyGenerator().named_parameters()}
    return low_rank(Delta(whole), 2)


def test_it_moves_as_the_pack_does(delta):
    base, features = TinyGenerator(), torch.randn(2, 50, 8)
    fitted = {name: p.detach() + 1 for name, p in base.named_parameters()}
    pack = StylePack.create(name="x", base=base, fitted=fitted, encoder=LoudnessEncoder()).replace(delta=delta)
    with torch.no_grad():
        got = LowRankGenerator(base, delta)(features)
        wanted = styled(base, pack)(features)
    assert torch.allclose(got[0], wanted[0], atol=1e-6)
    assert torch.allclose(got[1], wanted[1], atol=1e-6)


def test_only_the_style_learns_and_keeps_its_form(delta):
    base, stuff = TinyGenerator(), material()
    before = {name: p.clone() for name, p in base.state_dict().items()}
    config = FitConfig(steps=6, learning_rate=3e-3, batch=2, window=120, critic_warmup=1)
    shared = {"net": TinyNet(), "config": config, "seed": 0, "device": torch.device("cpu"), "report": Reporter()}
    learned = refine(delta, stuff, Setup(generator=base, **shared))
    assert learned.forms == delta.forms
    assert 1 - energy(delta, learned) > 0
    assert all((base.state_dict()[name] == value).all() for name, value in before.items())
    assert energy(delta, delta) == 1

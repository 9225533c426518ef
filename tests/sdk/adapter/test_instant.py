"""Styles without a step: what is found of them in a generator's own basis."""

import numpy as np
import pytest
import torch

from sdk import ConfigError, FitConfig
from sdk.adapter import StyleAdapter
from sdk.adapter.instant import predict
from sdk.adapter.loop import Setup
from sdk.data import Audio, Motion
from sdk.generation import generate
from sdk.packs import with_parameters
from sdk.progress import Reporter
from tests.sdk.adapter.fit_data import material
from tests.sdk.fakes import LoudnessEncoder, TinyGenerator, TinyNet, talking

CPU = torch.device("cpu")


class Basis:
    """Two directions: how strongly the last layer answers, and a constant shift of its outputs."""

    size = 2

    def delta(self, parameters, coefficients):
        name = next(key for key in reversed(parameters) if key.endswith("weight"))
        weight, bias = parameters[name], parameters[name.replace("weight", "bias")]
        shift = torch.linspace(-0.05, 0.05, len(bias))
        return {name: weight * coefficients[0], name.replace("weight", "bias"): shift * coefficients[1]}


class Styled(TinyGenerator):
    def __init__(self):
        super().__init__()
        self.style_basis = Basis()


def reference(coefficients, *, frames=600):
    """Data whose motion is the generator's own in a known style."""
    generator = Styled().eval()
    parameters = dict(generator.named_parameters())
    changes = Basis().delta(parameters, torch.tensor(coefficients))
    styled = with_parameters(generator, {name: value + changes.get(name, 0) for name, value in parameters.items()})
    data = material(frames, hidden=0)
    motion = generate(styled.eval(), data.features, device=CPU)
    object.__setattr__(data, "motion", motion)
    return data, generator


def setup(generator, **settings):
    return Setup(
        generator=generator, net=TinyNet(), config=FitConfig(**settings), seed=0, device=CPU, report=Reporter()
    )


def distance(data, generator, parameters):
    made = generate(with_parameters(generator, parameters).eval(), data.features, device=CPU)
    return float(np.abs(made.expression - data.motion.expression).mean())


def test_a_style_in_the_basis_is_found():
    data, generator = reference([0.8, -1.0])
    base = {name: value.detach() for name, value in generator.named_parameters()}
    assert distance(data, generator, predict(data, setup(generator))) < 0.2 * distance(data, generator, base)


def test_the_less_is_known_the_nearer_it_stays_to_the_base():
    moved = []
    for known in (3, 600):
        data, generator = reference([0.8, -1.0])
        data.hidden[known:] = True
        found = predict(data, setup(generator))
        moved.append(sum(float((found[n] - p).detach().abs().sum()) for n, p in generator.named_parameters()))
    assert 0 < moved[0] < 0.9 * moved[1]


def test_a_generator_without_a_basis_says_so():
    with pytest.raises(ConfigError, match="no basis of styles"):
        predict(material(), setup(TinyGenerator()))


@pytest.fixture
def spoken():
    swell = np.abs(np.sin(np.arange(5 * 16000) / 16000 * 8))
    voice = Audio(np.random.default_rng(0).normal(size=5 * 16000) * (0.1 * swell + 1e-3), 16000)
    return voice, Motion(*talking(300, opening=0.2, smile=0.03, loudness=np.abs(np.sin(np.arange(300) / 60 * 8))))


@pytest.mark.filterwarnings("ignore::sdk.TalkstyleWarning")
def test_an_instant_style_takes_no_step_and_is_measured_all_the_same(spoken):
    adapter = StyleAdapter(encoder=LoudnessEncoder(), generator=Styled(), net=TinyNet(), device="cpu")
    pack = adapter.fit_motion(*spoken, instant=True)
    assert (pack.config.training.steps, pack.config.training.folds, adapter.last.history) == (0, 3, [])
    assert pack.gain is not None
    assert adapter.fit_motion(*spoken, instant=True) == pack

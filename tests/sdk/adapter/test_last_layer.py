"""Styles in closed form: what reaches the last layer, what is solved for, and spreads that are matched."""

import numpy as np
import pytest
import torch
from torch import nn

from sdk import ConfigError, FitConfig
from sdk.adapter import StyleAdapter
from sdk.adapter.last_layer import match_spread, solve
from sdk.adapter.loop import Setup
from sdk.adapter.training import train
from sdk.data import Audio, Motion
from sdk.generation import LastLayer, generate
from sdk.packs import with_parameters
from sdk.progress import Reporter
from tests.sdk.adapter.fit_data import material
from tests.sdk.fakes import LoudnessEncoder, TinyGenerator, TinyNet, talking

CPU = torch.device("cpu")


class Named(TinyGenerator):
    last_layer = "out"


class Wide(Named):
    """More inputs than outputs, through a convolution, and a smoothing behind it."""

    def __init__(self):
        super().__init__()
        self.widen = nn.Linear(16, 300)
        self.out = nn.Conv1d(300, 210, 1)

    def forward(self, features, state=None):
        hidden, state = self.gru(features, state)
        raw = self.out(torch.tanh(self.widen(hidden)).transpose(1, 2)).transpose(1, 2)
        out = 0.05 * (raw + torch.cat([raw[:, :1], raw[:, :-1]], dim=1)) / 2
        return out[..., :204].unflatten(-1, (68, 3)), out[..., 204:], state


def setup(generator=None, **settings):
    return Setup(
        generator=generator or Named(),
        net=TinyNet(),
        config=FitConfig(**settings),
        seed=0,
        device=CPU,
        report=Reporter(),
    )


def reached(generator, data):
    return LastLayer.of(generator, data.features, device=CPU), data, parameters_of(generator)


def parameters_of(generator):
    return {name: value.detach().clone() for name, value in generator.named_parameters()}


def outputs(motion):
    return np.concatenate([motion.expression.reshape(len(motion), -1), motion.pose], axis=1)


def made(generator, data, parameters):
    return generate(with_parameters(generator, parameters).eval(), data.features, device=CPU)


@pytest.mark.parametrize("kind", [Named, Wide])
def test_motion_is_what_reaches_the_layer_times_its_weight(kind):
    generator, data = kind().eval(), material()
    layer = LastLayer.of(generator, data.features, device=CPU)
    parameters = dict(generator.named_parameters())
    weight, bias = layer.values(parameters)
    again = layer.inputs @ weight.T + bias
    assert all(torch.equal(value, parameters[name]) for name, value in layer.put(parameters, weight, bias).items())
    np.testing.assert_allclose(again, outputs(generate(generator, data.features, device=CPU)), atol=1e-5)


def test_a_face_that_the_layer_could_make_is_found():
    generator, data = Named().eval(), material(hidden=0)
    object.__setattr__(data, "base", made(generator, data, {}))
    torch.manual_seed(1)
    wanted = parameters_of(generator)
    wanted["out.weight"][:204] += 0.1 * torch.randn(204, 16)
    wanted["out.bias"][:204] += 0.05
    object.__setattr__(data, "motion", made(generator, data, wanted))
    near = solve(*reached(generator, data), prior_seconds=1e-4)
    gap = np.abs(outputs(made(generator, data, near)) - outputs(data.motion)).max()
    assert gap < 0.02 * np.abs(outputs(data.base) - outputs(data.motion)).max()
    assert {name for name in near if not torch.equal(near[name], dict(generator.named_parameters())[name])} == {
        "out.weight",
        "out.bias",
    }


def test_the_stronger_the_prior_the_nearer_it_stays_to_the_base():
    generator, data = Named().eval(), material(hidden=0)
    base = parameters_of(generator)["out.weight"]
    moved = [
        float((solve(*reached(generator, data), prior_seconds=prior)["out.weight"] - base).abs().sum())
        for prior in (1.0, 48.0, 1e4)
    ]
    assert moved[0] > moved[1] > moved[2] > 0
    assert moved[2] < 0.2 * moved[0]


def test_silence_and_hidden_frames_teach_nothing():
    generator, data, other = Named().eval(), material(), material()
    hush = np.zeros(len(data.features), dtype=bool)
    hush[100:160] = True
    for one in (data, other):
        one.spoken[hush] = False
    other.motion.expression.flags.writeable = True
    other.motion.expression[hush] += 0.3
    other.motion.expression[other.hidden] -= 0.3
    first, second = (solve(*reached(generator, one), prior_seconds=48.0) for one in (data, other))
    assert all(torch.equal(first[name], second[name]) for name in first)
    other.spoken[:] = True
    again = solve(*reached(generator, other), prior_seconds=48.0)
    assert not torch.equal(again["out.weight"], first["out.weight"])


def test_a_spread_is_matched_and_the_heads_place_is_kept():
    generator, data = Wide().eval(), material(hidden=0, opening=0.1)
    base = parameters_of(generator)
    own = made(generator, data, base)
    object.__setattr__(data, "motion", Motion(0.02 + 1.3 * own.expression, 0.5 + 0.8 * own.pose))
    after = outputs(made(generator, data, match_spread(LastLayer.of(generator, data.features, device=CPU), data, base)))
    wanted, before = outputs(data.motion), outputs(own)
    np.testing.assert_allclose(after[:, :204].mean(0), wanted[:, :204].mean(0), atol=1e-4)
    np.testing.assert_allclose(after[:, 204:].mean(0), before[:, 204:].mean(0), atol=1e-4)
    for part in (slice(0, 204), slice(204, 210)):
        near, far = (np.abs(one[:, part].std(0) - wanted[:, part].std(0)).mean() for one in (after, before))
        assert near < 0.1 * far


def test_a_paired_fit_is_solved_and_takes_steps_for_the_manner_alone_if_any():
    data = material(hidden=0)
    solved, instant = (train(data, setup(), options) for options in ({}, {"instant": True}))
    assert solved.history == instant.history == []
    assert all(torch.equal(solved.parameters[name], value) for name, value in instant.parameters.items())
    settings = {"manner_steps": 2, "batch": 2, "window": 120, "critic_warmup": 1}
    trained = train(data, setup(**settings), {})
    assert [("timing" in step, "mg" in step) for step in trained.history] == [(True, False)] * 2
    unnamed = train(data, setup(TinyGenerator(), steps=3, **settings), {})
    assert ["mg" in step for step in unnamed.history] == [True] * 3 + [False] * 2


def test_a_generator_that_names_no_last_layer_has_no_instant_styles():
    with pytest.raises(ConfigError, match="names no last layer"):
        train(material(), setup(TinyGenerator()), {"instant": True})


@pytest.fixture
def spoken():
    swell = np.abs(np.sin(np.arange(5 * 16000) / 16000 * 8))
    voice = Audio(np.random.default_rng(0).normal(size=5 * 16000) * (0.1 * swell + 1e-3), 16000)
    return voice, Motion(*talking(300, opening=0.2, smile=0.03, loudness=np.abs(np.sin(np.arange(300) / 60 * 8))))


@pytest.mark.filterwarnings("ignore::sdk.TalkstyleWarning")
def test_an_instant_style_takes_no_step_and_is_measured_all_the_same(spoken):
    adapter = StyleAdapter(encoder=LoudnessEncoder(), generator=Named(), net=TinyNet(), device="cpu")
    pack = adapter.fit_motion(*spoken, instant=True)
    assert (pack.config.training.steps, pack.config.training.folds, adapter.last.history) == (0, 3, [])
    assert pack.gain is not None
    assert adapter.fit_motion(*spoken, instant=True) == pack


@pytest.mark.parametrize("ordered", [True, False])
def test_an_instant_style_of_stills_looks_as_they_do(ordered):
    data = material(hidden=0, paired=False, ordered=ordered)
    generator = Named().eval()
    styled = made(generator, data, train(data, setup(generator), {"instant": True}).parameters)
    assert np.abs(styled.expression.mean(0) - data.motion.expression.mean(0)).max() < 2e-3

"""From a material to a pack: compressing, and pushing what was learned."""

import numpy as np
import pytest
import torch

from sdk.adapter import FitConfig, StyleAdapter, adapt
from sdk.adapter.gain import distance_share
from sdk.data import Audio, Motion
from sdk.errors import AudioSilent, ConfigError, HubError, InputError, ReferenceTooShort
from sdk.generation import generate
from sdk.packs import StylePack, styled
from tests.sdk.adapter.fit_data import material
from tests.sdk.fakes import LoudnessEncoder, TinyGenerator, TinyNet, talking

CONFIG = FitConfig(steps=15, learning_rate=3e-3, batch=2, window=120, critic_warmup=2, manner_steps=5)
TERMS = {"license": "mit", "consent": "nobody: made up"}
pytestmark = [
    pytest.mark.filterwarnings("ignore::sdk.TalkstyleWarning"),
    # The client's own way of uploading is one that its HTTP library has come to discourage.
    pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning"),
]


class Blind:
    """A detector that nothing here asks."""

    name, depth = "blind", True

    def detect(self, images):
        raise AssertionError("nobody looks at pictures here")


def make(detector=None):
    return StyleAdapter(
        encoder=LoudnessEncoder(),
        generator=TinyGenerator(),
        net=TinyNet(),
        detector=detector or Blind(),
        device=torch.device("cpu"),
        config=CONFIG,
    )


@pytest.fixture
def adapter(monkeypatch):
    """Fits that need no clip."""
    found = make()
    monkeypatch.setattr(found, "_data", lambda *_: material())
    return found


@pytest.fixture
def spoken():
    """Five seconds of noise that swells, and a mouth that follows it."""
    swell = np.abs(np.sin(np.arange(5 * 16000) / 16000 * 8))
    voice = Audio(np.random.default_rng(0).normal(size=5 * 16000) * (0.1 * swell + 1e-3), 16000)
    course = np.abs(np.sin(np.arange(300) / 60 * 8)).astype(np.float32)
    return voice, Motion(*talking(300, opening=0.2, smile=0.03, loudness=course))


def test_a_rank_keeps_what_it_says(adapter):
    whole = adapter.fit("clip.mp4")
    small = adapter.fit("clip.mp4", rank=2)
    kept = small.config.compression
    assert (small.delta.rank, small.config.delta.dtype, kept.from_sha256) == (2, "float16", whole.config.delta.sha256)
    assert small.config.delta.bytes < whole.config.delta.bytes / 2
    # The share is that of the gain, measured again by hand.
    last, data = adapter.last, material()
    motion = generate(styled(adapter.generator, small), data.features, device=adapter.device)
    gain = distance_share(data, motion) / distance_share(data, last.styled)
    assert kept.gain == pytest.approx(gain)


def test_what_was_learned_is_pushed(adapter, hub):
    pack = adapter.fit("clip.mp4", push_to="ann/rap", **TERMS)
    assert pack.source.revision == hub.repos["ann/rap"].refs["main"]
    assert StylePack.load("ann/rap") == pack


@pytest.mark.parametrize("missing", ["license", "consent", "name"])
def test_terms_are_demanded_before_the_work(hub, missing):
    terms = {key: text for key, text in TERMS.items() if key != missing}
    repo = "ann/ra p" if missing == "name" else "ann/rap"
    with pytest.raises(ConfigError, match=r"license|consent|location of a style"):
        adapt("there is no such clip.mp4", push_to=repo, detector=Blind(), device="cpu", **terms)
    assert hub.requests == []


def test_a_push_that_fails_loses_nothing(adapter, hub):
    hub.fail = lambda request: 403 if "create" in request else None
    with pytest.raises(HubError):
        adapter.fit("clip.mp4", push_to="ann/rap", **TERMS)
    assert adapter.last.pack.config.license == "mit"


def test_known_motion_is_learned_from_without_a_picture(spoken):
    voice, motion = spoken
    adapter = make(detector="no-such-detector")
    pack = adapter.fit_motion(voice, motion, name="known", **TERMS)
    training, last = pack.config.training, adapter.last
    assert (pack.name, training.settings["paired"], training.folds) == ("known", True, 3)
    assert (training.seconds, training.measured_seconds) == (5.0, 3.0)
    assert [record.kind for record in training.references] == ["clip"]
    assert training.after["style"] < training.before["style"]
    assert last.pack == pack
    assert (last.offset, last.warnings, len(last.history)) == (0.0, (), CONFIG.steps + CONFIG.manner_steps)
    assert len(last.motion) == len(last.base) == len(last.styled) == 300
    assert adapter.fit_motion(voice, motion, **TERMS) == pack
    half = adapter.fit_motion(voice, motion, valid=np.arange(300) >= 100)
    assert half.config.training.seconds == pytest.approx(200 / 60, abs=1e-3)
    assert half.config.training.references != training.references


def test_the_first_of_several_ranks_that_keeps_the_gain_is_taken(spoken):
    adapter = make()
    small = adapter.fit_motion(*spoken, rank=(1, 8))
    kept = small.config.compression
    assert kept.rank == (1 if kept.gain >= 0.95 else 8)
    assert adapter.fit_motion(*spoken, rank=(8, 1)).config.compression.rank == 8
    with pytest.raises(ConfigError, match="no rank"):
        adapter.fit_motion(*spoken, rank=())


def test_motion_that_cannot_be_learned_from_is_refused(spoken):
    voice, motion = spoken
    with pytest.raises(InputError, match="30 Hz"):
        make().fit_motion(voice, Motion(motion.expression, motion.pose, 30))
    with pytest.raises(InputError, match="valid has shape"):
        make().fit_motion(voice, motion, valid=np.ones(299, bool))
    with pytest.raises(ReferenceTooShort):
        make().fit_motion(voice, motion, valid=np.zeros(300, bool))
    with pytest.raises(AudioSilent):
        make().fit_motion(Audio(np.zeros(80000), 16000), motion)


def test_a_callers_own_networks_stay_as_they_are(spoken):
    generator, net = TinyGenerator().train(), TinyNet().train()
    generator.gru.eval()

    def state(module):
        values = [
            (n, p.detach().clone(), p.data_ptr(), p.device, p.requires_grad) for n, p in module.named_parameters()
        ]
        return values, [part.training for part in module.modules()]

    before = [state(module) for module in (generator, net)]
    adapter = StyleAdapter(encoder=LoudnessEncoder(), generator=generator, net=net, device="cpu", config=CONFIG)
    assert adapter.generator is not generator
    assert adapter.net is not net
    adapter.generator.to("meta")
    adapter.net.to("meta")
    StyleAdapter(encoder=LoudnessEncoder(), generator=generator, net=net, device="cpu", config=CONFIG).fit_motion(
        *spoken, rank=1
    )
    for module, (values, training) in zip((generator, net), before, strict=True):
        assert [part.training for part in module.modules()] == training
        for (_, was, *rest), (_, now, *still) in zip(values, state(module)[0], strict=True):
            assert torch.equal(was, now)
            assert rest == still
            assert now.device.type == "cpu"

"""From a material to a pack: compressing, and pushing what was learned."""

import pytest
import torch

from sdk.adapter import FitConfig, StyleAdapter, adapt
from sdk.errors import ConfigError, HubError
from sdk.packs import StylePack
from tests.sdk.adapter.fit_data import material
from tests.sdk.fakes import LoudnessEncoder, TinyGenerator, TinyNet

CONFIG = FitConfig(steps=15, learning_rate=3e-3, batch=2, window=120, critic_warmup=2)
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


@pytest.fixture
def adapter(monkeypatch):
    """Fits that need no clip."""
    found = StyleAdapter(
        encoder=LoudnessEncoder(),
        generator=TinyGenerator(),
        net=TinyNet(),
        detector=Blind(),
        device=torch.device("cpu"),
        config=CONFIG,
    )
    monkeypatch.setattr(found, "_material", lambda *_: material())
    return found


def test_a_rank_keeps_what_it_says(adapter):
    whole = adapter.fit("clip.mp4")
    small = adapter.fit("clip.mp4", rank=2)
    kept = small.config.compression
    assert (small.delta.rank, small.config.delta.dtype, kept.from_sha256) == (2, "float16", whole.config.delta.sha256)
    assert small.config.delta.bytes < whole.config.delta.bytes / 2
    # The share is that of the gain, measured again by hand.
    from sdk.adapter.gain import measure
    from sdk.generation import generate

    last = adapter.last
    with small.apply(adapter.generator) as styled:
        gain = measure(last.material, last.base, generate(styled, last.material.features, device=adapter.device)).style
    assert kept.gain == pytest.approx(gain / last.gain.style)


def test_what_was_learned_is_pushed(adapter, hub):
    pack = adapter.fit("clip.mp4", push_to="ann/rap", **TERMS)
    assert pack.source.revision == hub.repos["ann/rap"].refs["main"]
    assert StylePack.load("ann/rap") == pack


@pytest.mark.parametrize("missing", ["license", "consent", "name"])
def test_terms_are_demanded_before_the_work(hub, missing):
    terms = {key: text for key, text in TERMS.items() if key != missing}
    repo = "ann/ra p" if missing == "name" else "ann/rap"
    with pytest.raises(ConfigError, match=r"license|consent|reference to a style"):
        adapt("there is no such clip.mp4", push_to=repo, detector=Blind(), device="cpu", **terms)
    assert hub.requests == []


def test_a_push_that_fails_loses_nothing(adapter, hub):
    hub.fail = lambda request: 403 if "create" in request else None
    with pytest.raises(HubError):
        adapter.fit("clip.mp4", push_to="ann/rap", **TERMS)
    assert adapter.last.pack.config.license == "mit"

"""A style learned from a long face brings a round one its movements, and none of its length."""

from fractions import Fraction

import numpy as np
import pytest
from torch.nn import functional

import sdk.adapter.fit_data
from sdk import FitConfig, StyleAdapter
from sdk.data import MOTION_RATE
from sdk.demo.assets import at_frame_rate, load_assets
from sdk.drawing import drawn_clip
from sdk.evaluation import added_at_rest
from sdk.face import normalise
from sdk.geometry import canonical_face
from sdk.media import open_audio, write_video
from sdk.metrics import identity_leak
from sdk.packs import StylePack
from tests.sdk.fakes import LoudnessEncoder, TinyGenerator

LONG, ROUND = (0.92, 1.14, 1.0), (1.06, 0.94, 1.0)
FPS = Fraction(15)

pytestmark = pytest.mark.filterwarnings("ignore::sdk.TalkstyleWarning")


@pytest.fixture(scope="module")
def long_face():
    """A canonical face drawn out from the eyes down, its eyes where they were."""
    face = np.array(canonical_face(), dtype=np.float64)
    return np.where(np.abs(face) > 0, face * LONG / LONG[0], face)


@pytest.fixture(scope="module")
def clip(tmp_path_factory, long_face):
    stuff = load_assets(seconds=4)
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    motion = at_frame_rate(stuff.motion, stuff.speech.duration, FPS)
    write_video(path, drawn_clip(motion, size=224, neutral=long_face), rate=FPS, audio=open_audio(stuff.speech))
    return path


@pytest.fixture(scope="module")
def adapter():
    """The shipped parts, and a fit that is short, but moves."""
    return StyleAdapter(device="cpu", config=FitConfig(steps=15, batch=1, window=120, critic_warmup=0, max_offset=0))


def leak(adapter, **reference):
    clip = reference.pop("clip", None)
    style = adapter.fit(*([clip] if clip else []), **reference)
    added = added_at_rest(style, adapter.generator, adapter.encoder)
    person = adapter.last.neutral
    portrait = canonical_face() * np.float32(ROUND)
    return identity_leak(added, person, portrait), person, added


def test_a_long_face_does_not_make_a_round_one_longer(adapter, clip):
    share, person, added = leak(adapter, clip=clip)
    assert person[8, 1] > 1.1 * canonical_face()[8, 1], "the reference is not seen as long"
    assert np.abs(added).max() > 1e-4, "the style does nothing"
    assert abs(share) <= 0.1


def test_nor_do_a_few_stills_of_it(adapter, long_face):
    stuff = load_assets(seconds=4)
    frames = stuff.motion[:: int(MOTION_RATE) // 2]
    stills = list(drawn_clip(frames, size=224, neutral=long_face))
    share, person, _ = leak(adapter, images=stills[:6], audio=stuff.speech)
    assert person[8, 1] > 1.1 * canonical_face()[8, 1]
    assert abs(share) <= 0.1


def test_it_would_if_the_persons_own_face_were_not_taken_out(adapter, clip, monkeypatch):
    """The measure can fail: with everybody's neutral face taken for this person's, their length becomes the style."""
    monkeypatch.setattr(
        sdk.adapter.fit_data, "normalise", lambda points, **_: normalise(points, neutral=canonical_face())
    )
    all_of_it = {"steps": 60, "learning_rate": 2e-3, "prior_seconds": 0.0, "manner_steps": 0, "noise": 0.0}
    strong = adapter.config.model_copy(update=all_of_it)
    monkeypatch.setattr(adapter, "config", strong)
    share, _, _ = leak(adapter, clip=clip)
    assert share > 0.1


class Dropping(TinyGenerator):
    """A generator that drops half of what it says while it is trained."""

    def forward(self, features, state=None):
        expression, pose, state = super().forward(features, state)
        return functional.dropout(expression, training=self.training), pose, state


def test_the_mode_of_the_generator_adds_nothing():
    generator, encoder = Dropping(), LoudnessEncoder()
    fitted = {name: parameter.detach() + 0.1 for name, parameter in generator.named_parameters()}
    pack = StylePack.create(name="s", base=generator, fitted=fitted, encoder=encoder)
    added = added_at_rest(pack, generator.train(), encoder)
    assert generator.training
    assert added.any()
    assert np.array_equal(added, added_at_rest(pack, generator.eval(), encoder))

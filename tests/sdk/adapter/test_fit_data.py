"""References as data of a fit: what base and style are compared on."""

from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from sdk.adapter import FitConfig, ReferenceReader, fit_data
from sdk.data import Audio, Motion
from sdk.generation import generate
from sdk.geometry import canonical_face
from sdk.progress import Reporter
from tests.sdk.adapter.fit_data import material
from tests.sdk.fakes import LoudnessEncoder, TinyGenerator, talking

BASE = partial(generate, TinyGenerator().eval(), device=torch.device("cpu"))


@pytest.fixture
def reader():
    return ReferenceReader(LoudnessEncoder(), BASE, FitConfig(), Reporter())


@pytest.fixture
def voice():
    swell = np.abs(np.sin(np.arange(5 * 16000) / 16000 * 8))
    return Audio(np.random.default_rng(0).normal(size=5 * 16000) * (0.1 * swell + 1e-3), 16000)


@pytest.mark.parametrize("offset", [0, 7, -7])
def test_once_an_offset_is_removed_base_and_style_hear_the_same(monkeypatch, reader, voice, offset):
    expression, _ = talking(300)
    track = SimpleNamespace(
        points=100 * (canonical_face() + expression),
        valid=np.ones(300, dtype=bool),
        spans=(slice(0, 300),),
        duration=5,
        sha256="0" * 64,
        warnings=(),
    )
    monkeypatch.setattr(fit_data, "load_clip", lambda *_, **__: track)
    monkeypatch.setattr(fit_data, "_offset", lambda *_: (offset, []))
    data = reader.paired("clip.mp4", voice, detector=None, face=None)
    assert len(data.features) == len(data.base) == len(data.motion) == 300 - abs(offset)
    # Whatever moves as the base does has no distance to it: a style without effect is found out.
    assert np.array_equal(data.base.expression, BASE(data.features).expression)


def test_the_base_hears_no_sound_after_the_motion_ends(reader, voice):
    data = reader.motion(voice, Motion(*talking(270)), valid=None, neutral=None)
    assert len(data.features) == len(data.base) == 270
    assert np.array_equal(data.base.expression, BASE(data.features).expression)


def test_short_pauses_are_speech_and_long_ones_are_not(reader, voice):
    samples = voice.samples.copy()
    samples[16_000:19_200] = 0.0  # 0.2 s
    samples[40_000:56_000] = 0.0  # 1 s
    data = reader.motion(Audio(samples, 16_000), Motion(*talking(300)), valid=None, neutral=None)
    assert data.spoken[55:75].all()
    assert not data.spoken[155:205].any()
    assert data.spoken[215:].all()


@pytest.mark.parametrize("frames", [20, 300])
def test_what_is_near_to_hidden_frames_is_not_learned_from(frames):
    data = material(frames, hidden=4)
    assert data.known.tolist() == [k < frames - 4 - 12 for k in range(frames)]
    assert material(frames, hidden=4, paired=False, ordered=False).known.sum() == frames - 4

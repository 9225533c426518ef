from fractions import Fraction

import numpy as np
import pytest

from sdk.geometry import INNER_LIPS, canonical_face, mouth_opening
from sdk.tracking import load_clip, smoothing
from sdk.tracking.smoothing import smooth
from tests.sdk.tracking.conftest import Script, face, write_clip

EYES = 120.0
COUNT = 150


@pytest.fixture(scope="module")
def speech():
    """A talking face, 150 frames at 30 Hz, and where its lips meet: for one frame, five times."""
    time = np.arange(COUNT) / 30
    opening = 0.16 + 0.04 * np.sin(2 * np.pi * 3 * time)
    closures = np.arange(20, COUNT - 10, 25)
    for frame in closures:
        opening[frame - 1 : frame + 2] *= [0.5, 0.0, 0.5]
    points = np.repeat(np.asarray(canonical_face(), dtype=np.float64)[None], COUNT, axis=0)
    points[:, [65, 66, 67], 1] += opening[:, None]
    points[:, :, 0] += 0.3 * np.sin(2 * np.pi * 0.4 * time)[:, None]
    return points * EYES, closures


@pytest.fixture(scope="module")
def jittering(speech):
    return speech[0] + np.random.default_rng(0).normal(0, 0.006 * EYES, speech[0].shape)


def jitter(points):
    return np.abs(np.diff(points, n=2, axis=0)).mean()


def test_jitter_falls(jittering):
    assert jitter(smooth(jittering, range(COUNT), half=2)) < 0.65 * jitter(jittering)


def test_closures_stay_closed(speech, jittering, monkeypatch):
    _, closures = speech

    def opened():
        return mouth_opening(smooth(jittering, range(COUNT), half=2))[closures].mean()

    before = mouth_opening(jittering)[closures].mean()
    kept = opened() - before
    monkeypatch.setattr(smoothing, "NOISE_FACTOR", 1e6)  # a plain parabola, which opens them
    assert kept < 0.01
    assert opened() - before > 3 * max(kept, 0.005)


def test_nearer_to_the_truth(speech, jittering):
    truth, _ = speech
    assert np.abs(smooth(jittering, range(COUNT), half=2) - truth).mean() < 0.9 * np.abs(jittering - truth).mean()


def test_nothing_is_delayed(jittering):
    forwards = smooth(jittering, range(COUNT), half=2)
    backwards = smooth(jittering[::-1], range(COUNT), half=2)[::-1]
    assert np.allclose(forwards, backwards, atol=1e-3)


def test_nothing_crosses_a_gap(jittering):
    frames = [*range(50), *range(80, 80 + COUNT - 50)]
    joined = smooth(jittering, frames, half=2)
    assert np.array_equal(joined[48:52], jittering[48:52].astype(np.float32))
    other = jittering.copy()
    other[50:] += 1000.0
    assert np.allclose(smooth(other, frames, half=2)[:50], joined[:50], atol=1e-3)


@pytest.mark.parametrize("count", [0, 1, 4])
def test_too_few_frames(jittering, count):
    assert np.array_equal(smooth(jittering[:count], range(count), half=2), jittering[:count].astype(np.float32))


def test_a_still_face_stays(speech):
    still = np.repeat(speech[0][:1], 20, axis=0)
    assert np.allclose(smooth(still, range(20), half=3), still, atol=1e-4)


def test_load_clip_smooths_where_asked(tmp_path):
    rng = np.random.default_rng(1)
    entries = [[face(at=(160 + rng.normal(0, 1), 110), opening=0.1)] for _ in range(75)]
    clip = write_clip(tmp_path / "clip.mp4", [Fraction(k, 25) for k in range(75)])
    rough, fine = (load_clip(clip, detector=Script(entries), smoothing=half) for half in (0, 2))
    assert jitter(fine.points[:, INNER_LIPS]) < 0.8 * jitter(rough.points[:, INNER_LIPS])

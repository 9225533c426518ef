import numpy as np
import pytest

from sdk.data import Motion
from sdk.geometry import canonical_face
from talkstyle_lab.script_distances import EYE_PIXELS, _mean_over_windows, script_distances
from tests.sdk.fakes import talking


def motion(frames=120, **style):
    return Motion(*talking(frames, **style))


def by_hand(gaps, window, stride):
    """The script's loops, as they are written."""
    least = []
    for start in range(0, gaps.shape[0] - window + 1, stride):
        distances, means = [], []
        for other in range(0, gaps.shape[1] - window + 1, stride):
            distances += [gaps[start + k, other + k] for k in range(window)]
            means.append(np.mean(distances))
        least.append(np.min(means))
    return np.mean(least)


def test_it_is_the_mean_over_windows_and_strides_of_the_least_running_mean():
    gaps = np.random.default_rng(0).uniform(size=(25, 23))
    wanted = np.mean([by_hand(gaps, window, stride) for window in range(10, 24) for stride in range(1, 20)])
    assert _mean_over_windows(gaps) == pytest.approx(wanted)


def test_a_mouth_is_measured_in_pixels_about_its_own_middle():
    still = Motion(np.zeros((60, 68, 3)), np.zeros((60, 6)))
    wide = np.zeros((60, 68, 3))
    wide[:, 48:68, 0] = 0.1 * np.sign(canonical_face()[48:68, 0])
    found = script_distances(Motion(wide, np.zeros((60, 6))), still, neutral=canonical_face())
    beside = np.mean(canonical_face()[48:68, 0] != 0)
    assert found.smd == pytest.approx(EYE_PIXELS * 0.1 * beside, rel=1e-3)
    assert found.slv == 0
    away = Motion(np.zeros((60, 68, 3)), np.tile([0, 0, 0, 0.4, 0.2, 0], (60, 1)))
    assert script_distances(away, still, neutral=canonical_face()).sld == pytest.approx(0, abs=1e-4)


def test_the_same_motion_is_not_at_zero():
    """Why these figures stand apart: running means hide the nearest window."""
    lively = motion(240, opening=0.25)
    same = script_distances(lively, lively, neutral=canonical_face())
    assert same.sld > 0
    assert set(same.as_dict()) == {"script_sld", "script_slv", "script_smd"}

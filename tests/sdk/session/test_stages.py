"""The stages of endless sound: nothing waits for a future that is not there, and a mouth can be told to stop."""

import numpy as np
import pytest

from sdk.animation.stages.silence import MouthGains
from sdk.animation.stages.smoother import RADIUS, UPPER_FACE, Smoother
from sdk.data import Motion
from sdk.session.stages import CLOSING_FRAMES, LateSmoother, LiveGate

RATE = 16_000
LOWER = [*range(17), *range(48, 68)]


def noise(frames, seed=0):
    random = np.random.default_rng(seed)
    return Motion(0.01 * random.standard_normal((frames, 68, 3)), 0.01 * random.standard_normal((frames, 6)))


def speech(seconds):
    return (0.1 * np.random.default_rng(0).standard_normal(round(seconds * RATE))).astype(np.float32)


def silence(seconds):
    return np.zeros(round(seconds * RATE), np.float32)


def open_(frames):
    return Motion(np.ones((frames, 68, 3)), np.ones((frames, 6)))


@pytest.mark.parametrize("size", [1, 3, 200])
def test_the_upper_face_is_smoothed_as_offline_and_late_the_mouth_at_once(size):
    motion, late = noise(200), LateSmoother()
    found = Motion.concat([late.push(motion[at : at + size]) for at in range(0, 200, size)])
    offline = Smoother()
    smooth = Motion.concat([offline.push(motion), offline.finish()])
    assert len(found) == 200
    assert len(late.finish()) == 0
    np.testing.assert_array_equal(found.expression[:, LOWER], motion.expression[:, LOWER])
    np.testing.assert_allclose(found.pose[RADIUS:], smooth.pose[:-RADIUS], atol=1e-6)
    np.testing.assert_allclose(
        found.expression[RADIUS:, UPPER_FACE], smooth.expression[:-RADIUS, UPPER_FACE], atol=1e-6
    )


@pytest.mark.parametrize("lead", [0, 2, 6, 11])
def test_the_lips_part_as_early_as_the_future_allows(lead):
    gains = MouthGains(RATE, lead=lead, endless=True)
    found = gains.push(np.concatenate([silence(1), speech(1), silence(1)]))
    assert len(found) == 180 - lead
    opens = int(np.flatnonzero(found)[0])
    assert opens == 60 - lead
    assert (found[:opens] == 0).all()
    assert (found[72:118] > 0.99).all()
    assert np.abs(np.diff(found)).max() < 0.35
    assert (found[142:] == 0).all()


def test_offline_and_live_gains_agree_with_the_same_future():
    sound = np.concatenate([silence(0.5), speech(1), silence(1), speech(0.3), silence(1)])
    offline, live = MouthGains(RATE), MouthGains(RATE, endless=True)
    whole = np.concatenate([offline.push(sound), offline.finish()])
    found = live.push(sound)
    np.testing.assert_allclose(found, whole[: len(found)], atol=1e-6)


def gate(lead=11):
    found = LiveGate(RATE, lead=lead)
    found.push_audio(np.concatenate([silence(1), speech(1)]))
    first = found.push(open_(100))
    assert first.expression[-1, 0, 0] > 0.99
    return found


def test_an_interruption_closes_evenly_and_what_was_heard_does_not_reopen():
    interrupted = gate()
    interrupted.interrupt()
    interrupted.push_audio(silence(2))
    after = interrupted.push(open_(100)).expression[:, 0, 0]
    np.testing.assert_allclose(after[:CLOSING_FRAMES], 1 - (1 + np.arange(CLOSING_FRAMES)) / CLOSING_FRAMES, atol=0.01)
    assert (after[CLOSING_FRAMES:] == 0).all()
    again = gate()
    again.interrupt()
    again.push_audio(speech(1))
    reopened = again.push(open_(60)).expression[:, 0, 0]
    assert reopened[40:].min() > 0.99
    assert np.abs(np.diff(reopened)).max() < 0.3


def test_interrupting_a_closed_mouth_does_nothing():
    found = LiveGate(RATE, lead=11)
    found.push_audio(silence(1))
    found.push(open_(40))
    found.interrupt()
    found.push_audio(silence(1))
    assert (found.push(open_(60)).expression[:, 0] == 0).all()

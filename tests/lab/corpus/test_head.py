import dataclasses

import numpy as np
import pytest

from talkstyle_lab.corpus.head import head_pose, upper_face
from talkstyle_lab.corpus.prosody import Prosody, prosody
from talkstyle_lab.corpus.speech import Utterance
from talkstyle_lab.corpus.style import PRESETS, ArticulationStyle


def longer(utterance, times):
    phones = tuple(
        (a, s + i * utterance.duration, e + i * utterance.duration)
        for i in range(times)
        for a, s, e in utterance.phones
    )
    return dataclasses.replace(utterance, audio=np.tile(utterance.audio, times), phones=phones)


def test_the_head_moves_as_much_as_the_style_says(babble):
    speech = longer(babble, 8)
    heard = prosody(speech)
    spread = {}
    for degrees in (2.0, 5.0):
        pose = head_pose(speech, heard, ArticulationStyle(head=degrees), np.random.default_rng(0))
        assert pose.shape == (speech.frames, 6)
        spread[degrees] = np.degrees(pose[:, :3]).std(axis=0)
    assert (spread[2.0] > 0.5).all()
    assert (spread[5.0] > 1.8 * spread[2.0]).all()
    assert spread[5.0].max() < 8


def test_motion_follows_the_sound_and_not_only_chance(babble):
    speech = longer(babble, 8)
    heard = prosody(speech)
    style = ArticulationStyle(nods=1.0, noise=0.1)
    one, two = (head_pose(speech, heard, style, np.random.default_rng(seed))[:, 0] for seed in (1, 2))
    assert np.corrcoef(one, two)[0, 1] > 0.4


def test_blinks_come_at_the_styles_rate():
    sound = Utterance(np.zeros(16000 * 240, dtype=np.int16), (("pau", 0.0, 240.0),), "test", "en-us")
    still = np.zeros(sound.frames)
    heard = Prosody(still, still, np.zeros((0, 2)))
    for wanted in (10.0, 25.0):
        lids = upper_face(sound, heard, ArticulationStyle(blinks=wanted), np.random.default_rng(0))["blink"]
        shut = lids > 0.5
        count = (np.diff(shut.astype(int)) == 1).sum() / 4
        assert count == pytest.approx(wanted, rel=0.35)
        assert 5 <= shut.sum() / (4 * count) <= 10  # frames half shut or more, of a blink of 270 ms


def test_brows_rise_on_accents(babble):
    heard = prosody(babble)
    brows = upper_face(babble, heard, PRESETS["lively"], np.random.default_rng(0))["brow_inner"]
    assert brows.max() - brows.min() > 0.1

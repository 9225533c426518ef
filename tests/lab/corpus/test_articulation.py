import dataclasses

import numpy as np
import pytest

from sdk.geometry import canonical_face, mouth_opening, mouth_width
from talkstyle_lab.corpus.articulation import articulate
from talkstyle_lab.corpus.head import upper_face
from talkstyle_lab.corpus.phones import closed_frames
from talkstyle_lab.corpus.prosody import prosody
from talkstyle_lab.corpus.style import PRESETS


def speak(utterance, style, seed=0):
    rng = np.random.default_rng(seed)
    heard = prosody(utterance)
    return canonical_face() + articulate(utterance, heard, style, upper_face(utterance, heard, style, rng), rng)


def during(utterance, label):
    time = np.arange(utterance.frames) / 60
    return np.any([(time > s + 0.05) & (time < e - 0.05) for name, s, e in utterance.phones if name == label], axis=0)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_lips_close_at_bilabials_and_open_at_vowels(babble, name):
    opening = mouth_opening(speak(babble, PRESETS[name]))
    closed = closed_frames(babble.phones, babble.frames)
    assert opening[closed].max() < 0.5 * np.median(opening)
    assert opening[during(babble, "aa")].mean() > 4 * opening[closed].mean()


def test_rounded_and_spread_vowels_differ_in_width(babble):
    width = mouth_width(speak(babble, PRESETS["neutral"]))
    assert width[during(babble, "uw")].mean() < width[during(babble, "iy")].mean() - 0.05


def test_jaw_and_lips_are_separate_styles(babble):
    neutral = PRESETS["neutral"]
    jaw, lips = dataclasses.replace(neutral, jaw=1.6), dataclasses.replace(neutral, lips=1.6)
    chin = {s: speak(babble, s)[:, 8, 1].std() for s in (neutral, jaw, lips)}
    assert chin[jaw] > 1.4 * chin[neutral]
    width = {s: mouth_width(speak(babble, s)).std() for s in (neutral, jaw, lips)}
    assert width[lips] > 1.3 * width[neutral]


def test_no_style_opens_a_mouth_further_than_mouths_go(babble):
    style = dataclasses.replace(PRESETS["opera"], effort=0.0)
    wide = mouth_opening(speak(babble, style)).max()
    wider = mouth_opening(speak(babble, dataclasses.replace(style, jaw=2 * style.jaw))).max()
    assert 0.2 < wide < wider < 0.42


def test_easy_openings_are_as_wide_as_asked_for(babble):
    style = dataclasses.replace(PRESETS["mumbling"], effort=0.0)
    smiling = dataclasses.replace(style, smile=0.0)
    half = dataclasses.replace(smiling, jaw=smiling.jaw / 2, lips=smiling.lips / 2)
    peak, other = (mouth_opening(speak(babble, one)).max() for one in (smiling, half))
    assert peak / other == pytest.approx(2, rel=0.15)


def test_the_mouth_rests_nearly_closed_in_long_pauses(babble):
    audio = np.pad(babble.audio, (0, 16000))
    phones = (*babble.phones[:-1], ("pau", babble.phones[-1][1], len(audio) / 16000))
    quiet = dataclasses.replace(babble, audio=audio, phones=phones)
    assert mouth_opening(speak(quiet, PRESETS["neutral"]))[-30:].max() < 0.02


def pausing(babble, seconds):
    """``babble`` with a pause after it, and the frames of the pause."""
    audio = np.pad(babble.audio, (0, round(16000 * seconds)))
    last = babble.phones[-1]
    spoken = babble.phones[:-1] if last[0] == "pau" else babble.phones
    phones = (*spoken, ("pau", spoken[-1][2], len(audio) / 16000))
    quiet = dataclasses.replace(babble, audio=audio, phones=phones)
    return quiet, np.arange(quiet.frames) / 60 - spoken[-1][2]


def test_lips_wait_open_in_a_pause_and_then_rest(babble):
    quiet, since = pausing(babble, 1.5)
    opening = mouth_opening(speak(quiet, PRESETS["neutral"]))
    waiting, resting = opening[(since > 0.2) & (since < 0.4)], opening[since > 1.0]
    assert waiting.min() > 0.05
    assert resting.max() < 0.02
    width = mouth_width(speak(quiet, PRESETS["neutral"]))
    assert width[(since > 0.2) & (since < 0.4)].mean() > width[since > 1.0].mean() + 0.01


def test_no_lips_wait_before_anything_is_said(babble):
    audio = np.pad(babble.audio, (16000, 0))
    first = ("pau", 0.0, 1.0 + (babble.phones[0][2] if babble.phones[0][0] == "pau" else 0.0))
    said = [one for one in babble.phones if one[0] != "pau" or one[1] > 0]
    phones = (first, *((label, start + 1, end + 1) for label, start, end in said))
    late = dataclasses.replace(babble, audio=audio, phones=phones)
    assert mouth_opening(speak(late, PRESETS["neutral"]))[:40].max() < 0.02


def test_soft_sound_in_a_pause_closes_no_lips(babble):
    quiet, since = pausing(babble, 0.4)
    style = dataclasses.replace(PRESETS["neutral"], variability=0.0)
    opening, effortless = (
        mouth_opening(speak(quiet, dataclasses.replace(style, effort=effort)))[(since > 0.15) & (since < 0.35)].mean()
        for effort in (0.7, 0.0)
    )
    assert opening == pytest.approx(effortless, rel=0.05)


def test_the_seed_decides(babble):
    style = PRESETS["lively"]
    np.testing.assert_array_equal(speak(babble, style, 1), speak(babble, style, 1))
    assert np.abs(speak(babble, style, 1) - speak(babble, style, 2)).max() > 1e-3

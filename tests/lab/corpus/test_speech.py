import shutil

import numpy as np
import pytest

from sdk.errors import ComponentUnavailable, ConfigError
from talkstyle_lab.corpus import speech
from talkstyle_lab.corpus.sentences import passage


def gapless(utterance):
    assert utterance.phones[0][1] == 0.0
    assert utterance.phones[-1][2] == utterance.duration
    assert all(a[2] == b[1] > a[1] for a, b in zip(utterance.phones, utterance.phones[1:], strict=False))


@pytest.mark.usefixtures("engines")
def test_both_engines_speak_with_phones():
    for spoken in (speech.flite("My happy puppy."), speech.espeak("My happy puppy.")):
        gapless(spoken)
        assert spoken.audio.dtype == np.int16
        labels = [p[0] for p in spoken.phones]
        assert labels.count("m") == 1
        assert labels.count("p") == 3


@pytest.mark.usefixtures("engines")
def test_a_stop_owns_its_closure():
    spoken = speech.espeak("A happy puppy.")
    stops = [(s, e) for label, s, e in spoken.phones if label == "p"]
    for start, end in stops:
        inside = np.abs(spoken.audio[round(start * 16000) : round(end * 16000)].astype(int))
        assert end - start > 0.05
        assert (inside < 200).mean() > 0.25


@pytest.mark.usefixtures("engines")
@pytest.mark.parametrize("language", speech.ESPEAK_LANGUAGES)
def test_every_language_is_known(language):
    rng = np.random.default_rng(0)
    gapless(speech.espeak(" ".join(passage(rng, language[:2]) for _ in range(2)), language=language))


@pytest.mark.usefixtures("engines")
def test_the_same_text_sounds_the_same():
    one, _, two = (
        speech.espeak("Hello there."),
        speech.espeak("Guten Tag.", language="de"),
        speech.espeak("Hello there."),
    )
    np.testing.assert_array_equal(one.audio, two.audio)
    assert one.phones == two.phones


@pytest.mark.usefixtures("engines")
def test_faster_is_shorter():
    assert speech.flite("Good morning.", stretch=0.7).duration < 0.85 * speech.flite("Good morning.").duration
    assert speech.espeak("Good morning.", rate=300).duration < 0.8 * speech.espeak("Good morning.").duration


def test_a_missing_engine_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(ComponentUnavailable, match="apt install flite"):
        speech.flite("Hello.")


@pytest.mark.parametrize(
    "ask", [lambda: speech.flite("Hello.", voice="x"), lambda: speech.espeak("Hello.", language="x")]
)
def test_an_unknown_voice_is_refused(ask):
    with pytest.raises(ConfigError, match="'x' is not known"):
        ask()

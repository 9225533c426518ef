"""Speaking with a network of a few nodes: the speaker, the tempo and the marks."""

import subprocess
import sys

import numpy as np
import pytest

from sdk.errors import ComponentUnavailable, ConfigError, InputError, ModelFileMissing
from talkstyle_lab.corpus.kokoro.engine import Blend, Kokoro
from talkstyle_lab.corpus.kokoro.spelling import symbols
from talkstyle_lab.corpus.speech import RATE

LETTERS = symbols("mama")


@pytest.fixture(scope="module")
def kokoro(neural_voices):
    return Kokoro(neural_voices)


def loudness(kokoro, voice, **options):
    sound, _ = kokoro.run(LETTERS, voice=voice, **options)
    return float(np.abs(sound).max())


def test_a_speaker_is_two_voices_mixed(kokoro):
    one, two, between = (loudness(kokoro, Blend("af_one", "am_two", share)) for share in (0.0, 1.0, 0.25))
    assert one == pytest.approx(0.1 + 0.004, abs=1e-4)  # the row of four symbols
    assert two == pytest.approx(0.2 + 0.004, abs=1e-4)
    assert between == pytest.approx(0.75 * one + 0.25 * two, abs=1e-4)


def test_a_slower_tempo_is_a_lower_speed(kokoro):
    voice = Blend("af_one", "af_one", 0.0)
    assert loudness(kokoro, voice, tempo=1.25) == pytest.approx(loudness(kokoro, voice) / 1.25, rel=1e-4)


def test_speakers_are_drawn_by_language(kokoro):
    rng = np.random.default_rng(0)
    assert {kokoro.draw(rng, language="fr") for _ in range(5)} == {"ff_un"}
    assert {kokoro.draw(rng, language="en-gb")[0] for _ in range(30)} == {"a", "b"}
    blends = {kokoro.blend("ff_un", rng, language="fr") for _ in range(60)}
    assert len(blends) > 50
    assert {b.second for b in blends} == set(kokoro.voices)
    assert all(b.share <= 0.5 for b in blends)
    assert {kokoro.blend("af_one", rng, language="en-us").second[0] for _ in range(40)} == {"a", "b"}


@pytest.mark.usefixtures("engines")
def test_it_speaks_text_with_marks(kokoro):
    made = kokoro.say("Mama.", voice=Blend("af_one", "am_two", 0.5))
    assert made.voice == "kokoro/af_one+am_two:0.50"
    assert made.audio.dtype == np.int16
    labels = [label for label, *_ in made.phones]
    assert (labels[0], labels[-1]) == ("pau", "pau")
    assert labels.count("m") == 2
    assert made.phones[-1][2] == pytest.approx(made.duration) == len(made.audio) / RATE
    tone = np.abs(np.fft.rfft(made.audio)).argmax() / made.duration
    assert tone == pytest.approx(200, abs=3)  # as at 24 kHz


def test_what_it_cannot_say_is_refused(kokoro):
    with pytest.raises(ConfigError, match="'nobody'"):
        kokoro.run(LETTERS, voice=Blend("nobody", "af_one", 0.1))
    with pytest.raises(InputError, match="ɥ"):
        kokoro.run(symbols("ɥ"), voice=Blend("af_one", "af_one", 0.1))
    with pytest.raises(InputError, match="600 symbols"):
        kokoro.run(symbols("ma" * 300), voice=Blend("af_one", "af_one", 0.1))


def test_a_folder_without_the_network_says_how_to_fetch_it(tmp_path):
    with pytest.raises(ModelFileMissing) as raised:
        Kokoro(tmp_path)
    assert "pretrain voices" in raised.value.hint


def test_a_missing_library_says_what_to_install(neural_voices, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(ComponentUnavailable) as raised:
        Kokoro(neural_voices)
    assert "talkstyle-lab[kokoro]" in raised.value.hint


def test_the_lab_imports_neither_library_before_it_speaks():
    check = "import sys, talkstyle_lab.corpus.build, talkstyle_lab.corpus.kokoro.files as f\n"
    check += "sys.exit(bool({'onnx', 'onnxruntime'} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0

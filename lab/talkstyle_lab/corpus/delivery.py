"""What is said, by whom and how: speech, song or rap with pauses around it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, NamedTuple

import numpy as np

from talkstyle_lab.corpus import speech
from talkstyle_lab.corpus.kokoro.engine import Blend, Kokoro
from talkstyle_lab.corpus.kokoro.spelling import LANGUAGES
from talkstyle_lab.corpus.phones import PAUSE
from talkstyle_lab.corpus.resynth import rap, sing
from talkstyle_lab.corpus.sentences import passage, rap_lines, song_line
from talkstyle_lab.corpus.speech import RATE, Utterance, gapless, to_int16


class Spoken(NamedTuple):
    """An utterance, its text and its delivery: "speech", "song", "rap" or "silence"."""

    utterance: Utterance
    text: str
    delivery: str


_DELIVERIES: Final = ("speech", "song", "rap", "silence")
_SHARES: Final = (0.79, 0.08, 0.11, 0.02)  # of the sessions; what is sung lasts three times as long
_LANGUAGE_SHARES: Final = (0.35, 0.2, 0.12, 0.11, 0.11, 0.11)  # of the neural voices: half and more is English
_FLITE_SHARE: Final = 0.6  # of what is not said by neural voices


def speak(seed: int, session: int, number: int, *, neural: float = 0.0, kokoro: Kokoro | None = None) -> Spoken:
    """One utterance of a session: a session has one voice, tempo and delivery, and different words.

    A neural voice is blended with another anew for each utterance, so that there are as many speakers as utterances.

    Args:
        seed: Of the corpus.
        session: Decides who speaks, and how.
        number: Decides the words.
        neural: The share of sessions that ``kokoro`` speaks; above 0 it is needed.
        kokoro: The neural voices.
    """
    drawn = np.random.default_rng((seed, 1, session))
    delivery = str(drawn.choice(_DELIVERIES, p=_SHARES))
    tempo, level = drawn.uniform(0.78, 1.3), drawn.uniform(0.2, 0.8)
    rng = np.random.default_rng((seed, 2, number))
    voice: str | Blend
    if drawn.random() < neural and kokoro is not None:
        language = str(drawn.choice(list(LANGUAGES), p=_LANGUAGE_SHARES))
        voice = kokoro.blend(kokoro.draw(drawn, language=language), rng, language=language)
    elif drawn.random() < _FLITE_SHARE:
        language, voice = "en-us", str(drawn.choice(speech.FLITE_VOICES))
    else:
        language = str(drawn.choice(list(speech.ESPEAK_LANGUAGES)))
        voice = str(drawn.choice(speech.ESPEAK_VARIANTS))

    if delivery == "silence":
        sound = np.zeros(int(rng.uniform(3, 6) * RATE), dtype=np.int16)
        return Spoken(Utterance(sound, ((PAUSE, 0.0, len(sound) / RATE),), "none", language), "", delivery)
    utterance, text = deliver(rng, voice, language=language, delivery=delivery, tempo=tempo, level=level, kokoro=kokoro)
    return Spoken(utterance, text, delivery)


def deliver(
    rng: np.random.Generator,
    voice: str | Blend,
    *,
    language: str,
    delivery: str,
    tempo: float,
    level: float,
    kokoro: Kokoro | None = None,
) -> tuple[Utterance, str]:
    """Let a voice say, sing or rap something, with pauses around it; also returns the text.

    Args:
        rng: Chooses the words and everything that varies.
        voice: One of ``FLITE_VOICES``, for English, of ``ESPEAK_VARIANTS``, or a ``Blend`` that ``kokoro`` speaks.
        language: A key of ``ESPEAK_LANGUAGES``, for a ``Blend`` of Kokoro's ``LANGUAGES``.
        delivery: "speech", "song" or "rap".
        tempo: Durations relative to the voice's own; those of rap are shorter by 28 %.
        level: The pitch of a voice that is not neural, 0 to 1.
        kokoro: Needed for a ``Blend``.
    """
    tongue = language.split("-")[0]
    if delivery == "rap" and tongue == "en":
        text = rap_lines(rng)
    else:
        text = (song_line if delivery == "song" else passage)(rng, tongue)
    if delivery == "rap":
        tempo *= 0.72
    tempo *= rng.uniform(0.93, 1.07)
    if isinstance(voice, Blend):
        assert kokoro is not None
        utterance = kokoro.say(text, voice=voice, language=language, tempo=tempo)
    elif voice in speech.FLITE_VOICES:
        pitch = {"slt": 175.0, "rms": 105.0, "awb": 130.0, "kal16": 105.0}[voice] * (0.8 + 0.5 * level)
        utterance = speech.flite(text, voice=voice, stretch=tempo, pitch=pitch)
    else:
        utterance = speech.espeak(
            text,
            language=language,
            variant=voice,
            rate=round(np.clip(165 / tempo, 90, 400)),
            pitch=round(20 + 60 * level),
            pitch_range=round(rng.uniform(30, 90)),
            gap=int(rng.integers(0, 4)),
        )
    if delivery != "speech":
        utterance = (sing if delivery == "song" else rap)(utterance, rng)
    return _level(_pauses(utterance, rng), rng), text


def _pauses(utterance: Utterance, rng: np.random.Generator) -> Utterance:
    """Put silence before and after, sometimes long, so that a generator learns lips at rest."""
    before, after = (float(rng.uniform(0.05, 0.3) if rng.random() < 0.7 else rng.uniform(0.5, 1.6)) for _ in range(2))
    lead, tail = int(before * RATE), int(after * RATE)
    audio = np.pad(utterance.audio, (lead, tail))
    shift, end = lead / RATE, len(audio) / RATE
    spoken = ((label, start + shift, stop + shift) for label, start, stop in utterance.phones)
    phones = gapless([(PAUSE, 0.0, shift), *spoken, (PAUSE, end - tail / RATE, end)], end)
    return replace(utterance, audio=audio, phones=phones)


def _level(utterance: Utterance, rng: np.random.Generator) -> Utterance:
    """Bring the loudest sample to between -9 and -1 dB of full scale."""
    peak = float(np.abs(utterance.audio.astype(np.int32)).max(initial=1))
    gain = 32767 * 10 ** (rng.uniform(-9, -1) / 20) / peak
    return replace(utterance, audio=to_int16(utterance.audio * gain))

"""Speech with phone timings from Kokoro-82M, a network with many voices, run with ONNX Runtime."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from sdk.data import FloatArray
from sdk.errors import ConfigError, InputError, ModelFileMissing
from talkstyle_lab.corpus.kokoro import marks
from talkstyle_lab.corpus.kokoro.extra import require
from talkstyle_lab.corpus.kokoro.files import LETTERS, NETWORK, VOICES
from talkstyle_lab.corpus.kokoro.spelling import LANGUAGES, Symbol, spell
from talkstyle_lab.corpus.speech import RATE, Utterance, gapless, resample, to_int16

_MAX_SYMBOLS: Final = 508
_OWN_VOICES: Final = {"en-us": "ab", "en-gb": "ab", "es": "e", "fr": "f", "it": "i", "pt": "p"}
"""The first letters of the names of a language's own voices."""


class Blend(NamedTuple):
    """A speaker: two voices, mixed."""

    first: str
    second: str
    share: float  # of the second, 0 to 1

    def __str__(self) -> str:
        return f"{self.first}+{self.second}:{self.share:.2f}"


class Kokoro:
    """The network and its voices; threads may share it.

    Args:
        folder: What ``files.fetch`` filled.
        threads: Processor threads for each utterance.

    Raises:
        ModelFileMissing: The folder lacks the network or its voices.
        ComponentUnavailable: onnxruntime is not installed.
    """

    def __init__(self, folder: str | os.PathLike[str], *, threads: int = 1) -> None:
        root = Path(folder)
        for name in (NETWORK, VOICES, LETTERS):
            if not (root / name).exists():
                hint = f"Fetch it: talkstyle pretrain voices --out {root}"
                raise ModelFileMissing(f"there is no {name} for the neural voices", where=str(root), hint=hint)
        runtime = require("onnxruntime")
        options = runtime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self._session: Any = runtime.InferenceSession(str(root / NETWORK), options, providers=["CPUExecutionProvider"])
        self._letters: dict[str, int] = json.loads((root / LETTERS).read_text(encoding="utf-8"))
        with np.load(root / VOICES, allow_pickle=False) as voices:
            self._voices: dict[str, FloatArray] = {name: voices[name] for name in voices.files}

    @property
    def voices(self) -> tuple[str, ...]:
        """The names of the voices, in order; the first letter is the language, the second f or m."""
        return tuple(sorted(self._voices))

    def draw(self, rng: np.random.Generator, *, language: str) -> str:
        """One of a language's own voices."""
        return str(rng.choice(self._own(language)))

    def blend(self, voice: str, rng: np.random.Generator, *, language: str) -> Blend:
        """A speaker: a voice with up to a half of another."""
        # English has enough voices of its own to stay native; other languages blend with foreigners.
        others = self._own(language) if language.startswith("en") else list(self.voices)
        return Blend(voice, str(rng.choice(others)), float(np.round(rng.uniform(0.0, 0.5), 2)))

    def _own(self, language: str) -> list[str]:
        return [name for name in self.voices if name[0] in _OWN_VOICES[language]]

    def say(self, text: str, *, voice: Blend, language: str = "en-us", tempo: float = 1.0) -> Utterance:
        """Speak.

        Args:
            text: The text.
            voice: The speaker.
            language: A key of ``spelling.LANGUAGES``.
            tempo: Durations relative to the voice's own.

        Raises:
            ConfigError: The voice or the language is not known.
            InputError: The text is too long, or is spelt with a letter that the network does not know.
            ComponentUnavailable: espeak-ng, which spells the text, is missing.
        """
        symbols = spell(text, language=language)
        sound, durations = self.run(symbols, voice=voice, tempo=tempo)
        spoken = marks.phones(symbols, durations, sound)
        audio = resample(to_int16(sound.astype(np.float64) * 32767), marks.RATE)
        return Utterance(audio, gapless(spoken, len(audio) / RATE), f"kokoro/{voice}", language)

    def run(self, symbols: list[Symbol], *, voice: Blend, tempo: float = 1.0) -> tuple[FloatArray, FloatArray]:
        """The sound, float32 ``[N]`` at 24 kHz, and the frames of all symbols and of both ends, ``[S + 2]``.

        Raises:
            ConfigError: The voice is not known.
            InputError: There are too many symbols, or one is not known.
        """
        unknown = {s.letter for s in symbols} - self._letters.keys()
        if unknown:
            what = f"Kokoro does not know {', '.join(sorted(unknown))}"
            raise InputError(what, where="corpus speech", hint="Say in spelling.py what it reads instead.")
        if not 0 < len(symbols) <= _MAX_SYMBOLS:
            what = f"{len(symbols)} symbols are not 1 to {_MAX_SYMBOLS}"
            raise InputError(what, where="corpus speech", hint="Let it say a sentence at a time.")
        for name in voice[:2]:
            if name not in self._voices:
                hint = f"One of: {', '.join(self.voices)}."
                raise ConfigError(f"voice={name!r} is not known", where="corpus speech", hint=hint)
        first, second = (self._voices[name][len(symbols)] for name in voice[:2])
        style = (1 - voice.share) * first + voice.share * second
        ids = [0, *(self._letters[s.letter] for s in symbols), 0]
        given = {
            "tokens": np.array([ids], np.int64),
            "style": style[None].astype(np.float32),
            "speed": np.array([1 / tempo], np.float32),
        }
        sound, durations = self._session.run(["audio", "durations"], given)
        return np.ravel(sound), np.ravel(durations)


__all__ = ["LANGUAGES", "Blend", "Kokoro"]

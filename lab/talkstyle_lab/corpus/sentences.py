"""Random sentences: small grammars filled from our own word lists (``words/``), in several languages."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np

LANGUAGES: Final = ("en", "fr", "de", "es", "it", "pt", "nl")
"""The languages with a word list, ``words/LANGUAGE.toml``."""

_ONSETS: Final = tuple("b p m f v w t d n s z l r k g h sh ch j th y br pl fl sm sp tr".split())  # noqa: SIM905
_VOWELS: Final = ["a", "ee", "oo", "o", "i", "ay", "ow", "oy", "u"]
_CODAS: Final = ["", "", "", "m", "p", "b", "f", "v", "n", "s", "t", "k", "l", "sh"]


@cache
def _words(language: str) -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("words", f"{language}.toml").read_text(encoding="utf-8"))


def sentence(rng: np.random.Generator, language: str = "en") -> str:
    """A sentence in a language of ``LANGUAGES``; some are rows of numbers or made-up syllables (English)."""
    words = _words(language)
    draw = rng.random()
    if draw < 0.05:
        return ", ".join(str(w) for w in rng.choice(words["number"], size=rng.integers(4, 9))) + "."
    if draw < 0.10 and language == "en":
        return " ".join(_made_up(rng) for _ in range(rng.integers(4, 9))) + "."
    return _fill(str(rng.choice(words["templates"])), words, rng)


def passage(rng: np.random.Generator, language: str = "en") -> str:
    """One to three sentences, about 3 to 12 seconds of speech."""
    return " ".join(sentence(rng, language) for _ in range(rng.integers(1, 4)))


def rap_lines(rng: np.random.Generator) -> str:
    """Two to four English lines in pairs that rhyme."""
    words, lines = _words("en"), []
    for _ in range(rng.integers(1, 3)):
        rhymes = words["rhymes"][str(rng.choice(sorted(words["rhymes"])))]
        for _ in range(2):
            a, b = (str(w) for w in rng.choice(rhymes, size=2, replace=False))
            lines.append(_fill(str(rng.choice(words["rap"])).replace("{a}", a).replace("{b}", b), words, rng))
    return ", ".join(lines) + "."


def song_line(rng: np.random.Generator, language: str = "en") -> str:
    """One or two lines to sing."""
    if language != "en":
        return sentence(rng, language)
    words = _words("en")
    return ", ".join(_fill(str(rng.choice(words["song"])), words, rng) for _ in range(rng.integers(1, 3))) + "."


def _fill(template: str, words: dict[str, Any], rng: np.random.Generator) -> str:
    text = re.sub(r"{(\w+)}", lambda slot: str(rng.choice(words[slot[1]])), template)
    return text[0].upper() + text[1:]


def _made_up(rng: np.random.Generator) -> str:
    return "".join(str(rng.choice(part)) for _ in range(rng.integers(1, 4)) for part in (_ONSETS, _VOWELS, _CODAS))

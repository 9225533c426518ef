# ruff: noqa: RUF001 (IPA letters)
"""From text to the symbols that Kokoro reads, each with the phones it stands for.

espeak-ng spells the text; Kokoro was trained on a spelling with a letter for each diphthong and affricate (misaki's),
to which its IPA is converted. Kokoro times each symbol, and so each phone.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from sdk.errors import ConfigError
from talkstyle_lab.corpus import speech
from talkstyle_lab.corpus.phones import from_ipa

LANGUAGES: Final = {
    "en-us": "gmw/en-US", "en-gb": "gmw/en", "es": "roa/es", "fr": "roa/fr", "it": "roa/it", "pt": "roa/pt-BR",
}  # fmt: skip
"""The languages that Kokoro was trained on and sentences exist for; their voices in espeak-ng."""

PHONE: Final = "phone"
BREAK: Final = "break"
"""The part of a space or punctuation: perhaps a pause."""
NEXT: Final = "next"
"""The part of a stress mark: its time belongs to what follows."""
PREVIOUS: Final = "previous"
"""The part of a mark of length or nasality: its time belongs to what precedes."""


class Symbol(NamedTuple):
    """One symbol as Kokoro reads it."""

    letter: str
    part: str  # PHONE, BREAK, NEXT or PREVIOUS
    ipa: str = ""  # the sound of a PHONE


_PUNCTUATION: Final = ".,!?;:…—"
_JOINED: Final = {"a^ɪ": "I", "a^ʊ": "W", "e^ɪ": "A", "ɔ^ɪ": "Y", "d^ʒ": "ʤ", "t^ʃ": "ʧ", "d^z": "ʣ", "t^s": "ʦ"}
_AMERICAN: Final = {"o^ʊ": "O", "o^ʊ^ɹ": "ɔɹ", "oː^ɹ": "ɔɹ", "ɜː^ɹ": "ɝ", "ɜːɹ": "ɝ", "ɜː": "ɝ", "ː": ""}
_BRITISH: Final = {"ə^ʊ": "Q", "e^ə": "ɛː"}
_ENGLISH: Final = {
    "ə^l": "ᵊl", "ʔˌn\u0329": "tᵊn", "ʔn\u0329": "tᵊn", "ʔn": "tᵊn", "n\u0329": "ᵊn", "ʔ": "t", "r": "ɹ",
    "x": "k", "ç": "k", "ɐ": "ə", "ɾ": "T", "ɬ": "l", "ʲ": "", "\u0303": "",
}  # fmt: skip
_OTHER: Final = {"o^ʊ": "O", "ə^ʊ": "Q"}
# What other languages' spellings have and Kokoro's lacks; those of one sound with another.
_LACKING: Final = {"ʏ": "y", "ɫ": "l", "ʉ": "u", "ɱ": "m", "ɵ": "ø", "g": "ɡ", "ɦ": "h"}

_SOUNDS: Final = {
    "A": "eɪ", "I": "aɪ", "W": "aʊ", "O": "oʊ", "Q": "əʊ", "Y": "ɔɪ", "ʤ": "dʒ", "ʧ": "tʃ", "ʣ": "dz", "ʦ": "ts",
    "T": "ɾ", "ᵊ": "ə",
}  # fmt: skip
"""Letters that are not IPA, in IPA."""
_WITH_R: Final = {"ɚ": "ə", "ɝ": "ɜ"}
_STRESS: Final = "ˈˌ"
_LENGTH: Final = "ː\u0303ʲʰ"


def spell(text: str, *, language: str) -> list[Symbol]:
    """Spell a text.

    Args:
        text: The text; its punctuation is kept, for it shapes the melody.
        language: A key of ``LANGUAGES``.

    Raises:
        ConfigError: The language is not known.
        ComponentUnavailable: espeak-ng is not installed, or lacks the language.
        InputError: espeak-ng spelt with a symbol of no known phone.
    """
    if language not in LANGUAGES:
        hint = f"One of: {', '.join(LANGUAGES)}."
        raise ConfigError(f"language={language!r} is not one of Kokoro's", where="corpus speech", hint=hint)
    parts = [part.strip() for part in re.split(f"([{_PUNCTUATION}])", re.sub(r'[«»“”"()¿¡]', " ", text))]
    words = [part for part in parts if part and part not in _PUNCTUATION]
    spelt = dict(zip(words, speech.spell(words, language=LANGUAGES[language]), strict=True))
    letters = ""
    for part in parts:
        if part in spelt:
            letters += (" " if letters else "") + rewrite(spelt[part], language=language)
        elif part:
            letters += part
    return symbols(letters)


def rewrite(ipa: str, *, language: str) -> str:
    """Convert espeak-ng's IPA, tied by ``^``, to Kokoro's letters."""
    ipa = re.sub(r"\([a-z-]+\)", "", ipa)  # names of the languages of foreign words
    table = dict(_JOINED)
    if language.startswith("en"):
        table |= _ENGLISH | (_BRITISH if language == "en-gb" else _AMERICAN)
    else:
        table |= _OTHER
    table |= _LACKING
    for wrong in sorted(table, key=len, reverse=True):
        ipa = ipa.replace(wrong, table[wrong])
    return " ".join(re.sub(r"[\^\-_\u0329\u032f\u0361]", "", ipa).split())


def symbols(letters: str) -> list[Symbol]:
    """Give each of Kokoro's letters its part; a vowel with r that is one sound becomes two letters, as it reads them.

    Raises:
        InputError: A letter is of no known phone.
    """
    result: list[Symbol] = []
    for letter in letters:
        if letter in _PUNCTUATION or letter == " ":
            result.append(Symbol(letter, BREAK))
        elif letter in _STRESS:
            result.append(Symbol(letter, NEXT))
        elif letter in _LENGTH:
            result.append(Symbol(letter, PREVIOUS))
        elif letter in _WITH_R:
            result += [Symbol(_WITH_R[letter], PHONE, letter), Symbol("ɹ", PREVIOUS)]
        else:
            ipa = _SOUNDS.get(letter, letter)
            from_ipa(ipa, 0.0, 1.0)
            result.append(Symbol(letter, PHONE, ipa))
    return result

# ruff: noqa: RUF001 (IPA letters)
"""The phones of the corpus and how each is articulated.

flite uses the CMU alphabet and espeak-ng the IPA; both are converted to the labels of ``PHONES``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sdk.errors import InputError

Segment: TypeAlias = tuple[str, float, float]
"""A phone's label, start and end, in seconds."""

PAUSE: Final = "pau"
BILABIALS: Final = frozenset({"m", "b", "p"})


class Phone(NamedTuple):
    """A phone's targets, how firmly it holds its jaw and its lips, and its kind."""

    jaw: float
    wide: float
    round: float
    protrude: float
    raise_upper: float
    lower_lower: float
    jaw_hold: float
    lip_hold: float
    kind: str


CHANNELS: Final = Phone._fields[:6]
"""The channels with targets, each 0 to about 1; lip closure and the lip's tuck are timed separately."""

# Set by hand, vowels after the textbook vowel chart, and then moved towards how three people open and spread their lips
# at each phone, as docs/articulation.md says. Alveolars and velars are left open: they take their neighbours' jaw.
PHONES: Final[dict[str, Phone]] = {
    "aa": Phone(0.83, 0.23, 0.00, 0.00, 0.37, 0.34, 1, 0.5, "vowel"),
    "ae": Phone(0.87, 0.45, 0.00, 0.00, 0.57, 0.43, 1, 0.6, "vowel"),
    "ah": Phone(0.42, 0.13, 0.00, 0.00, 0.21, 0.17, 0.9, 0.4, "vowel"),
    "ax": Phone(0.37, 0.15, 0.00, 0.00, 0.20, 0.18, 0.5, 0.25, "vowel"),
    "eh": Phone(0.64, 0.32, 0.00, 0.00, 0.47, 0.41, 0.9, 0.6, "vowel"),
    "e": Phone(0.52, 0.54, 0.00, 0.00, 0.47, 0.44, 0.9, 0.7, "vowel"),
    "ih": Phone(0.34, 0.31, 0.00, 0.00, 0.30, 0.30, 0.7, 0.6, "vowel"),
    "iy": Phone(0.22, 0.50, 0.00, 0.00, 0.32, 0.33, 0.9, 0.9, "vowel"),
    "ue": Phone(0.15, 0.00, 0.76, 0.81, 0.14, 0.15, 0.9, 1, "vowel"),
    "oe": Phone(0.40, 0.00, 0.61, 0.66, 0.21, 0.23, 0.9, 0.9, "vowel"),
    "ao": Phone(0.47, 0.00, 0.44, 0.39, 0.16, 0.16, 1, 0.8, "vowel"),
    "o": Phone(0.31, 0.00, 0.72, 0.68, 0.12, 0.12, 0.9, 0.9, "vowel"),
    "uh": Phone(0.26, 0.00, 0.30, 0.30, 0.14, 0.16, 0.7, 0.7, "vowel"),
    "uw": Phone(0.17, 0.00, 0.63, 0.63, 0.10, 0.10, 0.9, 1, "vowel"),
    "er": Phone(0.32, 0.00, 0.17, 0.18, 0.27, 0.22, 0.7, 0.6, "vowel"),
    "m": Phone(0.08, 0.00, 0.02, 0.00, 0.00, 0.00, 0.8, 0.3, "bilabial"),
    "b": Phone(0.08, 0.06, 0.00, 0.00, 0.00, 0.00, 0.8, 0.3, "bilabial"),
    "p": Phone(0.09, 0.00, 0.03, 0.00, 0.00, 0.00, 0.8, 0.3, "bilabial"),
    "f": Phone(0.07, 0.09, 0.00, 0.00, 0.12, 0.00, 0.9, 0.5, "labiodental"),
    "v": Phone(0.09, 0.10, 0.00, 0.00, 0.12, 0.00, 0.9, 0.5, "labiodental"),
    "th": Phone(0.20, 0.29, 0.00, 0.00, 0.15, 0.18, 0.6, 0.3, "dental"),
    "t": Phone(0.26, 0.35, 0.00, 0.00, 0.24, 0.28, 0.35, 0.2, "stop"),
    "d": Phone(0.20, 0.30, 0.00, 0.00, 0.18, 0.21, 0.35, 0.2, "stop"),
    "n": Phone(0.25, 0.19, 0.00, 0.00, 0.19, 0.21, 0.3, 0.2, "nasal"),
    "l": Phone(0.43, 0.17, 0.00, 0.00, 0.27, 0.29, 0.4, 0.2, "liquid"),
    "s": Phone(0.21, 0.33, 0.00, 0.00, 0.45, 0.50, 0.9, 0.5, "fricative"),
    "z": Phone(0.11, 0.27, 0.00, 0.00, 0.22, 0.24, 0.9, 0.5, "fricative"),
    "sh": Phone(0.16, 0.00, 0.18, 0.30, 0.45, 0.40, 1, 0.9, "fricative"),
    "ch": Phone(0.17, 0.00, 0.06, 0.15, 0.48, 0.42, 1, 0.8, "stop"),
    "k": Phone(0.30, 0.25, 0.00, 0.00, 0.16, 0.16, 0.25, 0.1, "stop"),
    "g": Phone(0.32, 0.19, 0.00, 0.00, 0.17, 0.17, 0.25, 0.1, "stop"),
    "ng": Phone(0.34, 0.25, 0.00, 0.00, 0.18, 0.18, 0.25, 0.1, "nasal"),
    "h": Phone(0.44, 0.21, 0.00, 0.00, 0.19, 0.19, 0.15, 0.05, "glottal"),
    "r": Phone(0.24, 0.00, 0.43, 0.48, 0.22, 0.18, 0.5, 0.5, "liquid"),
    "w": Phone(0.03, 0.00, 1.00, 0.92, 0.00, 0.00, 1, 1, "glide"),
    "j": Phone(0.21, 0.67, 0.00, 0.00, 0.26, 0.29, 0.6, 0.6, "glide"),
    PAUSE: Phone(0.00, 0.25, 0.00, 0.00, 0.00, 0.00, 0.8, 0.6, "pause"),
}

# A diphthong is two phones; the first takes 55 % of its time.
_FLITE: Final = {
    "aw": "aa uh", "ay": "aa ih", "ey": "e ih", "ow": "o uh", "oy": "ao ih", "axr": "er", "el": "ax l", "em": "m",
    "en": "n", "dh": "th", "dx": "d", "hh": "h", "hv": "h", "ix": "ih", "jh": "ch", "nx": "n", "y": "j", "zh": "sh",
    "ssil": PAUSE, "brth": PAUSE,
}  # fmt: skip

_LETTERS: Final = {
    "aa": "aɑ", "ah": "ɐʌɤ", "ao": "ɒɔ", "ae": "æ", "ax": "əɘ", "er": "ɚɜɝ", "eh": "ɛ", "ih": "ɪɨɯᵻ", "iy": "i",
    "ue": "yʏ", "oe": "øœ", "o": "ɵ", "uh": "ʊ", "uw": "uʉ", "p": "ɸ", "f": "ɱ", "v": "ʋβ", "th": "θð", "t": "ʈ",
    "d": "ɗɾɖr", "n": "ɳɲ", "l": "ɫɭʎɬ", "sh": "ʃʒʂʐɕʑɧ", "h": "çxχɦʔ", "k": "cq", "g": "ɡɟɣʁʀɰ", "ng": "ŋ", "r": "ɹɻ",
    "w": "ɥʍ", "j": "ʝ",
}  # fmt: skip
"""The letters of IPA that are spoken like a label, where they are not the label itself."""
_AFFRICATES: Final = ("tʃ", "dʒ", "tɕ", "dʑ", "tʂ", "dʐ")
_IPA: Final = {letter: label for label, letters in _LETTERS.items() for letter in letters}
_MODIFIERS: Final = frozenset(":ːˑˈˌ'ʰʲʷˠˤ̩̯̪̬̥̃͡.-_^|~\"?1234567890")


def from_flite(label: str, start: float, end: float) -> list[Segment]:
    """Convert one of flite's phones.

    Raises:
        InputError: The phone is not known.
    """
    return _split(_FLITE.get(label, label).split(), start, end, f"flite spoke an unknown phone {label!r}")


def from_ipa(symbol: str, start: float, end: float) -> list[Segment]:
    """Convert one of espeak-ng's phones, in IPA; an empty symbol is a pause, an affricate one phone.

    Raises:
        InputError: The symbol is not known.
    """
    bare = "".join(c for c in symbol if c not in _MODIFIERS)
    labels = ["ch"] if bare in _AFFRICATES else [_IPA.get(c, c) for c in bare] or [PAUSE]
    return _split(labels, start, end, f"espeak-ng spoke an unknown phone {symbol!r}")


def _split(labels: Sequence[str], start: float, end: float, unknown: str) -> list[Segment]:
    """Each label takes 55 % of what the labels before it leave, the last one the rest."""
    if not PHONES.keys() >= {*labels}:
        raise InputError(unknown, where="corpus phones", hint="Add it to phones.py.")
    segments: list[Segment] = []
    for label in labels[:-1]:
        middle = start + 0.55 * (end - start)
        segments.append((label, start, middle))
        start = middle
    return [*segments, (labels[-1], start, end)]


def closed_frames(segments: Iterable[Segment], frames: int) -> NDArray[np.bool_]:
    """The 60 Hz frames in /m/, /b/, /p/ before the release, when the lips must be closed, bool ``[frames]``."""
    closed = np.zeros(frames, dtype=bool)
    time = np.arange(frames) / 60
    for label, start, end in segments:
        if label in BILABIALS:
            closed |= (time >= start) & (time <= release(label, start, end))
    return closed


def release(label: str, start: float, end: float) -> float:
    """When the lips (or lip and teeth) begin to part, in seconds: well before the end of an aspirated /p/."""
    return start + {"p": 0.6, "b": 0.8}.get(label, 0.85) * (end - start)

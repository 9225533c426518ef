# ruff: noqa: RUF001 (IPA letters)
"""From espeak-ng's IPA to Kokoro's letters, and to the part that each has in time."""

import pytest

from sdk.errors import ConfigError, InputError
from talkstyle_lab.corpus import speech
from talkstyle_lab.corpus.kokoro.spelling import BREAK, LANGUAGES, NEXT, PHONE, PREVIOUS, rewrite, spell, symbols


@pytest.mark.parametrize(
    ("ipa", "language", "letters"),
    [
        ("bˈe^ɪbi bˈɔ^ɪ ˈo^ʊz ma^ɪ kˈa^ʊ", "en-us", "bˈAbi bˈY ˈOz mI kˈW"),
        ("ˈə^ʊz kˈe^ə hˈi^ə", "en-gb", "ˈQz kˈɛː hˈiə"),
        ("t^ʃˈɑː^ɹd^ʒ", "en-us", "ʧˈɑɹʤ"),
        ("bˈɜːd ˈʌndɚ", "en-us", "bˈɝd ˈʌndɚ"),
        ("lˈɪɾə^l bˈʌʔn\u0329", "en-us", "lˈɪTᵊl bˈʌtᵊn"),
        ("bˈiːtʃ", "en-gb", "bˈiːtʃ"),
        ("le-z ɑ̃fˈɑ̃", "fr", "lez ɑ̃fˈɑ̃"),
        ("(en)wˈiː(fr)kˈɛnd", "fr", "wˈiːkˈɛnd"),
        ("pˈit^sːa", "it", "pˈiʦːa"),
    ],
)
def test_diphthongs_and_affricates_become_one_letter(ipa, language, letters):
    assert rewrite(ipa, language=language) == letters


def test_each_letter_has_its_part():
    parts = [(s.letter, s.part) for s in symbols("mˈA, ɑ̃ː")]
    assert parts == [
        ("m", PHONE), ("ˈ", NEXT), ("A", PHONE), (",", BREAK), (" ", BREAK), ("ɑ", PHONE), ("\u0303", PREVIOUS),
        ("ː", PREVIOUS),
    ]  # fmt: skip


def test_a_vowel_with_r_is_two_letters_and_one_sound():
    assert [(s.letter, s.part, s.ipa) for s in symbols("ɝɚ")] == [
        ("ɜ", PHONE, "ɝ"), ("ɹ", PREVIOUS, ""), ("ə", PHONE, "ɚ"), ("ɹ", PREVIOUS, ""),
    ]  # fmt: skip


def test_an_unknown_letter_is_refused():
    with pytest.raises(InputError, match="Ж"):
        symbols("aЖ")


def test_a_language_that_kokoro_does_not_speak_is_refused():
    with pytest.raises(ConfigError, match="'de'"):
        spell("Guten Tag.", language="de")


@pytest.mark.usefixtures("engines")
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_is_spelt_with_its_punctuation(language):
    spelt = spell("Mama, papa! Banana?", language=language)
    letters = "".join(s.letter for s in spelt)
    assert [c for c in letters if c in ",!?"] == [",", "!", "?"]
    assert sum(s.ipa in ("m", "p", "b") for s in spelt) >= 4
    assert letters[0] != " " != letters[-1]


@pytest.mark.usefixtures("engines")
def test_espeak_spells_pieces_in_one_voice():
    one, two = speech.spell(["the boy", "the cow"], language="gmw/en-US")
    assert one.endswith("bˈɔ^ɪ")
    assert two.endswith("kˈa^ʊ")

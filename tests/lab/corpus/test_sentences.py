import numpy as np
import pytest

from talkstyle_lab.corpus.sentences import LANGUAGES, passage, rap_lines, sentence, song_line


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_vary_and_are_filled(language):
    rng = np.random.default_rng(0)
    said = [sentence(rng, language) for _ in range(200)]
    assert len(set(said)) > 120
    assert not any("{" in s or "}" in s for s in said)


def test_lines_are_filled():
    rng = np.random.default_rng(0)
    assert not any("{" in f(rng) for f in (passage, rap_lines, song_line) for _ in range(100))

from fractions import Fraction

import pytest

pytestmark = pytest.mark.filterwarnings("default")
pytest.importorskip("pipecat.services.ai_service", reason="the extra pipecat is not installed")

from talkstyle_pipecat.unheard import Unheard  # noqa: E402


def test_what_was_heard_is_forgotten_to_the_sample():
    sound = Unheard()
    sound.add(bytes(range(200)), 100)  # a second
    sound.add(b"ab" * 300, 200)  # a second and a half
    sound.heard(Fraction(3, 4))
    sound.heard(Fraction(1, 2))
    assert sound.take() == [(b"ab" * 250, 200)]
    assert sound.take() == []
    sound.add(b"xy" * 10, 100)
    sound.heard(Fraction(1, 20))
    assert sound.take() == [(b"xy" * 5, 100)]
    sound.add(b"xy" * 10, 100)
    sound.clear()
    assert sound.take() == []

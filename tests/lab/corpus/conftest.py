import shutil

import numpy as np
import pytest

from sdk.errors import ComponentUnavailable
from talkstyle_lab.corpus.speech import RATE, Utterance, espeak
from tests.lab.corpus.fake_kokoro import neural_voices

__all__ = ["neural_voices"]


@pytest.fixture(scope="session")
def engines():
    """Skip where the corpus's tools are not installed."""
    if shutil.which("flite") is None:
        pytest.skip("flite is not installed")
    try:
        espeak("ah")
    except ComponentUnavailable as error:
        pytest.skip(str(error))


@pytest.fixture
def babble():
    """Buzz with made-up phones of 0.2 s each, so that no engine is needed."""
    labels = ("pau", "m", "aa", "p", "uw", "b", "iy", "f", "ae", "m", "aa", "pau")
    time = np.arange(int(0.2 * len(labels) * RATE)) / RATE
    level = np.repeat([0.0 if x == "pau" else 0.9 if x in ("aa", "uw", "iy", "ae") else 0.1 for x in labels], RATE // 5)
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.8 * time)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    buzz = sum(np.sin(k * phase) / k for k in range(1, 12))
    phones = tuple((label, 0.2 * i, 0.2 * (i + 1)) for i, label in enumerate(labels))
    return Utterance((8000 * level * buzz).astype(np.int16), phones, "test", "en-us")

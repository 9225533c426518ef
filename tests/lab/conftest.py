"""The command line in this process, and a corpus of a few seconds in the corpus's own format."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from talkstyle_lab.corpus.style import ArticulationStyle
from tests.sdk.cli.conftest import clip, talkstyle, talkstyle_json

__all__ = ["clip", "corpus", "talkstyle", "talkstyle_json"]

RATE = 16_000


def utterance(rng, seconds=2.5):
    """Tones in bursts; the lower lip follows their loudness."""
    samples = int(seconds * RATE)
    frames = -(-samples * 60 // RATE)
    loud = (
        np.interp(np.arange(samples) / RATE, np.arange(0, seconds + 0.2, 0.2), rng.random(int(seconds / 0.2) + 2)) ** 2
    )
    sound = loud * np.sin(2 * np.pi * rng.uniform(120, 300) * np.arange(samples) / RATE)
    expression = np.zeros((frames, 68, 3))
    expression[:, 66, 1] = 0.2 * np.interp(np.arange(frames) / 60, np.arange(samples) / RATE, loud)
    return (sound * 20_000).astype(np.int16), expression


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)
    listed = []
    styles = [asdict(ArticulationStyle.sample(rng)) for _ in range(3)]
    for number in range(6):
        audio, expression = utterance(rng)
        np.savez(
            folder / f"{number}.npz",
            audio=audio,
            expression=expression.astype(np.float16),
            pose=np.zeros((len(expression), 6), np.float16),
            phone_labels=np.array(["m", "aa"]),
            phone_times=np.array([[0.0, 0.2], [0.2, 2.5]], np.float32),
        )
        listed.append({"file": f"{number}.npz", "session": number // 2, "split": "train", "style": styles[number // 2]})
    (folder / "index.json").write_text(json.dumps({"utterances": listed}))
    return folder

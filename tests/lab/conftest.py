"""The command line in this process, and a corpus of a few seconds in the corpus's own format."""

import json

import numpy as np
import pytest

from talkstyle_lab.corpus.motion import write_shard
from talkstyle_lab.corpus.speech import RATE, Utterance
from talkstyle_lab.pretraining.dataset import read_dataset
from talkstyle_lab.pretraining.prepare import prepare
from tests.sdk.cli.conftest import clip, talkstyle, talkstyle_json

__all__ = ["clip", "corpus", "dataset", "prepared", "talkstyle", "talkstyle_json"]


def utterance(rng, seconds=2.5):
    """Tones, loud in open vowels and quiet in closed lips, in turn."""
    edges = np.cumsum([0, *rng.uniform(0.12, 0.3, int(seconds / 0.2))])
    labels = ["m", "aa"] * len(edges)
    time = np.arange(int(edges[-1] * RATE)) / RATE
    loud = np.where(np.searchsorted(edges, time, side="right") % 2, 0.03, 1.0)
    loud = np.convolve(loud, np.hanning(800) / np.hanning(800).sum(), "same")
    sound = loud * np.sin(2 * np.pi * rng.uniform(120, 300) * time)
    phones = tuple(zip(labels, edges.tolist(), edges[1:].tolist(), strict=False))
    return Utterance((sound * 20_000).astype(np.int16), phones, "tones", "en-us")


def write_corpus(folder, *, sessions, takes, validation=0, seconds=2.5):
    """Sessions, the last ones for validation, of utterances in a style."""
    rng = np.random.default_rng(0)
    listed = []
    for number in range(sessions * takes):
        session = number // takes
        made = utterance(rng, seconds)
        entry = {
            "file": f"{number}.npz", "session": session, "voice": made.voice, "language": made.language,
            "split": "validation" if session >= sessions - validation else "train", "delivery": "speech",
            "frames": made.frames, "style_seed": [0, session], "motion_seed": [1, number],
        }  # fmt: skip
        write_shard(folder / entry["file"], made, entry)
        listed.append(entry)
    (folder / "index.json").write_text(json.dumps({"utterances": listed}))


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    write_corpus(folder, sessions=3, takes=2)
    return folder


@pytest.fixture(scope="session")
def prepared(corpus, tmp_path_factory):
    return prepare(corpus, tmp_path_factory.mktemp("prepared") / "speech.npz")


@pytest.fixture(scope="session")
def dataset(prepared):
    return read_dataset(prepared)

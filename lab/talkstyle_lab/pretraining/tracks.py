"""A corpus's utterances as tracks: those of a session joined by silences, with the motion that belongs to them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from sdk.data import FloatArray
from talkstyle_lab.corpus.motion import read_shard
from talkstyle_lab.corpus.phones import closed_frames
from talkstyle_lab.pretraining.augment.take import RATE, WIDTH, Take
from talkstyle_reference.mel import SAMPLE_RATE

_GAP_SECONDS: Final = (0.2, 2.0)  # of silence between utterances, in which the lips close
_CLOSING_FRAMES: Final = 18

Session = list[dict[str, Any]]
"""Utterances of one voice in one style, as the corpus's index lists them."""


def sessions(corpus: Path, split: str) -> list[Session]:
    """The sessions of a split, in their order."""
    found: dict[int, Session] = {}
    for entry in json.loads((corpus / "index.json").read_text("utf-8"))["utterances"]:
        if entry["split"] == split:
            found.setdefault(entry["session"], []).append(entry)
    return list(found.values())


def engine(session: Session) -> str:
    """The speech engine of a session: what its voices' names begin with."""
    return str(session[0]["voice"]).split("/", maxsplit=1)[0]


def track(corpus: Path, session: Session, rng: np.random.Generator) -> Take:
    """A session's utterances joined by digital silence, before, between and after, in which the face comes to rest."""
    parts = [_silence(rng)]
    for index in rng.permutation(len(session)):
        parts += [_read(corpus / session[index]["file"]), _silence(rng)]
    return _join(parts)


def read_sound(shard: Path) -> FloatArray:
    """A shard's sound alone, float32 ``[N]`` at 16 kHz."""
    with np.load(shard, allow_pickle=False) as stored:
        return np.asarray(stored["audio"] / np.float32(32768), np.float32)


def _read(shard: Path) -> Take:
    made = read_shard(shard)
    frames = len(made.pose)
    motion = np.concatenate([made.expression.reshape(frames, -1), made.pose], axis=1)
    closed = closed_frames(made.utterance.phones, frames)
    # Whole frames, so that joined takes keep their motion in step with their sound.
    samples = np.zeros(_samples(frames), np.float32)
    sound = made.utterance.audio[: len(samples)]
    samples[: len(sound)] = sound / np.float32(32768)
    return Take(samples, motion, closed)


def _samples(frames: int) -> int:
    return frames * SAMPLE_RATE // RATE


def _silence(rng: np.random.Generator) -> Take:
    frames = int(rng.uniform(*_GAP_SECONDS) * RATE)
    samples = np.zeros(_samples(frames), np.float32)
    return Take(samples, np.full((frames, WIDTH), np.nan, np.float32), np.zeros(frames, np.bool_))


def _join(parts: Sequence[Take]) -> Take:
    """Join takes; motion that is NaN eases from its neighbours to rest."""
    motion = np.concatenate([p.motion for p in parts])
    at = 0
    for part in parts:
        end = at + len(part.motion)
        if np.isnan(part.motion[0, 0]):
            ease = 0.5 + 0.5 * np.cos(np.pi * np.clip(np.arange(len(part.motion)) / _CLOSING_FRAMES, 0, 1))[:, None]
            before = motion[at - 1] if at else np.zeros(WIDTH)
            after = motion[end] if end < len(motion) else np.zeros(WIDTH)
            motion[at:end] = before * ease + after * ease[::-1]
        at = end
    return Take(np.concatenate([p.samples for p in parts]), motion, np.concatenate([p.closed for p in parts]))

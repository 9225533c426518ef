"""Motion that belongs to speech: made when a shard is read, so that articulation can change without speaking again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import FloatArray
from sdk.errors import InputError
from sdk.files import atomic_file
from sdk.geometry import canonical_face
from talkstyle_lab.corpus.articulation import articulate
from talkstyle_lab.corpus.head import head_pose, upper_face
from talkstyle_lab.corpus.prosody import prosody
from talkstyle_lab.corpus.speech import Utterance
from talkstyle_lab.corpus.style import ArticulationStyle

_MODULES: Final = ("articulation", "basis", "head", "motion", "phones", "prosody", "style")
"""All that decides how an utterance moves."""


@dataclass(frozen=True, eq=False)
class Shard:
    """An utterance of a corpus, and how its speaker moved."""

    utterance: Utterance
    style: ArticulationStyle
    expression: FloatArray  # float32 [T, 68, 3], 60 Hz
    pose: FloatArray  # float32 [T, 6]


def animate_utterance(
    utterance: Utterance, style: ArticulationStyle, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Expression ``[T, 68, 3]`` and pose ``[T, 6]`` for an utterance in a style, at 60 Hz."""
    measured = prosody(utterance)
    upper = upper_face(utterance, measured, style, rng)
    return articulate(utterance, measured, style, upper, rng), head_pose(utterance, measured, style, rng)


def style_of(entry: Mapping[str, Any]) -> ArticulationStyle:
    """The style that an utterance was given, from its entry in the corpus's index: drawn anew from its seed."""
    return ArticulationStyle.sample(np.random.default_rng(entry["style_seed"]))


def write_shard(path: Path, utterance: Utterance, entry: Mapping[str, Any]) -> None:
    """Write what ``read_shard`` reads; ``entry``, as in the index, has ``style_seed`` and ``motion_seed``."""
    with atomic_file(path) as temporary:
        np.savez(
            temporary, audio=utterance.audio,
            phone_labels=np.array([label for label, _, _ in utterance.phones], dtype="U3"),
            phone_times=np.array([times for _, *times in utterance.phones], dtype=np.float32).reshape(-1, 2),
            meta=np.array(json.dumps(entry, ensure_ascii=False)),
        )  # fmt: skip


def read_shard(path: str | os.PathLike[str]) -> Shard:
    """Read one of a corpus's shards and make its motion.

    Raises:
        InputError: The shard is of an earlier version, whose motion was made with its sound.
    """
    with np.load(path, allow_pickle=False) as stored:
        if "meta" not in stored or "style_seed" not in (entry := json.loads(str(stored["meta"]))):
            hint = "Make it again: talkstyle pretrain corpus, in an empty folder."
            raise InputError("the shard is not of this version of the corpus", where=os.fspath(path), hint=hint)
        times = zip(stored["phone_labels"], stored["phone_times"], strict=True)
        phones = tuple((str(label), float(start), float(end)) for label, (start, end) in times)
        utterance = Utterance(stored["audio"], phones, entry["voice"], entry["language"])
    style = style_of(entry)
    moved = animate_utterance(utterance, style, np.random.default_rng(entry["motion_seed"]))
    expression, pose = (part.astype(np.float32) for part in moved)
    return Shard(utterance, style, expression, pose)


@cache
def motion_fingerprint() -> str:
    """Changes with the code and the constants that make motion, so that what is kept of it can be told to be stale."""
    key = hashlib.sha256(canonical_face().tobytes())
    for name in _MODULES:
        key.update(files(__package__).joinpath(f"{name}.py").read_bytes())
    return key.hexdigest()

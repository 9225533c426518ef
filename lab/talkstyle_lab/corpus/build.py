"""Makes the corpus: one shard per utterance, resumable.

Utterances come in sessions: one voice, one style, different sentences, so that a style can be told apart from the
words. Every shard is a pure function of the seed and its number.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np

from sdk.errors import ConfigError
from sdk.files import atomic_file
from sdk.progress import CancelToken, ProgressCallback, Reporter
from talkstyle_lab.corpus.delivery import speak
from talkstyle_lab.corpus.kokoro.engine import Kokoro
from talkstyle_lab.corpus.motion import write_shard

CORPUS_VERSION: Final = 3
"""Increased when a seed no longer gives the same corpus."""

NEURAL: Final = 2 / 3
"""The share of sessions that neural voices speak, if nothing else is said."""

_SESSION_UTTERANCES: Final = 2
_SESSIONS_PER_VALIDATION: Final = 16  # of which one is for validation


def build(
    folder: str | os.PathLike[str],
    *,
    minutes: float = 90.0,
    seed: int = 0,
    neural: float = NEURAL,
    voices: str | os.PathLike[str] | None = None,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Path:
    """Write a corpus, or continue one.

    Each ``NNNNNN.npz`` holds ``audio`` int16 ``[N]`` at 16 kHz, ``phone_labels`` and ``phone_times`` float32 ``[P,
    2]`` (seconds), and ``meta``, JSON, with the seeds of its style and its motion, which ``read_shard`` makes.
    ``index.json``, written last, lists them all with ``split`` train or validation; its path is returned. A corpus of
    fewer minutes is the beginning of a longer one, so that what is there can be used while the rest is made.

    Args:
        folder: Created if missing.
        minutes: The least length of speech.
        seed: Decides everything, with ``neural``.
        neural: The share of sessions that are spoken by neural voices, 0 to 1; the others are by flite and espeak-ng.
        voices: The folder of neural voices that ``kokoro.files.fetch`` filled; needed unless ``neural`` is 0.
        on_progress: Called after each shard.
        cancel: Stops between shards; the corpus can be continued.

    Raises:
        ConfigError: The folder holds a corpus of another seed, share or version, ``minutes`` is not positive,
            ``neural`` is not a share, or ``voices`` is not given.
        ComponentUnavailable: A speech engine, or what neural voices need, is missing.
        ModelFileMissing: The folder of voices lacks them.
        Cancelled: The token was cancelled.
    """
    if not minutes > 0:
        raise ConfigError(f"minutes={minutes} makes no corpus", where="build", hint="Give a positive number.")
    if not 0 <= neural <= 1:
        raise ConfigError(f"neural={neural} is not a share", where="build", hint="Give 0 to 1.")
    if neural and voices is None:
        hint = "Fetch them with `talkstyle pretrain voices` and give their folder, or set neural to 0."
        raise ConfigError("neural voices are wanted, and not given", where="build", hint=hint)
    kokoro = Kokoro(voices) if neural and voices is not None else None
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    _claim(root, seed, neural)
    report = Reporter(on_progress, cancel)
    entries: list[dict[str, Any]] = []
    seconds = 0.0
    workers = min(os.cpu_count() or 1, 4)
    pool = ThreadPoolExecutor(workers)
    try:
        # A few are made ahead; those beyond the end are kept for a longer corpus, but not listed.
        def begin(number: int) -> Future[dict[str, Any]]:
            return pool.submit(_shard, root, seed, number, neural=neural, kokoro=kokoro)

        pending = [begin(number) for number in range(4 * workers)]
        while seconds < 60 * minutes:
            entries.append(pending[len(entries)].result())
            pending.append(begin(len(pending)))
            seconds += entries[-1]["duration"]
            report("corpus", min(seconds / (60 * minutes), 1.0), f"{seconds / 60:.1f} of {minutes:g} minutes")
    finally:
        pool.shutdown(cancel_futures=True)
    index = root / "index.json"
    summary = {
        "version": CORPUS_VERSION,
        "seed": seed,
        "neural": neural,
        "minutes": seconds / 60,
        "utterances": entries,
    }
    with atomic_file(index) as temporary:
        temporary.write_text(json.dumps(summary, indent=1, ensure_ascii=False), encoding="utf-8")
    return index


def _shard(root: Path, seed: int, number: int, *, neural: float, kokoro: Kokoro | None) -> dict[str, Any]:
    """Make one shard, unless it exists, and return its description."""
    path = root / f"{number:06d}.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as shard:
            return dict(json.loads(str(shard["meta"])))
    session = number // _SESSION_UTTERANCES
    utterance, text, delivery = speak(seed, session, number, neural=neural, kokoro=kokoro)
    meta = {
        "file": path.name, "session": session, "voice": utterance.voice, "language": utterance.language,
        "delivery": delivery, "text": text, "duration": utterance.duration, "frames": utterance.frames,
        "split": "train" if (session + 1) % _SESSIONS_PER_VALIDATION else "validation",
        "style_seed": [seed, 5, session], "motion_seed": [seed, 3, number],
    }  # fmt: skip
    write_shard(path, utterance, meta)
    return meta


def _claim(root: Path, seed: int, neural: float) -> None:
    """Mark the folder as this corpus's, or refuse to mix two."""
    mark, own = root / "corpus.json", json.dumps(_identity(seed, neural))
    if not mark.exists():
        with atomic_file(mark) as temporary:
            temporary.write_text(own, encoding="utf-8")
    elif mark.read_bytes() != own.encode():
        hint = "Choose an empty folder, or the same seed and share of neural voices."
        raise ConfigError("the folder holds another corpus", where=str(root), hint=hint)


def _identity(seed: int, neural: float) -> dict[str, Any]:
    return {"version": CORPUS_VERSION, "seed": seed, "neural": neural}

"""Makes the corpus: one shard per utterance, resumable.

Utterances come in sessions: one voice, one style, different sentences, so that a style can be told apart from the
words. Every shard is a pure function of the seed and its number.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np

from sdk.errors import ConfigError
from sdk.files import atomic_file
from sdk.progress import CancelToken, ProgressCallback, Reporter
from talkstyle_lab.corpus.delivery import speak
from talkstyle_lab.corpus.motion import write_shard

CORPUS_VERSION: Final = 3
"""Increased when a seed no longer gives the same corpus."""

_SESSION_UTTERANCES: Final = 4
_SESSIONS_PER_VALIDATION: Final = 16  # of which one is for validation


def build(
    folder: str | os.PathLike[str],
    *,
    minutes: float = 120.0,
    seed: int = 0,
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
        seed: Decides everything.
        on_progress: Called after each shard.
        cancel: Stops between shards; the corpus can be continued.

    Raises:
        ConfigError: The folder holds a corpus of another seed or version, or ``minutes`` is not positive.
        ComponentUnavailable: A speech engine is missing.
        Cancelled: The token was cancelled.
    """
    if not minutes > 0:
        raise ConfigError(f"minutes={minutes} makes no corpus", where="build", hint="Give a positive number.")
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    _claim(root, seed)
    report = Reporter(on_progress, cancel)
    entries: list[dict[str, Any]] = []
    seconds = 0.0
    workers = min(os.cpu_count() or 1, 4)
    pool = ThreadPoolExecutor(workers)
    try:
        # A few are made ahead; those beyond the end are kept for a longer corpus, but not listed.
        pending = [pool.submit(_shard, root, seed, n) for n in range(4 * workers)]
        while seconds < 60 * minutes:
            entries.append(pending[len(entries)].result())
            pending.append(pool.submit(_shard, root, seed, len(pending)))
            seconds += entries[-1]["duration"]
            report("corpus", min(seconds / (60 * minutes), 1.0), f"{seconds / 60:.1f} of {minutes:g} minutes")
    finally:
        pool.shutdown(cancel_futures=True)
    index = root / "index.json"
    summary = {"version": CORPUS_VERSION, "seed": seed, "minutes": seconds / 60, "utterances": entries}
    with atomic_file(index) as temporary:
        temporary.write_text(json.dumps(summary, indent=1, ensure_ascii=False), encoding="utf-8")
    return index


def _shard(root: Path, seed: int, number: int) -> dict[str, Any]:
    """Make one shard, unless it exists, and return its description."""
    path = root / f"{number:06d}.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as shard:
            return dict(json.loads(str(shard["meta"])))
    session = number // _SESSION_UTTERANCES
    utterance, text, delivery = speak(seed, session, number)
    meta = {
        "file": path.name, "session": session, "voice": utterance.voice, "language": utterance.language,
        "delivery": delivery, "text": text, "duration": utterance.duration, "frames": utterance.frames,
        "split": "train" if (session + 1) % _SESSIONS_PER_VALIDATION else "validation",
        "style_seed": [seed, 5, session], "motion_seed": [seed, 3, number],
    }  # fmt: skip
    write_shard(path, utterance, meta)
    return meta


def _claim(root: Path, seed: int) -> None:
    """Mark the folder as this corpus's, or refuse to mix two."""
    mark, own = root / "corpus.json", json.dumps({"version": CORPUS_VERSION, "seed": seed})
    if not mark.exists():
        with atomic_file(mark) as temporary:
            temporary.write_text(own, encoding="utf-8")
    elif mark.read_bytes() != own.encode():
        hint = "Choose an empty folder, or the same seed."
        raise ConfigError("the folder holds another corpus", where=str(root), hint=hint)

"""Makes the corpus: one shard per utterance, resumable.

Utterances come in sessions: one voice, one style, different sentences, so that a style can be told apart from the
words. Every shard is a pure function of the seed and its number.
"""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sdk.errors import ConfigError
from sdk.files import atomic_file
from sdk.progress import CancelToken, ProgressCallback, Reporter
from talkstyle_lab.corpus import speech
from talkstyle_lab.corpus.articulation import articulate
from talkstyle_lab.corpus.head import head_pose, upper_face
from talkstyle_lab.corpus.phones import PAUSE
from talkstyle_lab.corpus.prosody import prosody
from talkstyle_lab.corpus.resynth import rap, sing
from talkstyle_lab.corpus.sentences import passage, rap_lines, song_line
from talkstyle_lab.corpus.speech import RATE, Utterance, gapless, to_int16
from talkstyle_lab.corpus.style import ArticulationStyle

CORPUS_VERSION: Final = 2
"""Increased when a seed no longer gives the same corpus."""

_SESSION_UTTERANCES: Final = 4
_SESSIONS_PER_VALIDATION: Final = 16  # of which one is for validation
_DELIVERIES: Final = ("speech", "song", "rap", "silence")
_SHARES: Final = (0.72, 0.14, 0.13, 0.01)


def build(
    folder: str | os.PathLike[str],
    *,
    minutes: float = 120.0,
    seed: int = 0,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Path:
    """Write a corpus, or continue one.

    Each ``NNNNNN.npz`` holds ``audio`` int16 ``[N]`` at 16 kHz, ``expression`` float16 ``[T, 68, 3]``, ``pose``
    float16 ``[T, 6]`` at 60 Hz with ``T = ceil(60 N / 16000)``, ``phone_labels`` and ``phone_times`` float32 ``[P,
    2]`` (seconds), ``style`` float32 (see ``ArticulationStyle.vector``) and ``meta``, JSON. ``index.json``, written
    last, lists them all with ``split`` train or validation; its path is returned.

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


def speak(seed: int, number: int) -> tuple[Utterance, ArticulationStyle, str, str]:
    """One utterance, its session's style, its text and its delivery ("speech", "song", "rap" or "silence")."""
    session = np.random.default_rng((seed, 1, number // _SESSION_UTTERANCES))
    style = ArticulationStyle.sample(session)
    by_flite = session.random() < 0.55
    language = "en-us" if by_flite else str(session.choice(list(speech.ESPEAK_LANGUAGES)))
    voice = str(session.choice(speech.FLITE_VOICES if by_flite else speech.ESPEAK_VARIANTS))
    tempo, level = session.uniform(0.78, 1.3), session.uniform(0.2, 0.8)
    delivery = str(session.choice(_DELIVERIES, p=_SHARES))

    rng = np.random.default_rng((seed, 2, number))
    if delivery == "silence":
        sound = np.zeros(int(rng.uniform(3, 6) * RATE), dtype=np.int16)
        return Utterance(sound, ((PAUSE, 0.0, len(sound) / RATE),), "none", language), style, "", delivery
    utterance, text = deliver(rng, voice, language=language, delivery=delivery, tempo=tempo, level=level)
    return utterance, style, text, delivery


def deliver(
    rng: np.random.Generator, voice: str, *, language: str, delivery: str, tempo: float, level: float
) -> tuple[Utterance, str]:
    """Let a voice say, sing or rap something, with pauses around it; also returns the text.

    Args:
        rng: Chooses the words and everything that varies.
        voice: One of ``FLITE_VOICES``, for English, or of ``ESPEAK_VARIANTS``.
        language: A key of ``ESPEAK_LANGUAGES``.
        delivery: "speech", "song" or "rap".
        tempo: Durations relative to the voice's own; those of rap are shorter by 28 %.
        level: The voice's pitch, 0 to 1.
    """
    tongue = language.split("-")[0]
    if delivery == "rap" and tongue == "en":
        text = rap_lines(rng)
    else:
        text = (song_line if delivery == "song" else passage)(rng, tongue)
    if delivery == "rap":
        tempo *= 0.72
    tempo *= rng.uniform(0.93, 1.07)
    if voice in speech.FLITE_VOICES:
        pitch = {"slt": 175.0, "rms": 105.0, "awb": 130.0, "kal16": 105.0}[voice] * (0.8 + 0.5 * level)
        utterance = speech.flite(text, voice=voice, stretch=tempo, pitch=pitch)
    else:
        utterance = speech.espeak(
            text,
            language=language,
            variant=voice,
            rate=round(np.clip(165 / tempo, 90, 400)),
            pitch=round(20 + 60 * level),
            pitch_range=round(rng.uniform(30, 90)),
            gap=int(rng.integers(0, 4)),
        )
    if delivery != "speech":
        utterance = (sing if delivery == "song" else rap)(utterance, rng)
    return _level(_pauses(utterance, rng), rng), text


def animate_utterance(
    utterance: Utterance, style: ArticulationStyle, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Expression ``[T, 68, 3]`` and pose ``[T, 6]`` for an utterance in a style, at 60 Hz."""
    measured = prosody(utterance)
    upper = upper_face(utterance, measured, style, rng)
    return articulate(utterance, measured, style, upper, rng), head_pose(utterance, measured, style, rng)


def _shard(root: Path, seed: int, number: int) -> dict[str, Any]:
    """Make one shard, unless it exists, and return its description."""
    path = root / f"{number:06d}.npz"
    if path.exists():
        with np.load(path, allow_pickle=False) as shard:
            return dict(json.loads(str(shard["meta"])))
    utterance, style, text, delivery = speak(seed, number)
    expression, pose = animate_utterance(utterance, style, np.random.default_rng((seed, 3, number)))
    session = number // _SESSION_UTTERANCES
    meta = {
        "file": path.name, "session": session, "voice": utterance.voice, "language": utterance.language,
        "delivery": delivery, "text": text, "duration": utterance.duration, "frames": utterance.frames,
        "split": "train" if (session + 1) % _SESSIONS_PER_VALIDATION else "validation",
        "style": asdict(style),
    }  # fmt: skip
    with atomic_file(path) as temporary:
        np.savez(
            temporary, audio=utterance.audio, expression=expression.astype(np.float16), pose=pose.astype(np.float16),
            phone_labels=np.array([label for label, _, _ in utterance.phones], dtype="U3"),
            phone_times=np.array([times for _, *times in utterance.phones], dtype=np.float32).reshape(-1, 2),
            style=style.vector(), meta=np.array(json.dumps(meta, ensure_ascii=False)),
        )  # fmt: skip
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


def _pauses(utterance: Utterance, rng: np.random.Generator) -> Utterance:
    """Put silence before and after, sometimes long, so that a generator learns lips at rest."""
    before, after = (float(rng.uniform(0.05, 0.3) if rng.random() < 0.7 else rng.uniform(0.5, 1.6)) for _ in range(2))
    lead, tail = int(before * RATE), int(after * RATE)
    audio = np.pad(utterance.audio, (lead, tail))
    shift, end = lead / RATE, len(audio) / RATE
    spoken = ((label, start + shift, stop + shift) for label, start, stop in utterance.phones)
    phones = gapless([(PAUSE, 0.0, shift), *spoken, (PAUSE, end - tail / RATE, end)], end)
    return replace(utterance, audio=audio, phones=phones)


def _level(utterance: Utterance, rng: np.random.Generator) -> Utterance:
    """Bring the loudest sample to between -9 and -1 dB of full scale."""
    peak = float(np.abs(utterance.audio.astype(np.int32)).max(initial=1))
    gain = 32767 * 10 ** (rng.uniform(-9, -1) / 20) / peak
    return replace(utterance, audio=to_int16(utterance.audio * gain))

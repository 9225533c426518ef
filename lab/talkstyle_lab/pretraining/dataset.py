"""Training data from a corpus: takes joined by silences, recorded in many ways, turned to features."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import Audio, FloatArray
from sdk.files import atomic_folder
from sdk.interfaces import AudioEncoder
from sdk.progress import Reporter
from talkstyle_lab.corpus.motion import motion_fingerprint, read_shard, style_of
from talkstyle_lab.corpus.phones import closed_frames
from talkstyle_lab.pretraining.augment.beds import OtherVoice
from talkstyle_lab.pretraining.augment.recording import rerecord
from talkstyle_lab.pretraining.augment.take import Take, respeed
from talkstyle_lab.pretraining.augment.throats import recolour
from talkstyle_reference.apc import ApcEncoder, ApcState
from talkstyle_reference.generators import OUTPUT_WIDTH
from talkstyle_reference.mel import BANDS, SAMPLE_RATE, MeanNormaliser, MelEncoder, band_centres, log_mel

_RATE: Final = 60
_GAP_SECONDS: Final = (0.2, 2.0)  # of silence between utterances, in which the lips close
_CLOSING_FRAMES: Final = 18


@dataclass(frozen=True, eq=False)
class Dataset:
    """What batches are drawn from; tracks follow one another."""

    features: NDArray[np.float16]  # float16 [F, D]
    motion: NDArray[np.float16]  # float16 [F, 210]
    closed: NDArray[np.bool_]  # bool [F]
    begins: NDArray[np.int64]  # the first frame of each track, and the end of the last, int64 [N + 1]
    styles: NDArray[np.float32]  # each track's articulation style, float32 [N, 25]

    def batch(
        self, rng: np.random.Generator, size: int, frames: int, *, lookahead: int
    ) -> tuple[FloatArray, FloatArray, NDArray[np.bool_], FloatArray]:
        """Draw sequences.

        Returns:
            Features ``[size, frames + lookahead, D]``, and the motion ``[size, frames, 210]`` and closures
            ``[size, frames]`` of all but the look-ahead, and the styles ``[size, 25]``.
        """
        total = frames + lookahead
        lengths = np.diff(self.begins)
        weight = np.where(lengths >= total, lengths, 0)
        tracks = rng.choice(len(lengths), size, p=weight / weight.sum())
        room = lengths[tracks] - total
        # One in eight begins where its track does: a file's first seconds, before its level is measured.
        inside = (rng.random(size) * (room + 1)).astype(int)
        starts = self.begins[tracks] + np.where(rng.random(size) < 0.125, 0, inside)
        rows = starts[:, None] + np.arange(total)
        return (
            self.features[rows].astype(np.float32),
            self.motion[rows[:, :frames]].astype(np.float32),
            self.closed[rows[:, :frames]],
            np.asarray(self.styles[tracks]),
        )


def sessions(corpus: Path, split: str) -> list[list[dict[str, Any]]]:
    """The utterances of a split, as the corpus's index lists them, by session."""
    found: dict[int, list[dict[str, Any]]] = {}
    for entry in json.loads((corpus / "index.json").read_text("utf-8"))["utterances"]:
        if entry["split"] == split:
            found.setdefault(entry["session"], []).append(entry)
    return list(found.values())


def statistics(corpus: Path, *, seed: int = 0) -> dict[str, FloatArray]:
    """Each band's mean over active frames, and its spread around the running mean: what the encoder ships."""
    mean: NDArray[np.float64] = np.full(BANDS, -7.0)
    std = np.ones(BANDS)
    other = _other_voices(corpus)
    for _ in range(3):  # the running mean depends on the prior, which is this very mean
        total, square, count = np.zeros(BANDS), np.zeros(BANDS), 0.0
        for index, take in enumerate(islice(_tracks(corpus, np.random.default_rng((seed, 0))), 60)):
            bands = _bands(rerecord(take.samples, np.random.default_rng((seed, 1, index)), other))
            normalised, active = MeanNormaliser(mean)(bands)
            total += active @ bands.mean(axis=1)
            square += active @ (normalised**2).mean(axis=1)
            count += float(active.sum())
        mean, std = total / count, np.sqrt(square / count)
    return {"mean": mean.astype(np.float32), "std": std.astype(np.float32)}


def prepare(corpus: Path, folder: Path, encoder: AudioEncoder, *, copies: int, seed: int, report: Reporter) -> Dataset:
    """Turn a corpus into a dataset, with ``copies`` recordings of every utterance.

    It is kept in ``folder``, where the next call reads it, unless the corpus, the encoder or how motion is made has
    changed.
    """
    key = hashlib.sha256((corpus / "index.json").read_bytes() + encoder.fingerprint().encode())
    key.update(f"{copies} {seed} {motion_fingerprint()}".encode())
    kept = folder / f"material-{key.hexdigest()[:12]}"
    if not kept.exists():
        with atomic_folder(kept) as temporary:
            _record(corpus, temporary, encoder, copies=copies, seed=seed, report=report)
    return Dataset(*(np.load(kept / f"{field.name}.npy", mmap_mode="r") for field in fields(Dataset)))


def _record(corpus: Path, folder: Path, encoder: AudioEncoder, *, copies: int, seed: int, report: Reporter) -> None:
    other = _other_voices(corpus)
    kept: dict[str, list[NDArray[Any]]] = {"features": [], "motion": [], "closed": []}
    for copy in range(copies):
        for index, take in enumerate(_tracks(corpus, np.random.default_rng((seed, 2, copy)))):
            rng = np.random.default_rng((seed, 3, copy, index))
            take = respeed(take, rng.uniform(0.85, 1.2)) if rng.random() < 0.7 else take
            samples = rerecord(take.samples, rng, other)
            kept["features"].append(_features(encoder, samples, rng).astype(np.float16))
            kept["motion"].append(take.motion.astype(np.float16))
            kept["closed"].append(take.closed)
            report("features", None, f"recording {copy + 1} of {copies}, track {index + 1}")
    if isinstance(encoder, ApcEncoder):
        kept["features"] = _apc_features(encoder, kept["features"], report)
    styles = [style_of(entries[0]).vector() for entries in sessions(corpus, "train")]
    np.save(folder / "styles.npy", np.stack(styles * copies))
    np.save(folder / "begins.npy", np.cumsum([0, *map(len, kept["features"])], dtype=np.int64))
    for name, parts in kept.items():
        _save(folder / f"{name}.npy", parts)


def _save(path: Path, parts: Sequence[NDArray[Any]]) -> None:
    """Write arrays joined, one by one: all features together can be gigabytes."""
    shape = (sum(len(part) for part in parts), *parts[0].shape[1:])
    kept = np.lib.format.open_memmap(path, "w+", parts[0].dtype, shape)  # type: ignore[no-untyped-call]
    at = 0
    for part in parts:
        kept[at : at + len(part)] = part
        at += len(part)
    kept.flush()


def _features(encoder: AudioEncoder, samples: FloatArray, rng: np.random.Generator) -> FloatArray:
    """A recording's features, for ``apc`` those of ``mel``; for these two most are recoloured."""
    if not isinstance(encoder, (MelEncoder, ApcEncoder)):
        return encoder.encode(Audio(samples, SAMPLE_RATE))
    mel = encoder.mel if isinstance(encoder, ApcEncoder) else encoder
    bands = _bands(samples)
    if rng.random() < 0.7:
        bands = recolour(bands.reshape(-1, BANDS), band_centres(), rng).reshape(bands.shape)
    normalised, _ = MeanNormaliser(mel.mean)(bands)
    return mel.scale(normalised)


def _apc_features(
    encoder: ApcEncoder, tracks: list[NDArray[np.float16]], report: Reporter
) -> list[NDArray[np.float16]]:
    """The features of ``apc`` from those of ``mel``: 16 tracks at once, which takes half as long, 10 s after 10 s."""
    found = [np.empty((len(track), encoder.width), np.float16) for track in tracks]
    by_length = np.argsort([len(track) for track in tracks])
    for first in range(0, len(tracks), 16):
        group = by_length[first : first + 16]
        state: ApcState | None = None
        for at in range(0, len(tracks[group[-1]]), 600):
            count = min(600, len(tracks[group[-1]]) - at)
            bands = np.zeros((len(group), count, 2 * BANDS), np.float32)
            for row, track in enumerate(group):
                bands[row, : max(0, len(tracks[track]) - at)] = tracks[track][at : at + count]
            features, state = encoder.encode_mel(bands, state)
            for row, track in enumerate(group):
                found[track][at : at + count] = features[row, : max(0, len(tracks[track]) - at)]
            report("features", (first + at / len(tracks[group[-1]]) * len(group)) / len(tracks))
    return found


def _bands(samples: FloatArray) -> NDArray[np.float64]:
    frames = -(-len(samples) * _RATE // SAMPLE_RATE)
    return log_mel(samples, 0, 2 * frames).reshape(frames, 2, BANDS)


def _tracks(corpus: Path, rng: np.random.Generator) -> Iterator[Take]:
    """A session's utterances joined by digital silence, before, between and after, in which the face comes to rest."""
    for entries in sessions(corpus, "train"):
        parts = [_silence(rng)]
        for index in rng.permutation(len(entries)):
            parts += [_read(corpus / entries[index]["file"]), _silence(rng)]
        yield _join(parts)


def _other_voices(corpus: Path) -> OtherVoice:
    files = [corpus / entry["file"] for entries in sessions(corpus, "train") for entry in entries]

    def draw(rng: np.random.Generator) -> FloatArray:
        with np.load(files[int(rng.integers(len(files)))], allow_pickle=False) as stored:
            return np.asarray(stored["audio"] / np.float32(32768), np.float32)

    return draw


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
    return frames * SAMPLE_RATE // _RATE


def _silence(rng: np.random.Generator) -> Take:
    frames = int(rng.uniform(*_GAP_SECONDS) * _RATE)
    samples = np.zeros(_samples(frames), np.float32)
    return Take(samples, np.full((frames, OUTPUT_WIDTH), np.nan, np.float32), np.zeros(frames, np.bool_))


def _join(parts: list[Take]) -> Take:
    """Join takes; motion that is NaN eases from its neighbours to rest."""
    motion = np.concatenate([p.motion for p in parts])
    at = 0
    for part in parts:
        end = at + len(part.motion)
        if np.isnan(part.motion[0, 0]):
            ease = 0.5 + 0.5 * np.cos(np.pi * np.clip(np.arange(len(part.motion)) / _CLOSING_FRAMES, 0, 1))[:, None]
            before = motion[at - 1] if at else np.zeros(OUTPUT_WIDTH)
            after = motion[end] if end < len(motion) else np.zeros(OUTPUT_WIDTH)
            motion[at:end] = before * ease + after * ease[::-1]
        at = end
    return Take(np.concatenate([p.samples for p in parts]), motion, np.concatenate([p.closed for p in parts]))

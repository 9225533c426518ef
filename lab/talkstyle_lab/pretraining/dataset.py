"""Training data: tracks of motion, each heard in one recording or two; as a file, and as batches.

What ``prepare`` writes needs neither the corpus nor a library for media: NumPy reads it.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import FloatArray
from sdk.errors import ConfigError, InputError
from sdk.files import atomic_file

DATA_VERSION: Final = 1
"""Increased when files can no longer be read as before."""

NEURAL_ENGINES: Final = frozenset({"kokoro"})
"""Speech engines that are neural networks; the others join or compute what rules say."""

SILENT_ENGINE: Final = "none"
"""What tracks of silence have for a speech engine."""

_FRAMES_PER_MINUTE: Final = 3600
_PER_FRAME: Final = ("motion", "closed")
_PER_TRACK: Final = ("styles", "engines")


@dataclass(frozen=True, eq=False)
class Dataset:
    """What batches are drawn from; tracks follow one another.

    Features and motion are kept as small integers: those of ``mel`` to within a 32nd of a standard deviation, and
    motion, which few directions span, to within a 20,000th of the distance between the eyes along each.
    """

    features: NDArray[Any]  # of all views, int8 or float16 [V, D]; times ``feature_step`` they are an encoder's
    views: NDArray[np.int64]  # the first row of each track's features when clean and when augmented, or -1, [N, 2]
    motion: NDArray[np.int16]  # in steps along the rows of ``basis``, [F, K]
    basis: NDArray[np.float32]  # directions times the step, [K, 210]
    centre: NDArray[np.float32]  # the motion where all are 0, [210]
    closed: NDArray[np.bool_]  # where the lips must be closed, [F]
    begins: NDArray[np.int64]  # the first frame of each track, and the end of the last, [N + 1]
    styles: NDArray[np.float32]  # each track's articulation style, [N, 25]
    engines: NDArray[np.str_]  # each track's speech engine, [N]
    tracks: NDArray[np.int64]  # those that batches are drawn from
    feature_step: float
    encoder: str  # an audio encoder's name
    encoder_sha256: str
    statistics: dict[str, NDArray[np.float32]]  # what ``mel`` ships, for features of ``mel``
    key: str  # of what it was made from

    def batch(
        self, rng: np.random.Generator, size: int, frames: int, *, lookahead: int, augmented: float = 0.5
    ) -> tuple[FloatArray, FloatArray, NDArray[np.bool_], FloatArray]:
        """Draw sequences, ``augmented`` of them from augmented recordings where tracks have these.

        Returns:
            Features ``[size, frames + lookahead, D]``, and the motion ``[size, frames, 210]`` and closures
            ``[size, frames]`` of all but the look-ahead, and the styles ``[size, 25]``.
        """
        total = frames + lookahead
        lengths = np.diff(self.begins)[self.tracks]
        weight = np.where(lengths >= total, lengths, 0)
        if not weight.any():
            raise ConfigError(f"no track is {total} frames long", where="training", hint="Use more of the corpus.")
        drawn = rng.choice(len(lengths), size, p=weight / weight.sum())
        tracks, room = self.tracks[drawn], lengths[drawn] - total
        # One in eight begins where its track does: a file's first seconds, before its level is measured.
        inside = (rng.random(size) * (room + 1)).astype(int)
        starts = np.where(rng.random(size) < 0.125, 0, inside)
        view = ((rng.random(size) < augmented) & (self.views[tracks, 1] >= 0)).astype(int)
        heard = (self.views[tracks, view] + starts)[:, None] + np.arange(total)
        moved = (self.begins[tracks] + starts)[:, None] + np.arange(frames)
        return self.heard(heard), self.moved(moved), self.closed[moved], np.asarray(self.styles[tracks])

    def heard(self, rows: NDArray[np.integer[Any]] | slice) -> FloatArray:
        """Rows of the features as the encoder gives them, ``[..., D]``."""
        return np.asarray(self.features[rows].astype(np.float32) * np.float32(self.feature_step))

    def moved(self, rows: NDArray[np.integer[Any]] | slice) -> FloatArray:
        """Frames of the motion, expression and pose, ``[..., 210]``."""
        return np.asarray(self.motion[rows].astype(np.float32) @ self.basis + self.centre)

    def view_rows(self, *, augmented: bool) -> list[slice]:
        """Where the features of the tracks in use are, view by view."""
        lengths = np.diff(self.begins)
        wanted = [(self.views[t, v], lengths[t]) for t in self.tracks for v in ((0, 1) if augmented else (0,))]
        return [slice(int(first), int(first + length)) for first, length in wanted if first >= 0]

    def minutes(self, *, neural: bool | None = None) -> float:
        """How long the tracks in use are, or those of neural voices, or of the others, without those of silence."""
        of = self.tracks if neural is None else self.tracks[self._kinds() == (1 if neural else 2)]
        return float(np.diff(self.begins)[of].sum() / _FRAMES_PER_MINUTE)

    def _kinds(self) -> NDArray[np.int64]:
        """Whether each track in use is of silence (0), of a neural voice (1) or of another (2)."""
        engines = self.engines[self.tracks]
        return np.where(engines == SILENT_ENGINE, 0, np.where(np.isin(engines, list(NEURAL_ENGINES)), 1, 2))

    def subset(self, *, minutes: float | None = None, neural_share: float | None = None, seed: int = 0) -> Dataset:
        """Use only some tracks, drawn by chance; as much of them as of all tracks is silence without a voice.

        Args:
            minutes: How long they are together, within a track; None: as long as possible.
            neural_share: How much of what is spoken neural voices speak; None: as in the whole.
            seed: Decides which; fewer minutes use a part of the tracks that more would.

        Raises:
            ConfigError: There is not as much speech of that kind.
        """
        if minutes is None and neural_share is None:
            return self
        kinds = self._kinds()
        have = [float(np.diff(self.begins)[self.tracks[kinds == kind]].sum()) / _FRAMES_PER_MINUTE for kind in range(3)]
        spoken = have[1] + have[2]
        neural = neural_share if neural_share is not None else have[1] / max(spoken, 1e-9)
        speech = spoken / max(spoken + have[0], 1e-9)
        shares = (1 - speech, speech * neural, speech * (1 - neural))
        total = minutes
        if total is None:
            total = min(here / share for here, share in zip(have, shares, strict=True) if share > 0)
        names = ("of silence", "of neural voices", "of other voices")
        chosen = [
            self._draw(self.tracks[kinds == kind], total * share, name, seed)
            for kind, (share, name) in enumerate(zip(shares, names, strict=True))
        ]
        return replace(self, tracks=np.sort(np.concatenate(chosen)))

    def _draw(self, tracks: NDArray[np.int64], minutes: float, name: str, seed: int) -> NDArray[np.int64]:
        order = np.random.default_rng((seed, 7)).permutation(len(tracks))
        ends = np.cumsum(np.diff(self.begins)[tracks[order]]) / _FRAMES_PER_MINUTE
        have = float(ends[-1]) if len(ends) else 0.0
        if minutes > have * (1 + 1e-9) + 1e-9:
            what = f"there are {have:.1f} minutes {name}, not {minutes:.1f}"
            raise ConfigError(what, where="training data", hint="Ask for fewer minutes, or make a longer corpus.")
        # Up to the track whose end is nearest.
        return np.asarray(tracks[order[: int(np.abs(np.concatenate([[0.0], ends]) - minutes).argmin())]])


def write_dataset(path: Path, dataset: Dataset, *, parts: int = 1) -> list[Path]:
    """Write a dataset as one compressed NumPy file, or as several of about equal size, and return their paths.

    Of several, the names tell which part each is: ``speech-1-of-2.npz``.
    """
    ends = dataset.begins[1:] * parts / max(int(dataset.begins[-1]), 1)
    part_of = np.minimum(np.ceil(ends - 1e-9).astype(int), parts) - 1
    names = [path] if parts == 1 else [path.with_stem(f"{path.stem}-{n + 1}-of-{parts}") for n in range(parts)]
    for number, name in enumerate(names):
        with atomic_file(name) as temporary, temporary.open("wb") as file:
            np.savez_compressed(file, **_arrays(dataset, np.flatnonzero(part_of == number), number, parts))
    return names


def read_dataset(paths: Sequence[str | os.PathLike[str]]) -> Dataset:
    """Read what ``write_dataset`` wrote, all parts of it, in any order.

    Raises:
        InputError: A file is no training data, or of another version, or the parts do not belong together.
    """
    read = sorted((_read(Path(path)) for path in paths), key=lambda part: int(part["meta"]["part"]))
    if not read:
        raise InputError("no file of training data is given", where="training data")
    metas = [part.pop("meta") for part in read]
    keys, wanted = {meta["key"] for meta in metas}, metas[0]["parts"]
    if len(keys) > 1 or [meta["part"] for meta in metas] != list(range(wanted)):
        have = ", ".join(f"{meta['part'] + 1} of {meta['parts']}" for meta in metas)
        hint = "Give each part of one `talkstyle pretrain prepare` once."
        raise InputError(f"these are not the parts of one file: {have}", where=str(paths[0]), hint=hint)
    joined = {name: np.concatenate([part[name] for part in read]) for name in (*_PER_FRAME, *_PER_TRACK, "features")}
    views, begins = [], [np.zeros(1, np.int64)]
    rows = frames = 0
    for part in read:
        views.append(np.where(part["views"] < 0, -1, part["views"] + rows))
        begins.append(part["begins"][1:] + frames)
        rows, frames = rows + len(part["features"]), frames + len(part["motion"])
    first, meta = read[0], metas[0]
    return Dataset(
        **joined,
        views=np.concatenate(views), begins=np.concatenate(begins), basis=first["basis"], centre=first["centre"],
        tracks=np.arange(len(joined["engines"])), feature_step=meta["feature_step"],
        encoder=meta["encoder"], encoder_sha256=meta["encoder_sha256"], key=meta["key"],
        statistics={name: first[f"statistics_{name}"] for name in meta["statistics"]},
    )  # fmt: skip


def dataset_key(path: Path) -> str | None:
    """What a file of training data was made from; None where there is none."""
    try:
        return str(_meta(path)["key"])
    except (OSError, InputError):
        return None


def _arrays(dataset: Dataset, tracks: NDArray[np.int64], number: int, parts: int) -> dict[str, NDArray[Any]]:
    """The arrays of one part, whose tracks follow one another."""
    lengths = np.diff(dataset.begins)[tracks]
    begins = np.concatenate([[0], np.cumsum(lengths)])
    frames = np.arange(dataset.begins[tracks[0]], dataset.begins[tracks[-1] + 1]) if len(tracks) else tracks
    views, rows, at = np.full((len(tracks), 2), -1, np.int64), [], 0
    for index, (track, length) in enumerate(zip(tracks, lengths, strict=True)):
        for view in range(2):
            if (first := dataset.views[track, view]) >= 0:
                rows.append(np.arange(first, first + length))
                views[index, view], at = at, at + length
    meta = {
        "version": DATA_VERSION, "key": dataset.key, "part": number, "parts": parts,
        "feature_step": dataset.feature_step, "encoder": dataset.encoder, "encoder_sha256": dataset.encoder_sha256,
        "statistics": list(dataset.statistics),
    }  # fmt: skip
    return {
        "meta": np.array(json.dumps(meta)),
        "features": dataset.features[np.concatenate(rows) if rows else np.zeros(0, np.int64)],
        "views": views,
        "begins": begins.astype(np.int64),
        "basis": dataset.basis,
        "centre": dataset.centre,
        **{name: getattr(dataset, name)[frames] for name in _PER_FRAME},
        **{name: getattr(dataset, name)[tracks] for name in _PER_TRACK},
        **{f"statistics_{name}": value for name, value in dataset.statistics.items()},
    }


def _meta(path: Path) -> dict[str, Any]:
    return dict(_read(path, "meta")["meta"])


def _read(path: Path, *names: str) -> dict[str, Any]:
    """A file's arrays, all or some, with ``meta`` parsed."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            found: dict[str, Any] = {name: stored[name] for name in names or stored.files}
        found["meta"] = json.loads(str(found["meta"]))
        version = found["meta"]["version"]
    except (ValueError, KeyError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        hint = "Give what `talkstyle pretrain prepare` wrote."
        raise InputError("the file is no training data", where=str(path), hint=hint) from error
    if version != DATA_VERSION:
        hint = "Make it again: talkstyle pretrain prepare."
        raise InputError(f"the training data is of version {version}, not {DATA_VERSION}", where=str(path), hint=hint)
    return found

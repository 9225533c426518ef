"""From a corpus to training data: every track recorded once or twice, in several processes, resumable.

A track is a pure function of the seed and its number, so any number of processes gives the same bits.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from sdk.data import Audio, FloatArray
from sdk.errors import ConfigError
from sdk.files import atomic_file
from sdk.interfaces import AudioEncoder
from sdk.progress import CancelToken, ProgressCallback, Reporter
from talkstyle_lab.corpus.motion import motion_fingerprint, style_of
from talkstyle_lab.pretraining.augment.beds import OtherVoice
from talkstyle_lab.pretraining.augment.recording import level, rerecord
from talkstyle_lab.pretraining.augment.take import RATE, respeed
from talkstyle_lab.pretraining.augment.throats import recolour
from talkstyle_lab.pretraining.dataset import DATA_VERSION, Dataset, dataset_key, write_dataset
from talkstyle_lab.pretraining.tracks import Session, engine, read_sound, sessions, track
from talkstyle_reference.mel import BANDS, SAMPLE_RATE, MeanNormaliser, MelEncoder, band_centres, log_mel

MEL_STEP: Final = 1 / 16  # standard deviations, of what ``mel`` gives
_MOTION_STEP: Final = 1e-4  # eye distances or radians, along a direction
_MOTION_ERROR: Final = 3e-5  # root mean square of what too few directions would leave out
_STATISTICS_TRACKS: Final = 60
_RESPEEDED: Final = 0.7  # of the tracks
_SPEEDS: Final = (0.85, 1.2)
_RECOLOURED: Final = (0.3, 0.7)  # of the clean and of the augmented recordings

T = TypeVar("T")


@dataclass(frozen=True)
class _Job:
    """One track, and how often it is recorded."""

    corpus: Path
    session: Session
    others: tuple[str, ...]  # the files of other sessions
    number: int
    seed: int
    augmented: float


def prepare(
    corpus: Path,
    out: Path,
    *,
    encoder: AudioEncoder | None = None,
    augmented: float = 1.0,
    seed: int = 0,
    workers: int = 1,
    parts: int = 1,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> list[Path]:
    """Turn a corpus into training data, or go on where that stopped; what is there already is left as it is.

    Every track is recorded clean, at some level, and most at another speed; ``augmented`` of them are recorded a second
    time in a room, beside music, noise or other voices, by another microphone, through a codec or a telephone.

    Args:
        corpus: What ``build`` wrote.
        out: A file, ``.npz``; unfinished work is kept beside it.
        encoder: Whose features are kept, by default those of ``mel``, its statistics made from this corpus. Others run
            in this process.
        augmented: The share of tracks with a second recording, 0 to 1.
        seed: Decides everything.
        workers: Processes, with the same bits for any number. More than one need the caller's ``__main__`` guard.
        parts: Files to write.
        on_progress: Called after each track.
        cancel: Stops between tracks.

    Returns:
        The files, which ``read_dataset`` reads.

    Raises:
        ConfigError: ``augmented``, ``workers`` or ``parts`` cannot be.
        Cancelled: The token was cancelled.
    """
    for value, name, fine in ((workers, "workers", workers >= 1), (parts, "parts", parts >= 1)):
        if not fine:
            raise ConfigError(f"{name}={value} is not a positive number", where="prepare")
    if not 0 <= augmented <= 1:
        raise ConfigError(f"augmented={augmented} is not between 0 and 1", where="prepare")
    report = Reporter(on_progress, cancel)
    key = _key(corpus, encoder, augmented=augmented, seed=seed)
    files = [out] if parts == 1 else [out.with_stem(f"{out.stem}-{n + 1}-of-{parts}") for n in range(parts)]
    if all(dataset_key(file) == key for file in files):
        return files
    folder = out.with_name(f"{out.name}.unfinished") / key[:12]
    folder.mkdir(parents=True, exist_ok=True)
    jobs = _jobs(corpus, augmented=augmented, seed=seed)
    with _mapped(workers if encoder is None else 1) as mapped:
        statistics = {}
        if encoder is None:
            statistics = _kept_statistics(folder, jobs, mapped, report)
            encoder = MelEncoder(None)
            encoder.mean, encoder.std = statistics["mean"], statistics["std"]
        elif isinstance(encoder, MelEncoder):
            statistics = {"mean": encoder.mean, "std": encoder.std}
        made = mapped(_Recorder(folder, encoder), jobs)
        for count, _ in enumerate(made, 1):
            report("features", count / len(jobs), f"track {count} of {len(jobs)}")
    report("join")
    dataset = _join(folder, jobs, encoder, statistics, key)
    written = write_dataset(out, dataset, parts=parts)
    shutil.rmtree(folder.parent)
    return written


def _key(corpus: Path, encoder: AudioEncoder | None, *, augmented: float, seed: int) -> str:
    key = hashlib.sha256((corpus / "index.json").read_bytes())
    name = "mel" if encoder is None else encoder.fingerprint()
    key.update(f"{DATA_VERSION} {name} {augmented} {seed} {motion_fingerprint()}".encode())
    for path in sorted(Path(__file__).parent.glob("augment/*.py")):
        key.update(path.read_bytes())
    return key.hexdigest()


def _jobs(corpus: Path, *, augmented: float, seed: int) -> list[_Job]:
    listed = sessions(corpus, "train")
    files = [(number, entry["file"]) for number, session in enumerate(listed) for entry in session]
    return [
        _Job(corpus, session, tuple(file for of, file in files if of != number), number, seed, augmented)
        for number, session in enumerate(listed)
    ]


Mapped = Callable[[Callable[[_Job], Any], Sequence[_Job]], Iterator[Any]]


@contextmanager
def _mapped(workers: int) -> Iterator[Mapped]:
    """``map`` in this process, or in others, in order."""
    if workers == 1:
        yield map
        return
    # Forks would inherit native threads that do not run in them.
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        yield pool.map
    finally:
        pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class _Recorder:
    """Writes a track's features, motion and closures into a folder, unless they are there."""

    folder: Path
    encoder: AudioEncoder

    def __call__(self, job: _Job) -> None:
        path = _place(self.folder, job)
        if path.exists():
            return
        take = track(job.corpus, job.session, np.random.default_rng((job.seed, 22, job.number)))
        rng = np.random.default_rng((job.seed, 23, job.number))
        if rng.random() < _RESPEEDED:
            take = respeed(take, rng.uniform(*_SPEEDS))
        twice = rng.random() < job.augmented
        views = []
        for view in range(2 if twice else 1):
            own = np.random.default_rng((job.seed, 24 + view, job.number))
            samples = rerecord(take.samples, own, _other_voice(job)) if view else level(take.samples, own)
            views.append(_features(self.encoder, samples, own, recoloured=_RECOLOURED[view]))
        with atomic_file(path) as temporary, temporary.open("wb") as file:
            np.savez(
                file, closed=take.closed, motion=take.motion.astype(np.float32), features=np.stack(views)
            )  # fmt: skip


def _place(folder: Path, job: _Job) -> Path:
    return folder / f"{job.number:06d}.npz"


def _other_voice(job: _Job) -> OtherVoice:
    files = job.others or tuple(entry["file"] for entry in job.session)

    def draw(rng: np.random.Generator) -> FloatArray:
        return read_sound(job.corpus / files[int(rng.integers(len(files)))])

    return draw


def _features(
    encoder: AudioEncoder, samples: FloatArray, rng: np.random.Generator, *, recoloured: float
) -> NDArray[Any]:
    """A recording's features: of ``mel`` in steps, some recoloured; of others as they are, in half precision."""
    if not isinstance(encoder, MelEncoder):
        return np.asarray(encoder.encode(Audio(samples, SAMPLE_RATE)), np.float16)
    bands = _bands(samples)
    if rng.random() < recoloured:
        bands = recolour(bands.reshape(-1, BANDS), band_centres(), rng).reshape(bands.shape)
    normalised, _ = MeanNormaliser(encoder.mean)(bands)
    return np.asarray(np.rint(encoder.scale(normalised) / MEL_STEP), np.int8)


def _bands(samples: FloatArray) -> NDArray[np.float64]:
    frames = -(-len(samples) * RATE // SAMPLE_RATE)
    return log_mel(samples, 0, 2 * frames).reshape(frames, 2, BANDS)


def _recorded_bands(job: _Job) -> NDArray[np.float64]:
    take = track(job.corpus, job.session, np.random.default_rng((job.seed, 20, job.number)))
    rng = np.random.default_rng((job.seed, 21, job.number))
    return _bands(rerecord(take.samples, rng, _other_voice(job)))


def _kept_statistics(folder: Path, jobs: Sequence[_Job], mapped: Mapped, report: Reporter) -> dict[str, FloatArray]:
    path = folder / "statistics.npz"
    if not path.exists():
        chosen = jobs[:: max(1, len(jobs) // _STATISTICS_TRACKS)]
        bands = []
        for track_bands in mapped(_recorded_bands, chosen):
            bands.append(track_bands)
            report("statistics", len(bands) / len(chosen))
        with atomic_file(path) as temporary, temporary.open("wb") as file:
            np.savez(file, **_statistics(bands))
    with np.load(path, allow_pickle=False) as stored:
        return {name: stored[name] for name in ("mean", "std")}


def _statistics(tracks: Sequence[NDArray[np.float64]]) -> dict[str, FloatArray]:
    """Each band's mean over active frames, and its spread around the running mean: what the encoder ships."""
    mean: NDArray[np.float64] = np.full(BANDS, -7.0)
    std = np.ones(BANDS)
    for _ in range(3):  # the running mean depends on the prior, which is this very mean
        total, square, count = np.zeros(BANDS), np.zeros(BANDS), 0.0
        for bands in tracks:
            normalised, active = MeanNormaliser(mean)(bands)
            total += active @ bands.mean(axis=1)
            square += active @ (normalised**2).mean(axis=1)
            count += float(active.sum())
        mean, std = total / count, np.sqrt(square / count)
    return {"mean": mean.astype(np.float32), "std": std.astype(np.float32)}


def _join(
    folder: Path, jobs: Sequence[_Job], encoder: AudioEncoder, statistics: dict[str, FloatArray], key: str
) -> Dataset:
    """All tracks as one dataset, their motion along the fewest directions that span it."""
    parts: dict[str, list[NDArray[Any]]] = {"features": [], "motion": [], "closed": []}
    views, rows = np.full((len(jobs), 2), -1, np.int64), 0
    for index, job in enumerate(jobs):
        with np.load(_place(folder, job), allow_pickle=False) as stored:
            for name, kept in parts.items():
                kept.append(stored[name])
        recordings = parts["features"].pop()
        for view, features in enumerate(recordings):
            parts["features"].append(features)
            views[index, view], rows = rows, rows + len(features)
    centre, basis = _directions(parts["motion"])
    motion = [((part - centre) @ basis.T).astype(np.float32) for part in parts["motion"]]
    step = max(_MOTION_STEP, max(float(np.abs(part).max()) for part in motion) / 32767)
    return Dataset(
        features=np.concatenate(parts["features"]), views=views,
        motion=np.concatenate([np.rint(part / step).astype(np.int16) for part in motion]),
        basis=(basis * step).astype(np.float32), centre=centre.astype(np.float32),
        closed=np.concatenate(parts["closed"]), begins=np.cumsum([0, *map(len, motion)], dtype=np.int64),
        styles=np.stack([style_of(job.session[0]).vector() for job in jobs]).astype(np.float32),
        engines=np.array([engine(job.session) for job in jobs]), tracks=np.arange(len(jobs)),
        feature_step=MEL_STEP if statistics else 1.0, encoder=encoder.name, encoder_sha256=encoder.fingerprint(),
        statistics=statistics, key=key,
    )  # fmt: skip


def _directions(tracks: Sequence[NDArray[np.float32]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The mean of all motion, ``[210]``, and as many principal directions as tell it but for a small error."""
    count = sum(map(len, tracks))
    centre = np.asarray(sum(part.sum(axis=0, dtype=np.float64) for part in tracks) / count)
    spread = np.zeros((len(centre), len(centre)))
    for part in tracks:
        moved = part - centre
        spread += moved.T @ moved
    variances, directions = np.linalg.eigh(spread / count)
    left_out = np.concatenate([[0.0], np.cumsum(np.maximum(variances, 0))])  # without the first, the first two, ...
    least = int(np.flatnonzero(left_out <= len(centre) * _MOTION_ERROR**2).max())
    return centre, directions[:, min(least, len(centre) - 1) :].T[::-1]

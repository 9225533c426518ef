"""Training the predictive encoder: first its net, then the database that its features are drawn towards."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sdk.data import FloatArray
from sdk.files import atomic_file
from sdk.progress import Reporter
from talkstyle_lab.pretraining.dataset import Dataset
from talkstyle_lab.pretraining.run import Plan, Run
from talkstyle_lab.pretraining.weights import write_weights
from talkstyle_reference.apc import AHEAD_FRAMES, HIDDEN_WIDTH, ApcEncoder, ApcNet, ApcState
from talkstyle_reference.mel import BANDS

CHECKPOINT_STEPS: Final = 50
RESTART_SHARE: Final = 0.1  # of the streams, those that begin anew at each step, elsewhere and with an empty memory
_SAMPLES_PER_ENTRY: Final = 15
_ROUNDS: Final = 6  # of k-means
_SPAN_FRAMES: Final = 1200  # of each piece that samples are taken from; the first half only fills the memory


@dataclass(frozen=True, kw_only=True)
class ApcPlan(Plan):
    """How the predictive encoder is trained, with Adam."""

    steps: int = 800
    rate: float = 1e-3
    batch: int = 64  # streams
    frames: int = 120  # at 120 Hz; a step carries each stream's state on to the next
    entries: int = 4096  # of the database


def train_apc(
    dataset: Dataset,
    folder: Path,
    plan: ApcPlan,
    *,
    augmented: bool,
    device: torch.device,
    report: Reporter,
) -> None:
    """Train net and database on log-mel bands, and write both to ``folder/weights``.

    The dataset is of ``mel``; its augmented recordings are used or not. Its statistics become a part of this encoder.
    An unfinished run goes on from the folder's checkpoint.

    Raises:
        CheckpointError: The folder's checkpoint is of another plan or of other training data.
    """
    bands = _Bands(dataset, augmented=augmented)
    run = _ApcRun(plan, folder / "checkpoint-apc.pt", bands, device=device)
    run.train("train apc", checkpoint_steps=CHECKPOINT_STEPS, report=report)
    report("database")
    net = run.net.cpu().half().float()  # as it will be shipped
    weights = {name: value.numpy() for name, value in net.state_dict().items()}
    database = _database(net, bands, plan, report)
    write_weights(folder / "weights", "apc", {**dataset.statistics, **weights, "database": database})


def encode_dataset(dataset: Dataset, encoder: ApcEncoder, folder: Path, *, report: Reporter) -> Dataset:
    """A dataset of ``mel`` in the features of ``apc``, kept in ``folder``, where the next call reads them.

    16 recordings at once, which takes half as long, 10 s after 10 s.
    """
    rows = dataset.view_rows(augmented=True)
    key = hashlib.sha256(f"{dataset.key} {encoder.fingerprint()} {rows}".encode()).hexdigest()
    kept = folder / f"features-apc-{key[:12]}.npy"
    if not kept.exists():
        with atomic_file(kept) as temporary:
            shape = (len(dataset.features), encoder.width)
            found = np.lib.format.open_memmap(temporary, "w+", np.float16, shape)  # type: ignore[no-untyped-call]
            _encode(dataset, encoder, rows, found, report)
            found.flush()
    features = np.load(kept, mmap_mode="r")
    return replace(
        dataset, features=features, feature_step=1.0, encoder=encoder.name, encoder_sha256=encoder.fingerprint()
    )


def _encode(
    dataset: Dataset, encoder: ApcEncoder, rows: list[slice], found: NDArray[np.float16], report: Reporter
) -> None:
    by_length = sorted(rows, key=lambda view: view.stop - view.start)
    for first in range(0, len(rows), 16):
        group = by_length[first : first + 16]
        longest = group[-1].stop - group[-1].start
        state: ApcState | None = None
        for at in range(0, longest, 600):
            bands = np.zeros((len(group), min(600, longest - at), 2 * BANDS), np.float32)
            parts = [slice(view.start + at, min(view.start + at + 600, view.stop)) for view in group]
            for row, part in enumerate(parts):
                if part.start < part.stop:
                    bands[row, : part.stop - part.start] = dataset.heard(part)
            features, state = encoder.encode_mel(bands, state)
            for row, part in enumerate(parts):
                if part.start < part.stop:
                    found[part] = features[row, : part.stop - part.start]
            report("features", (first + at / longest * len(group)) / len(rows))


class _ApcRun(Run[ApcPlan]):
    """The net in training, and where in the corpus each stream is."""

    WARM_UP_STEPS = 50
    LOSS_DECAY = 0.95
    VALUES = ("at", "state")

    def __init__(self, plan: ApcPlan, checkpoint: Path, bands: _Bands, *, device: torch.device) -> None:
        self.net = ApcNet(seed=plan.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed)
            self._predictor = nn.Linear(HIDDEN_WIDTH, BANDS)
        both = nn.ModuleList((self.net, self._predictor))
        both.to(device)
        optimizer = torch.optim.Adam(both.parameters(), lr=plan.rate)
        super().__init__(plan, checkpoint, {"nets": both}, optimizer, data=bands.key, device=device)
        self._bands = bands
        self.reset()

    def reset(self) -> None:
        """Begin all streams anew."""
        self.at = torch.full((self.plan.batch,), -1, dtype=torch.int64)  # each stream's next frame; -1: none yet
        self.state = torch.zeros(3, self.plan.batch, HIDDEN_WIDTH, device=self.device)

    def compute_loss(self) -> Tensor:
        """The mean absolute error in standard deviations of a band."""
        frames = self.plan.frames
        bands = self._next_bands(np.random.default_rng((self.plan.seed, 5, self.step)))
        with self.precision():
            features, state = self.net(bands[:, :frames], self.state)
            predicted = self._predictor(features)
        self.state = state.detach().float()
        error: Tensor = (predicted.float() - bands[:, AHEAD_FRAMES:]).abs().mean()
        return error

    def learning_rate(self, warm_up: float, cosine: float) -> float:
        """In the order of multiplication that gives the shipped weights to the bit."""
        return self.plan.rate * warm_up * cosine

    def _next_bands(self, rng: np.random.Generator) -> Tensor:
        """Each stream's next bands, ``[batch, frames + AHEAD_FRAMES, 80]``; the last of them are only predicted."""
        frames, batch = self.plan.frames, self.plan.batch
        last = len(self._bands) - frames - AHEAD_FRAMES
        at = self.at.cpu().numpy()
        new = (at < 0) | (at > last) | (rng.random(batch) < RESTART_SHARE)
        at[new] = rng.integers(0, last + 1, int(new.sum()))
        self.state[:, torch.from_numpy(new)] = 0.0
        rows = self._bands.at(at[:, None] + np.arange(frames + AHEAD_FRAMES))
        self.at = torch.from_numpy(at + frames)
        return torch.from_numpy(rows).to(self.device)


class _Bands:
    """The features of ``mel`` as one sound's bands at 120 Hz, ``[n, 80]``: recording after recording."""

    def __init__(self, dataset: Dataset, *, augmented: bool) -> None:
        rows = dataset.view_rows(augmented=augmented)
        self._stored = np.concatenate([dataset.features[view] for view in rows]).reshape(-1, BANDS)
        self._step = np.float32(dataset.feature_step)
        self.key = dataset.key

    def __len__(self) -> int:
        return len(self._stored)

    def at(self, rows: NDArray[np.integer[Any]]) -> FloatArray:
        """Some of them, ``[..., 80]``."""
        return np.asarray(self._stored[rows].astype(np.float32) * self._step)


def _database(net: ApcNet, bands: _Bands, plan: ApcPlan, report: Reporter) -> FloatArray:
    """Features that stand for all: of samples clustered by k-means, the one nearest to each mean, ``[entries, 512]``.

    Plain samples would be a fifth silence, which is one point many times over.
    """
    rng = np.random.default_rng((plan.seed, 6))
    span = min(_SPAN_FRAMES, len(bands))
    pieces = math.ceil(plan.entries * _SAMPLES_PER_ENTRY / (span // 2))
    starts = rng.integers(0, len(bands) - span + 1, pieces)
    found: list[Tensor] = []
    with torch.no_grad():
        for group in np.array_split(starts, math.ceil(pieces / 16)):
            rows = bands.at(group[:, None] + np.arange(span))
            features, _ = net(torch.from_numpy(rows))
            found.append(features[:, span // 2 :].flatten(0, 1))
            report("database")
        samples = torch.cat(found)
        order = torch.from_numpy(rng.permutation(len(samples)))
        means = samples[order[: plan.entries]].clone()
        for _ in range(_ROUNDS):
            nearest, _ = _nearest(samples, means)
            sums = torch.zeros_like(means).index_add_(0, nearest, samples)
            counts = torch.bincount(nearest, minlength=len(means))
            means = torch.where(counts[:, None] > 0, sums / counts.clamp(min=1)[:, None], means)
            report("database")
        nearest, distance = _nearest(samples, means)
        # Of each cluster the sample nearest to its mean: sorted by distance, the first of each cluster.
        by_distance = torch.argsort(distance)
        _, first = np.unique(nearest[by_distance].numpy(), return_index=True)
        chosen = by_distance[torch.from_numpy(first)]
    return np.asarray(samples[chosen].numpy())


def _nearest(samples: Tensor, means: Tensor) -> tuple[Tensor, Tensor]:
    """For each sample the nearest mean's index, and the squared distance to it (less the sample's own square)."""
    squares = means.square().sum(dim=1)
    indices, distances = [], []
    for at in range(0, len(samples), 4096):
        part = samples[at : at + 4096]
        distance, index = (squares - 2 * part @ means.T).min(dim=1)
        indices.append(index)
        distances.append(distance + part.square().sum(dim=1))
    return torch.cat(indices), torch.cat(distances)

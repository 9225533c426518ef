"""Training the predictive encoder: first its net, then the database that its features are drawn towards."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sdk.data import FloatArray
from sdk.progress import Reporter
from talkstyle_lab.pretraining.dataset import Dataset
from talkstyle_lab.pretraining.run import Plan, Run
from talkstyle_lab.pretraining.weights import write_weights
from talkstyle_reference.apc import AHEAD_FRAMES, HIDDEN_WIDTH, ApcNet
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
    statistics: dict[str, FloatArray],
    folder: Path,
    plan: ApcPlan,
    *,
    device: torch.device,
    report: Reporter,
) -> None:
    """Train net and database on a corpus's log-mel bands, and write both to ``folder/weights``.

    The dataset and the statistics are those of ``mel``; the statistics become a part of this encoder. An unfinished run
    goes on from the folder's checkpoint.

    Raises:
        CheckpointError: The folder's checkpoint is of another plan.
    """
    run = _ApcRun(plan, folder / "checkpoint-apc.pt", dataset, device=device)
    run.train("train apc", checkpoint_steps=CHECKPOINT_STEPS, report=report)
    report("database")
    net = run.net.cpu().half().float()  # as it will be shipped
    weights = {name: value.numpy() for name, value in net.state_dict().items()}
    database = _database(net, _bands(dataset), plan, report)
    write_weights(folder / "weights", "apc", {**statistics, **weights, "database": database})


class _ApcRun(Run[ApcPlan]):
    """The net in training, and where in the corpus each stream is."""

    WARM_UP_STEPS = 50
    LOSS_DECAY = 0.95
    VALUES = ("at", "state")

    def __init__(self, plan: ApcPlan, checkpoint: Path, dataset: Dataset, *, device: torch.device) -> None:
        self.net = ApcNet(seed=plan.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed)
            self._predictor = nn.Linear(HIDDEN_WIDTH, BANDS)
        both = nn.ModuleList((self.net, self._predictor))
        both.to(device)
        optimizer = torch.optim.Adam(both.parameters(), lr=plan.rate)
        super().__init__(plan, checkpoint, {"nets": both}, optimizer, device=device)
        self._bands = _bands(dataset)
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
        rows = self._bands[at[:, None] + np.arange(frames + AHEAD_FRAMES)].astype(np.float32)
        self.at = torch.from_numpy(at + frames)
        return torch.from_numpy(rows).to(self.device)


def _bands(dataset: Dataset) -> NDArray[np.float16]:
    """The features of ``mel`` as bands at 120 Hz, ``[2 F, 80]``."""
    return dataset.features.reshape(-1, BANDS)


def _database(net: ApcNet, bands: NDArray[np.float16], plan: ApcPlan, report: Reporter) -> FloatArray:
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
            rows = bands[group[:, None] + np.arange(span)].astype(np.float32)
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

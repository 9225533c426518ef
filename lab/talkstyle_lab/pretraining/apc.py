"""Training the predictive encoder: first its net, then the database that its features are drawn towards."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from sdk.data import FloatArray
from sdk.errors import CheckpointError
from sdk.files import atomic_file
from sdk.progress import Reporter
from talkstyle_lab.pretraining.dataset import Dataset
from talkstyle_lab.pretraining.weights import write_weights
from talkstyle_reference.apc import AHEAD, HIDDEN, ApcNet
from talkstyle_reference.encoder import BANDS

__all__ = ["EVERY", "ApcPlan", "train_apc"]

EVERY: Final = 50
"""Steps between checkpoints."""


@dataclass(frozen=True, kw_only=True)
class ApcPlan:
    """How the predictive encoder is trained.

    Attributes:
        steps: Batches in all; the learning rate falls to nothing over them, by half a cosine.
        rate: The highest learning rate, of Adam.
        batch: Streams that are heard at once.
        frames: 120 Hz frames of each in a step, which carries its state on to the next.
        entries: Features in the database.
        seed: Of the weights, the streams and the database.
    """

    steps: int = 800
    rate: float = 1e-3
    batch: int = 64
    frames: int = 120
    entries: int = 4096
    seed: int = 0


def train_apc(
    material: Dataset,
    statistics: dict[str, FloatArray],
    folder: Path,
    plan: ApcPlan,
    *,
    report: Reporter,
) -> None:
    """Train net and database on a corpus's log-mel bands, and write both to ``folder/weights``.

    Args:
        material: Of the ``mel`` encoder; its motion is not looked at.
        statistics: The ``mel`` encoder's, which become a part of this one.
        folder: Where the checkpoint is, or will be: an unfinished run goes on.
        plan: How to train.
        report: Told the loss; cancels between steps.

    Raises:
        CheckpointError: The folder's checkpoint is of another plan.
    """
    run = _Run(plan, folder / "checkpoint-apc.pt")
    for step in range(run.step, plan.steps):
        loss = run.advance(material)
        if (step + 1) % EVERY == 0 or step + 1 == plan.steps:
            run.save()
        report("train apc", (step + 1) / plan.steps, f"loss {loss:.4f}")
    report("database")
    net = run.net.half().float()  # as it will be shipped
    weights = {name: value.numpy() for name, value in net.state_dict().items()}
    database = _database(net, material, plan, report)
    write_weights(folder / "weights", "apc", {**statistics, **weights, "database": database})


class _Run:
    """The net in training, and where in the corpus each stream is."""

    _WARM: Final = 50
    _JUMP: Final = 0.1  # of the streams begin anew, elsewhere and with an empty memory, at each step

    def __init__(self, plan: ApcPlan, checkpoint: Path) -> None:
        self.plan = plan
        self.step = 0
        self.net = ApcNet(seed=plan.seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(plan.seed)
            self._foretell = nn.Linear(HIDDEN, BANDS)
        self._losses = 0.0
        self._checkpoint = checkpoint
        self._both = nn.ModuleList((self.net, self._foretell))
        self._optimiser = torch.optim.Adam(self._both.parameters(), lr=plan.rate)
        self._at = torch.full((plan.batch,), -1, dtype=torch.int64)  # each stream's next frame; -1: nowhere yet
        self._state = torch.zeros(3, plan.batch, HIDDEN)
        if checkpoint.exists():
            self._load()

    def advance(self, material: Dataset) -> float:
        """Take one step; returns the loss, smoothed: the mean absolute error in standard deviations of a band."""
        plan = self.plan
        bands = self._hear(material, np.random.default_rng((plan.seed, 5, self.step)))
        for group in self._optimiser.param_groups:
            warm = min(1.0, (self.step + 1) / self._WARM)
            group["lr"] = plan.rate * warm * 0.5 * (1 + math.cos(math.pi * self.step / plan.steps))
        # Half precision halves the time; weights stay whole.
        with torch.autocast("cpu", dtype=torch.bfloat16):
            features, state = self.net(bands[:, : plan.frames], self._state)
            foretold = self._foretell(features)
        loss = (foretold.float() - bands[:, AHEAD:]).abs().mean()
        self._optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self._both.parameters(), 1.0)
        self._optimiser.step()
        self._state = state.detach().float()
        self.step += 1
        self._losses = loss.item() if self.step == 1 else 0.95 * self._losses + 0.05 * loss.item()
        return self._losses

    def save(self) -> None:
        """Write the checkpoint."""
        with atomic_file(self._checkpoint) as temporary:
            torch.save({"plan": vars(self.plan), **self._parts()}, temporary)

    def _parts(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "losses": self._losses,
            "nets": self._both.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "at": self._at,
            "state": self._state,
        }

    def _load(self) -> None:
        kept = torch.load(self._checkpoint, weights_only=True)
        if kept["plan"] != vars(self.plan):
            raise CheckpointError(
                "there is a checkpoint of another plan", where=str(self._checkpoint), hint="Give another folder."
            )
        self.step, self._losses, self._at, self._state = kept["step"], kept["losses"], kept["at"], kept["state"]
        self._both.load_state_dict(kept["nets"])
        self._optimiser.load_state_dict(kept["optimiser"])

    def _hear(self, material: Dataset, rng: np.random.Generator) -> Tensor:
        """Each stream's next bands, ``[batch, frames + AHEAD, 80]``; the last ``AHEAD`` are only foretold."""
        plan = self.plan
        heard = _bands(material)
        last = len(heard) - plan.frames - AHEAD
        at = self._at.numpy()
        new = (at < 0) | (at > last) | (rng.random(plan.batch) < self._JUMP)
        at[new] = rng.integers(0, last + 1, int(new.sum()))
        self._state[:, torch.from_numpy(new)] = 0.0
        rows = heard[at[:, None] + np.arange(plan.frames + AHEAD)].astype(np.float32)
        at += plan.frames
        return torch.from_numpy(rows)


def _bands(material: Dataset) -> NDArray[np.float16]:
    """The material's features as bands at 120 Hz, ``[2 F, 80]``."""
    return material.features.reshape(-1, BANDS)


_SAMPLES: Final = 15  # features looked at for each entry
_ROUNDS: Final = 6
_SPAN: Final = 1200  # frames heard before and while features are taken from them


def _database(net: ApcNet, material: Dataset, plan: ApcPlan, report: Reporter) -> FloatArray:
    """Features that stand for all: of samples clustered by k-means, the one nearest to each mean, ``[entries, 512]``.

    Plain samples would be a fifth silence, which is one point many times over.
    """
    rng = np.random.default_rng((plan.seed, 6))
    heard = _bands(material)
    span = min(_SPAN, len(heard))
    pieces = math.ceil(plan.entries * _SAMPLES / (span // 2))
    starts = rng.integers(0, len(heard) - span + 1, pieces)
    found: list[Tensor] = []
    with torch.no_grad():
        for group in np.array_split(starts, math.ceil(pieces / 16)):
            rows = heard[group[:, None] + np.arange(span)].astype(np.float32)
            features, _ = net(torch.from_numpy(rows))
            found.append(features[:, span // 2 :].flatten(0, 1))  # the first half only fills the memory
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

"""Training step by step, which can be stopped at a checkpoint and goes on to the same bits."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import torch
from torch import Tensor, nn

from sdk.errors import CheckpointError
from sdk.files import atomic_file
from sdk.progress import Reporter


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How networks are trained."""

    steps: int  # batches in all
    rate: float  # the learning rate after warming up; it falls to nothing over the steps, by half a cosine
    batch: int  # sequences in a batch
    frames: int  # of each sequence
    seed: int = 0  # of the weights, and of all that is drawn


P = TypeVar("P", bound=Plan)


class Run(ABC, Generic[P]):
    """Networks in training, saved by their names; an existing checkpoint is gone on from."""

    WARM_UP_STEPS: ClassVar[int]
    LOSS_DECAY: ClassVar[float]
    """Of the moving average that is reported."""
    VALUES: ClassVar[tuple[str, ...]] = ()
    """Attributes that a checkpoint holds besides step, loss, networks and optimizer."""

    def __init__(
        self, plan: P, checkpoint: Path, networks: dict[str, nn.Module], optimizer: torch.optim.Optimizer
    ) -> None:
        self.step = 0
        self.losses = 0.0
        self.plan = plan
        self._checkpoint = checkpoint
        self._optimizer = optimizer
        self._stateful: dict[str, Any] = {**networks, "optimiser": optimizer}
        self._values = ("step", "losses", *self.VALUES)

    @abstractmethod
    def compute_loss(self) -> Tensor:
        """The loss of the next batch, which depends on the seed and the step alone."""

    def learning_rate(self, warm_up: float, cosine: float) -> float:
        """The step's learning rate from both factors of the schedule."""
        return self.plan.rate * (warm_up * cosine)

    def after_step(self) -> None:
        """Called once the networks have taken a step."""

    def train(self, stage: str, *, checkpoint_steps: int, report: Reporter) -> None:
        """Take the steps that are left; progress has the loss, a moving average.

        Raises:
            CheckpointError: The checkpoint is of another plan.
        """
        if self._checkpoint.exists():
            self._load()
        steps = self.plan.steps
        while self.step < steps:
            self._advance()
            if self.step % checkpoint_steps == 0 or self.step == steps:
                self._save()
            report(stage, self.step / steps, f"loss {self.losses:.4f}")

    def _advance(self) -> None:
        for group in self._optimizer.param_groups:
            group["lr"] = self.learning_rate(
                min(1.0, (self.step + 1) / self.WARM_UP_STEPS),
                0.5 * (1 + math.cos(math.pi * self.step / self.plan.steps)),
            )
        loss = self.compute_loss()
        self._optimizer.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_([p for group in self._optimizer.param_groups for p in group["params"]], 1.0)
        self._optimizer.step()
        self.step += 1
        self.after_step()
        decay = self.LOSS_DECAY if self.step > 1 else 0.0
        self.losses = decay * self.losses + (1 - decay) * loss.item()

    def _save(self) -> None:
        state = {"plan": vars(self.plan), **{name: getattr(self, name) for name in self._values}}
        state |= {name: part.state_dict() for name, part in self._stateful.items()}
        with atomic_file(self._checkpoint) as temporary:
            torch.save(state, temporary)

    def _load(self) -> None:
        state = torch.load(self._checkpoint, weights_only=True)
        if state["plan"] != vars(self.plan):
            where = str(self._checkpoint)
            raise CheckpointError("there is a checkpoint of another plan", where=where, hint="Give another folder.")
        for name in self._values:
            setattr(self, name, state[name])
        for name, part in self._stateful.items():
            part.load_state_dict(state[name])

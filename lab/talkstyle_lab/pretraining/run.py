"""Training step by step, which can be stopped at a checkpoint and goes on to the same bits."""

from __future__ import annotations

import copy
import math
import time
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
    half: bool | None = None  # whether half precision computes what may be imprecise; None: if it is faster


P = TypeVar("P", bound=Plan)


class Run(ABC, Generic[P]):
    """Networks in training, saved by their names; an existing checkpoint is gone on from.

    Attributes:
        half: As the plan says; None until both precisions were measured.
    """

    WARM_UP_STEPS: ClassVar[int]
    LOSS_DECAY: ClassVar[float]
    """Of the moving average that is reported."""
    VALUES: ClassVar[tuple[str, ...]] = ()
    """Attributes that a checkpoint holds besides step, loss, networks and optimizer."""

    def __init__(
        self,
        plan: P,
        checkpoint: Path,
        networks: dict[str, nn.Module],
        optimizer: torch.optim.Optimizer,
        *,
        data: str,
        device: torch.device,
    ) -> None:
        self.step = 0
        self.losses = 0.0
        self.half = plan.half
        self.device = device
        self.plan = plan
        self._checkpoint = checkpoint
        self._data = data  # the key of what is learned from
        self._optimizer = optimizer
        self._networks = networks
        self._stateful: dict[str, Any] = {**networks, "optimiser": optimizer}
        self._values = ("step", "losses", "half", *self.VALUES)

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
            CheckpointError: The checkpoint is of another plan, or of other training data.
        """
        if self._checkpoint.exists():
            self._load()
        if self.half is None:
            self.half = self._half_is_faster()
        steps = self.plan.steps
        while self.step < steps:
            self._advance()
            if self.step % checkpoint_steps == 0 or self.step == steps:
                self._save()
            report(stage, self.step / steps, f"loss {self.losses:.4f}")

    def precision(self) -> torch.autocast:
        """The context of a forward pass: weights, losses and averages stay whole."""
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=bool(self.half))

    def _half_is_faster(self) -> bool:
        """Compare both precisions: bfloat16 halves the time of a step, or takes ten times as long where it is emulated.

        The networks stay as they are.
        """
        kept = {name: copy.deepcopy(network.state_dict()) for name, network in self._networks.items()}
        seconds: dict[bool, float] = {}
        for self.half in (False, True):
            for attempt in range(3):
                start = time.perf_counter()
                torch.autograd.backward(self.compute_loss())
                if self.device.type == "cuda":
                    torch.cuda.synchronize(self.device)
                took = time.perf_counter() - start
                # The first also prepares kernels.
                seconds[self.half] = min(took, seconds.get(self.half, took)) if attempt else took
                if attempt == 0 and self.half and took > 4 * seconds[False]:
                    break
        self._optimizer.zero_grad()
        for name, network in self._networks.items():
            network.load_state_dict(kept[name])
        self.reset()
        return seconds[True] < seconds[False]

    def reset(self) -> None:
        """Called where losses were computed without steps, to undo what they changed besides the networks."""

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
        state = {"plan": vars(self.plan), "data": self._data, **{name: getattr(self, name) for name in self._values}}
        state |= {name: part.state_dict() for name, part in self._stateful.items()}
        with atomic_file(self._checkpoint) as temporary:
            torch.save(state, temporary)

    def _load(self) -> None:
        state = torch.load(self._checkpoint, weights_only=True, map_location=self.device)
        where, hint = str(self._checkpoint), "Give another folder."
        if state["plan"] != vars(self.plan):
            raise CheckpointError("there is a checkpoint of another plan", where=where, hint=hint)
        if state["data"] != self._data:
            raise CheckpointError("there is a checkpoint of other training data", where=where, hint=hint)
        for name in self._values:
            setattr(self, name, state[name])
        for name, part in self._stateful.items():
            part.load_state_dict(state[name])

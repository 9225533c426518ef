"""Training a base on a synthesised corpus, so that it can be stopped and go on to the same bits."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn

from sdk.errors import CheckpointError
from sdk.files import atomic_file
from sdk.progress import CancelToken, ProgressCallback, Reporter
from talkstyle_reference.encoder import BANDS, MelEncoder
from talkstyle_reference.generator import LOOKAHEAD, Generator
from talkstyle_reference.generator_lstm import LstmGenerator
from talkstyle_reference.generator_tcn import TcnGenerator
from talkstyle_reference.training_loss import motion_loss
from talkstyle_reference.training_material import Material, prepare, statistics
from talkstyle_reference.weights import read_weights, write_weights

__all__ = ["GENERATORS", "PLANS", "Plan", "train"]

GENERATORS: Final[dict[str, type[Generator]]] = {"lstm": LstmGenerator, "tcn": TcnGenerator}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a base is trained.

    Attributes:
        generator: ``"tcn"`` or ``"lstm"``.
        steps: Batches in all; the learning rate falls to nothing over them, by half a cosine.
        rate: The highest learning rate, of AdamW.
        batch: Sequences in a batch.
        frames: Frames in a sequence, as in the paper.
        copies: Recordings of every utterance.
        seed: Of the weights, the recordings and the batches.
    """

    generator: str = "tcn"
    steps: int = 5000
    rate: float = 1.5e-3
    batch: int = 8
    frames: int = 240
    copies: int = 1
    seed: int = 0


PLANS: Final = {"tcn": Plan(), "lstm": Plan(generator="lstm", steps=3000)}
"""How the shipped weights were trained."""


def train(
    corpus: Path,
    folder: Path,
    plan: Plan,
    *,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
    every: int = 250,
) -> Path:
    """Train a base, or go on where ``folder`` holds an unfinished one.

    The encoder's statistics are taken from ``folder/weights`` where they are there, else measured on the corpus:
    generators trained into one folder share them.

    Args:
        corpus: What ``pretrain corpus`` wrote.
        folder: Where features, checkpoints and, at the end, ``weights/`` go.
        plan: How to train.
        on_progress: Told the loss.
        cancel: Stops between steps; the last checkpoint stays.
        every: Steps between checkpoints.

    Returns:
        The folder of weights, laid out as the package's own.

    Raises:
        CheckpointError: The folder's checkpoint is of another plan.
    """
    report = Reporter(on_progress, cancel)
    weights = folder / "weights"
    encoder = MelEncoder(None)
    if not (weights / "mel.safetensors").exists():
        report("statistics")
        write_weights(weights, "mel", statistics(corpus), dtype=np.float32)
    measured = read_weights("mel", weights)
    encoder.mean, encoder.std = measured["mean"], measured["std"]
    material = prepare(corpus, folder, encoder, copies=plan.copies, seed=plan.seed, report=report)
    run = _Run(plan, folder / f"checkpoint-{plan.generator}.pt")
    for step in range(run.step, plan.steps):
        loss = run.advance(material)
        if (step + 1) % every == 0 or step + 1 == plan.steps:
            run.save()
        report(f"train {plan.generator}", (step + 1) / plan.steps, f"loss {loss:.4f}")
    write_weights(weights, plan.generator, run.average)
    return weights


class _Run:
    """A generator in training: its optimiser, and the moving average of its weights that will ship."""

    _WARM: Final = 200
    _DECAY: Final = 0.998

    def __init__(self, plan: Plan, checkpoint: Path) -> None:
        self.plan = plan
        self.step = 0
        self.losses = 0.0
        self._checkpoint = checkpoint
        self._generator = GENERATORS[plan.generator](None, seed=plan.seed)
        self._optimiser = torch.optim.AdamW(self._generator.parameters(), lr=plan.rate, weight_decay=0.01)
        self._average = {key: value.clone() for key, value in self._state().items()}
        if checkpoint.exists():
            self._load()

    @property
    def average(self) -> dict[str, np.ndarray[Any, np.dtype[np.float32]]]:
        """The averaged weights, as they ship."""
        return {key: value.numpy() for key, value in self._average.items()}

    def advance(self, material: Material) -> float:
        """Take one step; the batch depends on the seed and the step alone. Returns the loss, smoothed."""
        plan = self.plan
        rng = np.random.default_rng((plan.seed, 4, self.step))
        features, motion, closed = material.batch(rng, plan.batch, plan.frames)
        heard = torch.from_numpy(_mask(features, rng))
        self._generator.train()
        for module in self._generator.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.train(self.step < 0.8 * plan.steps)  # then frozen, as it will be used
        for group in self._optimiser.param_groups:
            group["lr"] = plan.rate * self._schedule()
        # Half precision halves the time; weights, losses and the average stay whole.
        with torch.autocast("cpu", dtype=torch.bfloat16):
            expression, pose, _ = self._generator(heard)
        loss = motion_loss(
            expression[:, LOOKAHEAD:].float(),
            pose[:, LOOKAHEAD:].float(),
            torch.from_numpy(motion),
            torch.from_numpy(closed),
        )
        self._optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._generator.parameters(), 1.0)
        self._optimiser.step()
        self.step += 1
        decay = min(self._DECAY, self.step / (self.step + 10))
        for key, value in self._state().items():
            self._average[key].lerp_(value, 1 - decay)
        self.losses = loss.item() if self.step == 1 else 0.98 * self.losses + 0.02 * loss.item()
        return self.losses

    def save(self) -> None:
        """Write the checkpoint."""
        state = {
            "plan": vars(self.plan),
            "step": self.step,
            "losses": self.losses,
            "generator": self._generator.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "average": self._average,
        }
        with atomic_file(self._checkpoint) as temporary:
            torch.save(state, temporary)

    def _load(self) -> None:
        state = torch.load(self._checkpoint, weights_only=True)
        if state["plan"] != vars(self.plan):
            raise CheckpointError(
                "there is a checkpoint of another plan", where=str(self._checkpoint), hint="Give another folder."
            )
        self.step, self.losses, self._average = state["step"], state["losses"], state["average"]
        self._generator.load_state_dict(state["generator"])
        self._optimiser.load_state_dict(state["optimiser"])

    def _schedule(self) -> float:
        warm = min(1.0, (self.step + 1) / self._WARM)
        return warm * 0.5 * (1 + math.cos(math.pi * self.step / self.plan.steps))

    def _state(self) -> dict[str, Tensor]:
        state = self._generator.state_dict()
        return {key: value.detach() for key, value in state.items() if value.is_floating_point()}


def _mask(features: np.ndarray[Any, np.dtype[np.float32]], rng: np.random.Generator) -> np.ndarray[Any, Any]:
    """Blur features by a little noise, and blot out a stretch of bands in each sequence (Park et al., SpecAugment)."""
    noisy = features + rng.standard_normal(features.shape, dtype=np.float32) * np.float32(0.15)
    for sequence in noisy:
        width = int(rng.integers(0, 16))
        first = int(rng.integers(0, BANDS - width + 1))
        sequence.reshape(-1, 2, BANDS)[:, :, first : first + width] = 0.0
    return noisy

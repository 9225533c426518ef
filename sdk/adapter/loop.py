"""The training loop of a fit, readable from top to bottom.

Nothing in it draws from a global source of randomness: each step's numbers come from the seed and the step alone, so a
fit that was killed goes on to the same bits from any checkpoint.
"""

from __future__ import annotations

import copy
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sdk.adapter.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from sdk.adapter.config import FitConfig
from sdk.adapter.fit_data import FitData
from sdk.data import FloatArray
from sdk.errors import ConfigError, StyleWithoutEffect
from sdk.generation import aligned
from sdk.interfaces import MotionGenerator, StyleTransferNet
from sdk.losses import StyleTarget, TransferLoss
from sdk.packs.fingerprint import weights_sha256
from sdk.progress import Reporter

__all__ = ["FitResult", "run"]


@dataclass(frozen=True, eq=False)
class FitResult:
    """What a fit ended in.

    Attributes:
        parameters: The generator's, by name, at the best step.
        step: That step.
        history: The terms of the loss, one entry a step.
    """

    parameters: dict[str, Tensor]
    step: int
    history: list[dict[str, float]]


def run(
    material: FitData,
    generator: MotionGenerator,
    net: StyleTransferNet,
    *,
    config: FitConfig,
    seed: int,
    device: torch.device,
    report: Reporter,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: str | os.PathLike[str] | None = None,
) -> FitResult:
    """Fit a generator to a reference.

    Args:
        material: What to learn from.
        generator: The base; left as it is.
        net: f; left as it is.
        config: Settings.
        seed: The seed of every random number.
        device: Where both networks are.
        report: Progress and cancelling.
        checkpoint: Where to keep a snapshot every ``config.checkpoint_every`` steps.
        resume: A snapshot to go on from.

    Raises:
        CheckpointError: ``resume`` is not a snapshot of this very fit.
    """
    identity = _identity(material, generator, net, config, seed)
    base = _Base.of(generator, material, device)
    model: Any = copy.deepcopy(generator)  # Any: to torch they are modules, to us what their Protocols say
    critic: Any = copy.deepcopy(net)
    _frozen_statistics(model)
    trained: dict[str, Tensor] = dict(model.named_parameters())
    terms = config.terms
    reference = StyleTarget.of(*base.reference, ordered=material.ordered)
    loss = TransferLoss(critic, terms, reference)
    moved = [*trained.values(), *(critic.parameters() if terms.critic == "joint" else ())]
    optimiser = torch.optim.Adam(moved, lr=config.learning_rate)
    opponent = torch.optim.Adam(critic.parameters(), lr=config.critic_learning_rate, betas=(0.5, 0.9))
    best = {name: p.detach().clone() for name, p in trained.items()}
    state = Checkpoint(0, {})

    def generate(rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """A batch of windows: their frames ``[B, W]``, and what the model makes of them, without the warm-up."""
        rows = base.windows(rng, config)
        heard = base.features[rows]
        if config.noise:
            heard = heard + config.noise * torch.randn(heard.shape, generator=rng).to(heard.device)
        expression, pose = aligned(model, heard)
        return rows[:, config.warmup :], expression[:, config.warmup :], pose[:, config.warmup :]

    def train_critic(expression: Tensor, pose: Tensor, rng: torch.Generator) -> None:
        opponent.zero_grad()
        torch.autograd.backward(loss.critic(expression, pose, rng=rng))
        opponent.step()

    with _repeatable(device):
        adversarial = terms.critic == "adversarial" and terms.sc > 0
        if resume is not None:
            state = load_checkpoint(resume, identity=identity, device=device)
            best = _restore(state, model, critic, optimiser, opponent)
        elif adversarial:
            for step in range(config.critic_warmup):
                rng = _rng(seed, step, 1)
                with torch.no_grad():
                    _, expression, pose = generate(rng)
                train_critic(expression, pose, rng)
        history = list(state.history)
        best_step, best_score = state.best_step, state.best_score

        for step in range(state.step, config.steps):
            rng = _rng(seed, step, 0)
            rows, expression, pose = generate(rng)
            if adversarial:
                train_critic(expression, pose, rng)
            if material.paired:
                parts = {"mg": loss.paired(expression, base.target[rows], base.seen[rows])}
            else:
                parts = {"timing": loss.unpaired(expression, base.expression[rows])}
            parts |= loss.style(expression, pose)
            if terms.closure:
                parts |= loss.closure(expression, *base.closures(rows, paired=material.paired))
            if terms.sc:
                parts |= loss.transfer(expression, pose, rng=rng)
            total = loss.total(parts)
            optimiser.zero_grad()
            torch.autograd.backward(total)
            torch.nn.utils.clip_grad_norm_(trained.values(), 1.0)
            optimiser.step()
            history.append({"loss": float(total.detach()), **{k: float(v.detach()) for k, v in parts.items()}})
            if not np.isfinite(history[-1]["loss"]):
                raise StyleWithoutEffect(
                    "the fit diverged: its loss is not finite",
                    where=f"step {step}",
                    hint="Lower the learning rate or the weight of the term that grew.",
                )

            done = step + 1
            if material.frames.choose is None or material.sound.choose is None:
                best_step, best = done, trained
            elif done % config.check_every == 0 or done == config.steps:
                score = _score(model, base, material, loss, config)
                if score < best_score:
                    best_step, best_score = done, score
                    best = {name: p.detach().clone() for name, p in trained.items()}
            if checkpoint is not None and (done % config.checkpoint_every == 0 or done == config.steps):
                tensors = _tensors(model, critic, optimiser, opponent, best)
                snapshot = Checkpoint(done, tensors, best_step, best_score, history)
                save_checkpoint(checkpoint, snapshot, identity=identity)
            report("fit", done / config.steps, f"loss {history[-1]['loss']:.3f}")

    return FitResult({name: p.detach().clone() for name, p in best.items()}, best_step, history)


@dataclass(frozen=True, eq=False)
class _Base:
    """The material as tensors, and what the unadapted generator makes of it."""

    features: Tensor
    expression: Tensor
    pose: Tensor
    target: Tensor
    seen: Tensor
    reference: tuple[Tensor, Tensor, Tensor]
    span: slice

    @classmethod
    def of(cls, generator: MotionGenerator, material: FitData, device: torch.device) -> _Base:
        def tensor(array: FloatArray) -> Tensor:
            return torch.tensor(array, device=device)

        features = tensor(material.features)
        generator.eval()
        with torch.no_grad():
            expression, pose = aligned(generator, features[None])
        seen = torch.tensor(material.seen, device=device)
        shown, turned = tensor(material.motion.expression), tensor(material.motion.pose)
        fit = material.frames.fit
        return cls(
            features,
            expression[0],
            pose[0],
            shown,
            seen.float(),
            (shown[fit], turned[fit], seen[fit]),
            material.sound.fit,
        )

    def closures(self, rows: Tensor, *, paired: bool) -> tuple[Tensor, Tensor]:
        """What says where lips should meet, and which of its frames count."""
        if paired:
            return self.target[rows], self.seen[rows]
        return self.expression[rows], torch.ones(rows.shape, device=rows.device)

    def windows(self, rng: torch.Generator, config: FitConfig) -> Tensor:
        """Draw windows of the sound to learn from: frame numbers ``[B, W]``."""
        length = min(config.window, self.span.stop - self.span.start)
        if length <= config.warmup:
            raise ConfigError(f"{length} frames to learn from are no more than a warm-up of {config.warmup}")
        last = self.span.stop - length
        starts = torch.randint(self.span.start, last + 1, (config.batch, 1), generator=rng)
        return (starts + torch.arange(length)).to(self.features.device)


def _score(model: MotionGenerator, base: _Base, material: FitData, loss: TransferLoss, config: FitConfig) -> float:
    """The loss without f on the frames kept for choosing."""
    sound, frames = material.sound.choose, material.frames.choose
    assert sound is not None  # the caller asks only where there are such frames
    assert frames is not None
    # The stretch before gives the generator its state.
    lead = min(sound.start, config.window)
    with torch.no_grad():
        expression, pose = aligned(model, base.features[None, sound.start - lead : sound.stop])
        expression, pose = expression[:, lead:], pose[:, lead:]
        if material.paired:
            parts = {"mg": loss.paired(expression, base.target[None, frames], base.seen[None, frames])}
        else:
            parts = {"timing": loss.unpaired(expression, base.expression[None, sound])}
        rows = torch.arange(sound.start, sound.stop, device=base.features.device)[None]
        parts |= loss.closure(expression, *base.closures(rows, paired=material.paired))
        return float(loss.total(parts | loss.style(expression, pose)))


def _rng(seed: int, step: int, stream: int) -> torch.Generator:
    """The random numbers of one step; on the CPU, so that every device draws the same."""
    state = np.random.SeedSequence([seed, step, stream]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state) % 2**63)


def _frozen_statistics(model: nn.Module) -> None:
    """Train the parameters alone: running statistics stay, nothing is dropped.

    The model as a whole is in training mode, because recurrent layers on CUDA have no backward pass outside it.
    """
    model.train()
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._NormBase | nn.modules.dropout._DropoutNd):
            module.eval()
        if isinstance(module, nn.RNNBase):
            module.dropout = 0.0


@contextmanager
def _repeatable(device: torch.device) -> Iterator[None]:
    """The same kernels each time; the caller's own choice comes back after."""
    if device.type != "cuda":
        yield
        return
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield


def _identity(
    material: FitData, generator: MotionGenerator, net: StyleTransferNet, config: FitConfig, seed: int
) -> str:
    parts = (material.digest(), weights_sha256(generator), weights_sha256(net), config.model_dump_json(), str(seed))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _tensors(
    model: nn.Module,
    critic: nn.Module,
    optimiser: torch.optim.Adam,
    opponent: torch.optim.Adam,
    best: dict[str, Tensor],
) -> dict[str, Tensor]:
    named: dict[str, Tensor] = {f"model/{k}": v for k, v in model.named_parameters()}
    named |= {f"critic/{k}": v for k, v in critic.named_parameters()}
    named |= {f"best/{k}": v for k, v in best.items()}
    for label, adam in (("optimiser", optimiser), ("opponent", opponent)):
        for index, moments in adam.state_dict()["state"].items():
            named |= {f"{label}/{index}/{key}": value for key, value in moments.items()}
    return {name: tensor.detach().clone() for name, tensor in named.items()}


def _restore(
    state: Checkpoint, model: nn.Module, critic: nn.Module, optimiser: torch.optim.Adam, opponent: torch.optim.Adam
) -> dict[str, Tensor]:
    """Put a snapshot's tensors where they belong; return the best parameters."""

    def under(prefix: str) -> dict[str, Tensor]:
        return {k.removeprefix(prefix): v for k, v in state.tensors.items() if k.startswith(prefix)}

    with torch.no_grad():
        for network, prefix in ((model, "model/"), (critic, "critic/")):
            saved = under(prefix)
            for name, parameter in network.named_parameters():
                parameter.copy_(saved[name])
    for adam, prefix in ((optimiser, "optimiser/"), (opponent, "opponent/")):
        moments: dict[int, dict[str, Tensor]] = {}
        for key, value in under(prefix).items():
            index, _, name = key.partition("/")
            moments.setdefault(int(index), {})[name] = value
        whole = adam.state_dict()
        whole["state"] = moments
        adam.load_state_dict(whole)
    return under("best/")

"""The training loop of a fit, readable from top to bottom.

Nothing in it draws from a global source of randomness: each step's numbers come from the seed and the step alone, so a
fit that was killed continues to the same bits from any checkpoint.
"""

from __future__ import annotations

import copy
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from sdk.adapter.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from sdk.adapter.config import FitConfig
from sdk.adapter.fit_data import FitData
from sdk.compatibility import weights_sha256
from sdk.errors import ConfigError, StyleWithoutEffect
from sdk.losses import StyleTarget, TransferLoss
from sdk.places import give_torch_a_cache
from sdk.progress import Reporter


@dataclass(frozen=True, eq=False, kw_only=True)
class Setup:
    """What a fit works with: networks on the device, which it leaves as they are, and settings."""

    generator: Any  # to torch the networks are modules, to us what their Protocols say
    net: Any
    config: FitConfig
    seed: int
    device: torch.device
    report: Reporter


@dataclass(frozen=True, eq=False)
class Trained:
    """The generator's parameters for a reference, and the loss with its terms at each step, if steps were taken."""

    parameters: dict[str, Tensor]
    history: list[dict[str, float]] = field(default_factory=list)


def run(
    data: FitData,
    setup: Setup,
    *,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: str | os.PathLike[str] | None = None,
) -> Trained:
    """Fit a generator to a reference.

    Raises:
        CheckpointError: ``resume`` is not a checkpoint of this same fit.
        StyleWithoutEffect: The fit diverged.
    """
    config, seed = setup.config, setup.seed
    identity = _identity(data, setup)
    tensors = Tensors.of(data, setup.device)
    model, style_net = copy.deepcopy(setup.generator), copy.deepcopy(setup.net)
    _train_parameters_only(model)
    style_net.requires_grad_(config.terms.critic == "joint")  # else the generator's steps would take f's slopes in vain
    parameters: dict[str, Tensor] = dict(model.named_parameters())
    terms = config.terms
    loss = TransferLoss(style_net, terms, tensors.target)
    moved = [*parameters.values(), *(style_net.parameters() if terms.critic == "joint" else ())]
    give_torch_a_cache()
    optimizer = torch.optim.Adam(moved, lr=config.learning_rate)
    critic_optimizer = torch.optim.Adam(style_net.parameters(), lr=config.critic_learning_rate, betas=(0.5, 0.9))
    state = {
        "model": model,
        "style_net": style_net,
        "optimizer": optimizer,
        "critic_optimizer": critic_optimizer,
    }
    start = Checkpoint(0, {})

    def generate(rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """A batch of windows: their frames ``[B, W]`` and the model's motion, without the warm-up."""
        rows = tensors.windows(rng, config)
        features = tensors.features[_with_lookahead(rows, model.lookahead, end=len(tensors.features))]
        if config.noise:
            features = features + config.noise * torch.randn(features.shape, generator=rng).to(features.device)
        expression, pose, _ = model(features)
        first = model.lookahead + config.warmup
        return rows[:, config.warmup :], expression[:, first:], pose[:, first:]

    def train_critic(expression: Tensor, pose: Tensor, rng: torch.Generator) -> None:
        critic_optimizer.zero_grad()
        with _learning(style_net):
            torch.autograd.backward(loss.critic(expression, pose, rng=rng))
        critic_optimizer.step()

    with _repeatable(setup.device):
        adversarial = terms.critic == "adversarial" and terms.sc > 0
        if resume is not None:
            start = load_checkpoint(resume, identity=identity, device=setup.device)
            for label, part in state.items():
                _restore(part, _under(start.tensors, label))
        elif adversarial:
            for step in range(config.critic_warmup):
                rng = _rng(seed, step, 1)
                with torch.no_grad():
                    _, expression, pose = generate(rng)
                train_critic(expression, pose, rng)
        history = list(start.history)

        for step in range(start.step, config.steps):
            rng = _rng(seed, step, 0)
            rows, expression, pose = generate(rng)
            if adversarial:
                train_critic(expression, pose, rng)
            parts = tensors.sound_terms(loss, expression, rows) | loss.style(expression, pose)
            if terms.sc:
                parts |= loss.transfer(expression, pose, rng=rng)
            total = loss.total(parts)
            optimizer.zero_grad()
            torch.autograd.backward(total)
            torch.nn.utils.clip_grad_norm_(parameters.values(), 1.0)
            optimizer.step()
            history.append({"loss": float(total.detach()), **{k: float(v.detach()) for k, v in parts.items()}})
            if not np.isfinite(history[-1]["loss"]):
                raise StyleWithoutEffect(
                    "the fit diverged: its loss is not finite",
                    where=f"step {step}",
                    hint="Lower the learning rate or the weight of the term that grew.",
                )

            done = step + 1
            if checkpoint is not None and (done % config.checkpoint_every == 0 or done == config.steps):
                kept = {label: _named_tensors(part) for label, part in state.items()}
                named = _copy({f"{label}/{name}": t for label, part in kept.items() for name, t in part.items()})
                now = Checkpoint(done, named, history)
                save_checkpoint(checkpoint, now, identity=identity)
            setup.report("fit", done / config.steps, f"loss {history[-1]['loss']:.3f}")

    return Trained(_copy(parameters), history)


@dataclass(frozen=True, eq=False)
class Tensors:
    """The data as tensors; ``known`` is 1 where a frame of the reference may be learned from, else 0."""

    features: Tensor
    base: Tensor
    real: Tensor
    known: Tensor
    target: StyleTarget
    paired: bool

    @classmethod
    def of(cls, data: FitData, device: torch.device) -> Tensors:
        """The data on a device."""
        arrays = data.features, data.base.expression, data.motion.expression, data.motion.pose, data.known
        features, base, expression, pose, known = (torch.tensor(array, device=device) for array in arrays)
        target = StyleTarget.of(expression, pose, known, ordered=data.ordered)
        return cls(features, base, expression, known.float(), target, data.paired)

    def sound_terms(self, loss: TransferLoss, expression: Tensor, rows: Tensor) -> dict[str, Tensor]:
        """The terms that hold the lips to the sound, of motion on frames of it ``[B, W]``."""
        if not self.paired:
            target, known = self.base[rows], torch.ones(rows.shape, device=rows.device)
            parts = {"timing": loss.unpaired(expression, target)}
        else:
            target, known = self.real[rows], self.known[rows]
            parts = {"mg": loss.paired(expression, target, known)}
        return parts | loss.closure(expression, target, known) if loss.terms.closure else parts

    def windows(self, rng: torch.Generator, config: FitConfig) -> Tensor:
        """Draw windows of the sound: frame numbers ``[B, W]``."""
        length = min(config.window, len(self.features))
        if length <= config.warmup:
            raise ConfigError(f"{length} frames to learn from are no more than a warm-up of {config.warmup}")
        starts = torch.randint(0, len(self.features) - length + 1, (config.batch, 1), generator=rng)
        return (starts + torch.arange(length)).to(self.features.device)


def _with_lookahead(rows: Tensor, lookahead: int, *, end: int) -> Tensor:
    """Windows ``[B, W]`` and the frames after each that a generator hears before it answers; never ``end`` or later."""
    ahead = rows[:, -1:] + torch.arange(1, lookahead + 1, device=rows.device)
    return torch.cat([rows, ahead.clamp(max=end - 1)], dim=1)


def _rng(seed: int, step: int, stream: int) -> torch.Generator:
    """The random numbers of one step; on the CPU, so that every device draws the same."""
    state = np.random.SeedSequence([seed, step, stream]).generate_state(1, np.uint64)[0]
    return torch.Generator().manual_seed(int(state) % 2**63)


def _train_parameters_only(model: nn.Module) -> None:
    """Switch to training mode, which recurrent layers on CUDA need, without dropout or new running statistics."""
    model.train()
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._NormBase | nn.modules.dropout._DropoutNd):
            module.eval()
        if isinstance(module, nn.RNNBase):
            module.dropout = 0.0


@contextmanager
def _learning(net: nn.Module) -> Iterator[None]:
    """Let a network's parameters have slopes in the block."""
    net.requires_grad_(True)
    yield
    net.requires_grad_(False)


@contextmanager
def _repeatable(device: torch.device) -> Iterator[None]:
    """The same kernels each time; the caller's own choice comes back after."""
    if device.type != "cuda":
        yield
        return
    with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
        yield


def _identity(data: FitData, setup: Setup) -> str:
    networks = weights_sha256(setup.generator), weights_sha256(setup.net)
    parts = data.digest(), *networks, setup.config.model_dump_json(), str(setup.seed)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _under(tensors: Mapping[str, Tensor], label: str) -> dict[str, Tensor]:
    return {key.removeprefix(f"{label}/"): value for key, value in tensors.items() if key.startswith(f"{label}/")}


def _copy(parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: parameter.detach().clone() for name, parameter in parameters.items()}


def _named_tensors(part: nn.Module | torch.optim.Adam) -> dict[str, Tensor]:
    """What a checkpoint keeps of a network or an optimizer."""
    if isinstance(part, nn.Module):
        return dict(part.named_parameters())
    state = part.state_dict()["state"]
    return {f"{index}/{key}": value for index, moments in state.items() for key, value in moments.items()}


def _restore(part: nn.Module | torch.optim.Adam, saved: Mapping[str, Tensor]) -> None:
    """The reverse of ``_named_tensors``."""
    if isinstance(part, nn.Module):
        with torch.no_grad():
            for name, parameter in part.named_parameters():
                parameter.copy_(saved[name])
        return
    moments: dict[int, dict[str, Tensor]] = {}
    for key, value in saved.items():
        index, _, name = key.partition("/")
        moments.setdefault(int(index), {})[name] = value
    part.load_state_dict(part.state_dict() | {"state": moments})

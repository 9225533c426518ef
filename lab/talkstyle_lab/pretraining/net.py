"""Pre-training f to tell ways of moving apart, on the corpus's synthesised styles; a fit can then keep it frozen.

Two windows of one session share a style, and say other words. f's mean features over a window, of positions and of
velocities, are drawn together for those and apart for other sessions' (a contrastive loss: van den Oord et al., arXiv
1807.03748), under the same gradient penalty that holds f in a fit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from sdk.errors import InputError
from sdk.losses import LOSS_SCALE, gradient_penalty, velocity
from sdk.progress import CancelToken, ProgressCallback, Reporter
from talkstyle_lab.corpus.motion import read_shard
from talkstyle_lab.pretraining.tracks import sessions
from talkstyle_lab.pretraining.weights import write_weights
from talkstyle_reference.transfer_net import MlpTransferNet

NET_STEPS: Final = 200  # steps that the shipped weights took
_BATCH: Final = 16
_WINDOW_FRAMES: Final = 60
_TEMPERATURE: Final = 0.1
_PENALTY: Final = 3.0
_RATE: Final = 1e-3


def pretrain_net(
    corpus: Path,
    folder: Path,
    *,
    steps: int = NET_STEPS,
    seed: int = 0,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Path:
    """Pre-train f on a corpus, and return the folder of weights, ``weights/`` in ``folder``.

    Progress has the loss and the share of validation sessions that are recognised by their features. A cancelled run
    writes nothing.

    Raises:
        InputError: The corpus is too small to hold sessions out for validation.
    """
    report = Reporter(on_progress, cancel)
    report("styles")
    train, validation = _sessions(corpus, "train"), _sessions(corpus, "validation")
    net = MlpTransferNet(seed=seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=_RATE, betas=(0.5, 0.9))
    for step in range(steps):
        rng = np.random.default_rng((seed, step))
        chosen = rng.choice(len(train), min(_BATCH, len(train)), replace=False)
        first, second = (torch.stack([_window(train[i], rng) for i in chosen]) for _ in range(2))
        probes = torch.Generator().manual_seed(step)
        loss = _contrast(_signature(net, first), _signature(net, second))
        loss = loss + _PENALTY * gradient_penalty(net, first, second.roll(1, 0), rng=probes)
        for group in optimizer.param_groups:
            group["lr"] = _RATE * (1 - step / steps)
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        if (step + 1) % 50 == 0 or step + 1 == steps:
            recognised = _recognised(net, validation)
            report("train f", (step + 1) / steps, f"loss {float(loss.detach()):.3f}, {recognised:.0%} recognised")
    weights = folder / "weights"
    write_weights(weights, net.name, {name: value.numpy() for name, value in net.state_dict().items()})
    return weights


def _sessions(corpus: Path, split: str) -> list[list[Tensor]]:
    """Upright faces in loss units, ``[T, 204]`` each, of the sessions with at least two long enough."""
    found = []
    for entries in sessions(corpus, split):
        takes = []
        for entry in entries:
            if entry["delivery"] != "silence" and entry["frames"] > _WINDOW_FRAMES:
                shard = read_shard(corpus / entry["file"])
                takes.append(torch.from_numpy(shard.expression).flatten(1) * LOSS_SCALE)
        if len(takes) > 1:
            found.append(takes)
    if not found:
        what = f"no {split} session has two utterances of more than {_WINDOW_FRAMES / 60:g} s"
        raise InputError(what, where=str(corpus), hint="Make a longer one: talkstyle pretrain corpus --minutes 10.")
    return found


def _window(takes: list[Tensor], rng: np.random.Generator) -> Tensor:
    take = takes[int(rng.integers(len(takes)))]
    start = int(rng.integers(len(take) - _WINDOW_FRAMES + 1))
    return take[start : start + _WINDOW_FRAMES]


def _signature(net: nn.Module, faces: Tensor) -> Tensor:
    """What a fit compares: mean features of positions and of velocities, ``[B, 512]`` of length 1."""
    means = torch.cat([net(faces).mean(1), net(velocity(faces)).mean(1)], dim=-1)
    return functional.normalize(means, dim=-1)


def _contrast(first: Tensor, second: Tensor) -> Tensor:
    similarity = first @ second.T / _TEMPERATURE
    own = torch.arange(len(first))
    return (functional.cross_entropy(similarity, own) + functional.cross_entropy(similarity.T, own)) / 2


def _recognised(net: nn.Module, validation: list[list[Tensor]]) -> float:
    """The share of sessions whose other window is nearest to theirs."""
    rng = np.random.default_rng(0)
    first, second = (torch.stack([_window(takes, rng) for takes in validation]) for _ in range(2))
    with torch.no_grad():
        similarity = _signature(net, first) @ _signature(net, second).T
    return float((similarity.argmax(1) == torch.arange(len(similarity))).float().mean())

"""The terms that compare how two faces move, whenever they do: L_sc, L_r and moment matching."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from sdk.interfaces import StyleTransferNet


def draw(frames: Tensor, count: int, rng: torch.Generator) -> Tensor:
    """Draw at most ``count`` frames of ``[B, T, C]`` without replacement: ``[1, count, C]``."""
    flat = frames.flatten(0, 1)
    return flat[torch.randperm(len(flat), generator=rng)[:count].to(flat.device)][None]


def style_gap(net: StyleTransferNet, generated: Tensor, reference: Tensor) -> Tensor:
    """L_sc = ||mean f(phi_mg) - mean f(phi_s)||^2, summed over the 256 features.

    Generated motion and stills share no time axis, so the paper's "mean features" are taken over frames: the term
    compares two distributions.

    Args:
        net: f.
        generated: ``[B, T, 204]``, loss units.
        reference: ``[B', T', 204]``, loss units.
    """
    gap: Tensor = net(generated).flatten(0, 1).mean(0) - net(reference).flatten(0, 1).mean(0)
    return gap.square().sum()


def gradient_penalty(net: StyleTransferNet, generated: Tensor, reference: Tensor, *, rng: torch.Generator) -> Tensor:
    """L_r = (||grad f(phi_hat)|| - 1)^2 at phi_hat = gamma phi_s + (1 - gamma) phi_mg, averaged over frames.

    f has 256 outputs, so its gradient is a Jacobian J; its Frobenius norm is estimated by one Gaussian probe v a
    frame, ||J^T v||, whose square has the mean ||J||_F^2. gamma is uniform in [0, 1], one a frame; generated and
    reference frames are paired at random. After Gulrajani et al., "Improved Training of Wasserstein GANs", 2017.

    Args:
        net: f.
        generated: ``[B, T, 204]``, loss units; no gradient flows to it.
        reference: ``[B', T', 204]``, loss units.
        rng: On the CPU, so that every device draws the same.
    """
    count = min(generated.shape[0] * generated.shape[1], reference.shape[0] * reference.shape[1], 128)
    real, fake = draw(reference, count, rng), draw(generated.detach(), count, rng)
    gamma = torch.rand(1, count, 1, generator=rng).to(fake.device)
    mixed = (gamma * real + (1 - gamma) * fake).requires_grad_()
    features = net(mixed)
    probe = torch.randn(features.shape, generator=rng).to(features.device)
    (gradient,) = torch.autograd.grad((features * probe).sum(), mixed, create_graph=True)
    return ((gradient.square().sum(-1) + 1e-12).sqrt() - 1).square().mean()


class Moments(NamedTuple):
    """Mean and variance over frames, ``[C]`` each; of a reference they need taking only once."""

    mean: Tensor
    variance: Tensor

    @classmethod
    def of(cls, frames: Tensor) -> Moments:
        """Those of ``[B, T, C]``."""
        flat = frames.flatten(0, 1)
        mean = flat.mean(0)
        # Differences from the mean sum to zero, so nothing flows through the mean.
        return cls(mean, (flat - mean.detach()).square().mean(0))

    @property
    def std(self) -> Tensor:
        """The standard deviation; its slope is finite at zero."""
        return (self.variance + 1e-8).sqrt()


def moment_gap(generated: Tensor, reference: Tensor | Moments) -> Tensor:
    """Squared gaps of mean and of standard deviation over frames, averaged over coordinates.

    Args:
        generated: ``[B, T, C]``.
        reference: ``[B', T', C]``, of the same unit, or its moments.
    """
    mine, theirs = _moments(generated), _moments(reference)
    return (mine.mean - theirs.mean).square().mean() + (mine.std - theirs.std).square().mean()


def spread_gap(generated: Tensor, reference: Tensor | Moments) -> Tensor:
    """The part of ``moment_gap`` that is due to standard deviations."""
    return (_moments(generated).std - _moments(reference).std).square().mean()


def amplitude_gap(generated: Tensor, reference: Tensor | Moments) -> Tensor:
    """The squared gap between the logarithms of the spreads, so that halving weighs as much as doubling.

    A mean squared error shrinks what it cannot predict; this keeps the amplitude.

    Args:
        generated: ``[B, T, C]``: trajectories such as the mouth's opening.
        reference: ``[B', T', C]``, or its moments.
    """
    fake, real = (_moments(x).variance.add(1e-6).log() / 2 for x in (generated, reference))
    return (fake - real).square().mean()


def _moments(frames: Tensor | Moments) -> Moments:
    return frames if isinstance(frames, Moments) else Moments.of(frames)

"""The transfer loss L_mg + L_sc + L_r (Pham et al., CVPR-W 2024), with the terms that make it work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from sdk.data import POINTS
from sdk.face import canonical_face
from sdk.interfaces import StyleTransferNet
from sdk.losses.composition import LOSS_SCALE, compose, to_loss_units, velocity
from sdk.losses.style import draw, gradient_penalty, moment_gap, style_gap
from sdk.losses.timing import amplitude_gap, reconstruction, timing

__all__ = ["Critic", "Reference", "TransferLoss", "TransferTerms"]

FRAMES: Final = 128
"""Frames of each side that f looks at in a step."""

Critic = Literal["adversarial", "joint", "frozen"]
"""How f is trained: against the generator, with it (as the formula literally says; it collapses), or not at all."""


class TransferTerms(BaseModel):
    """The weight of each term. All are in loss units (eye distances x 20).

    Attributes:
        mg: L_mg where sound and frames belong together, averaged over the 204 coordinates.
        timing: L_mg where they do not; scored, so it has no unit.
        sc: L_sc, summed over the 256 features; its root where the critic is adversarial.
        r: L_r, the gradient penalty on f.
        moments: Mean and spread of positions and velocities.
        amplitude: Spread of the mouth's opening and of its speed.
        critic: How f is trained.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mg: float = Field(default=3.0, ge=0)
    timing: float = Field(default=0.1, ge=0)
    sc: float = Field(default=0.003, ge=0)
    r: float = Field(default=10.0, ge=0)
    moments: float = Field(default=0.1, ge=0)
    amplitude: float = Field(default=0.3, ge=0)
    critic: Critic = "adversarial"


def mouth_course(phi: Tensor) -> Tensor:
    """The mouth's opening (62-66) and width (48-54), head turned or not: ``[B, T, 2]`` from ``[B, T, 204]``."""
    face = torch.tensor(canonical_face(), dtype=phi.dtype, device=phi.device)
    points = phi.reshape(*phi.shape[:-1], POINTS, 3) + face * LOSS_SCALE
    across = points[..., [66, 54], :] - points[..., [62, 48], :]
    course: Tensor = (across.square().sum(-1) + 1e-4).sqrt()
    return course


@dataclass(frozen=True, eq=False)
class Reference:
    """The reference's frames as the loss takes them, in loss units.

    Attributes:
        frames: phi_s ``[1, N, 204]``: the frames whose style is sought.
        mouth: The mouth's opening and width in them ``[1, N, 2]``.
        velocities: Of frames that follow each other at the motion rate ``[1, M, 204]``; None where they have no order.
        mouth_velocities: ``[1, M, 2]``, likewise.
    """

    frames: Tensor
    mouth: Tensor
    velocities: Tensor | None
    mouth_velocities: Tensor | None

    @classmethod
    def of(cls, expression: Tensor, pose: Tensor, seen: Tensor, *, ordered: bool) -> Reference:
        """Prepare a reference.

        Args:
            expression: ``[T, 68, 3]``.
            pose: ``[T, 6]``.
            seen: Which frames count, bool ``[T]``.
            ordered: Whether they follow each other in time at the motion rate.
        """
        phi = to_loss_units(compose(expression[None], pose[None]))
        mouth = mouth_course(phi)
        pairs = seen[1:] & seen[:-1]
        if not ordered or not bool(pairs.any()):
            return cls(phi[:, seen], mouth[:, seen], None, None)
        return cls(phi[:, seen], mouth[:, seen], velocity(phi)[:, pairs], velocity(mouth)[:, pairs])


class TransferLoss:
    """The loss of the generator and of f, given what the generator made and what the reference shows.

    Args:
        net: f.
        terms: The weights.
        reference: The frames whose style is sought.
    """

    def __init__(self, net: StyleTransferNet, terms: TransferTerms, reference: Reference) -> None:
        self._net = net
        self._reference = reference
        self.terms = terms

    def paired(self, expression: Tensor, target: Tensor, weight: Tensor) -> Tensor:
        """L_mg where sound and frames belong together.

        The sound hardly determines the head, so faces are compared upright; how the head moves is the business of the
        terms that compare distributions.

        Args:
            expression: ``[B, T, 68, 3]``, generated.
            target: ``[B, T, 68, 3]``, seen, on the same clock.
            weight: ``[B, T]``: 1 where the target was seen.
        """
        return reconstruction(_upright(expression), _upright(target), weight)

    def unpaired(self, motion: tuple[Tensor, Tensor], base: tuple[Tensor, Tensor]) -> Tensor:
        """L_mg where there is nothing to reconstruct: the unadapted generator's timing is kept.

        Args:
            motion: Generated expression ``[B, T, 68, 3]`` and pose ``[B, T, 6]``.
            base: The same of the unadapted generator.
        """
        return timing(to_loss_units(compose(*motion)), to_loss_units(compose(*base)))

    def style(self, expression: Tensor, pose: Tensor) -> dict[str, Tensor]:
        """The terms that need no f: moments and amplitude."""
        phi = to_loss_units(compose(expression, pose))
        mouth, seen = mouth_course(phi), self._reference
        moments, amplitude = moment_gap(phi, seen.frames), amplitude_gap(mouth, seen.mouth)
        if seen.velocities is not None and seen.mouth_velocities is not None:
            moments = moments + moment_gap(velocity(phi), seen.velocities)
            amplitude = amplitude + amplitude_gap(velocity(mouth), seen.mouth_velocities)
        return {"moments": moments, "amplitude": amplitude}

    def transfer(self, expression: Tensor, pose: Tensor, *, rng: torch.Generator) -> dict[str, Tensor]:
        """The terms of f that the generator (and a joint f) minimises: L_sc, and L_r where f is trained jointly."""
        phi = to_loss_units(compose(expression, pose))
        gap = self._gap(phi, rng)
        parts = {"sc": (gap + 1e-8).sqrt() if self.terms.critic == "adversarial" else gap}
        if self.terms.critic == "joint":
            parts["r"] = gradient_penalty(self._net, phi, self._reference.frames, rng=rng)
        return parts

    def critic(self, expression: Tensor, pose: Tensor, *, rng: torch.Generator) -> Tensor:
        """The loss that an adversarial f minimises: -sqrt(L_sc) + r L_r.

        Plainly maximising L_sc diverges; its root grows only as fast as f does, and L_r holds f.

        Args:
            expression: ``[B, T, 68, 3]``, generated; not followed.
            pose: ``[B, T, 6]``, generated; not followed.
            rng: For gamma, the pairing and the probe.
        """
        phi = to_loss_units(compose(expression.detach(), pose.detach()))
        penalty = gradient_penalty(self._net, phi, self._reference.frames, rng=rng)
        return self.terms.r * penalty - (self._gap(phi, rng) + 1e-8).sqrt()

    def total(self, parts: dict[str, Tensor]) -> Tensor:
        """The weighted sum of terms by name."""
        return torch.stack([getattr(self.terms, name) * part for name, part in parts.items()]).sum()

    def _gap(self, phi: Tensor, rng: torch.Generator) -> Tensor:
        """L_sc on positions and, where the reference has an order, on velocities through the same f.

        Each side is a draw of ``FRAMES`` frames: f is by far the largest network here, and a mean needs no more.
        """
        seen = self._reference
        gap = style_gap(self._net, draw(phi, FRAMES, rng), draw(seen.frames, FRAMES, rng))
        if seen.velocities is not None:
            moving = draw(velocity(phi), FRAMES, rng), draw(seen.velocities, FRAMES, rng)
            gap = gap + style_gap(self._net, *moving)
        return gap


def _upright(expression: Tensor) -> Tensor:
    return expression.flatten(-2) * LOSS_SCALE

"""The transfer loss L_mg + L_sc + L_r (Pham et al., CVPR-W 2024), with the terms that make it work."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from sdk.geometry import POINTS, canonical_face
from sdk.interfaces import StyleTransferNet
from sdk.losses.composition import LOSS_SCALE, compose, to_loss_units, velocity
from sdk.losses.style import draw, gradient_penalty, moment_gap, spread_gap, style_gap
from sdk.losses.timing import amplitude_gap, closure_gap, reconstruction, timing

__all__ = ["Critic", "Sees", "StyleTarget", "TransferLoss", "TransferTerms"]

FRAMES: Final = 128
"""Frames of each side that f looks at in a step."""

Critic = Literal["adversarial", "joint", "frozen"]
"""How f is trained: against the generator, with it (as the formula literally says; it collapses), or not at all."""


Sees = Literal["upright", "composed"]
"""What f and the moments compare: faces with the head's turn taken out, or phi as the paper has it, the head in it."""


class TransferTerms(BaseModel):
    """The weight of each term. All are in loss units (eye distances x 20).

    Attributes:
        mg: L_mg where sound and frames belong together, averaged over the 204 coordinates.
        timing: L_mg where they do not; scored, so it has no unit.
        sc: L_sc, summed over the 256 features; its root where the critic is adversarial.
        r: L_r, the gradient penalty on f.
        moments: Mean and spread of positions and velocities.
        head: Spread of the head's pose and of its velocity; its mean is where the camera stood, and no style.
        amplitude: Spread of the mouth's opening and of its speed.
        closure: Lips that stay apart where they should meet.
        critic: How f is trained.
        sees: What f and the moments compare.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    mg: float = Field(default=3.0, ge=0)
    timing: float = Field(default=0.5, ge=0)
    sc: float = Field(default=0.003, ge=0)
    r: float = Field(default=10.0, ge=0)
    moments: float = Field(default=0.1, ge=0)
    head: float = Field(default=0.1, ge=0)
    amplitude: float = Field(default=1.0, ge=0)
    closure: float = Field(default=12.0, ge=0)
    critic: Critic = "adversarial"
    sees: Sees = "upright"


def mouth_course(upright: Tensor) -> Tensor:
    """The mouth's opening (62-66) and width (48-54): ``[B, T, 2]`` from upright faces ``[B, T, 204]``, loss units."""
    face = torch.tensor(canonical_face(), dtype=upright.dtype, device=upright.device)
    points = upright.reshape(*upright.shape[:-1], POINTS, 3) + face * LOSS_SCALE
    across = points[..., [66, 54], :] - points[..., [62, 48], :]
    course: Tensor = (across.square().sum(-1) + 1e-4).sqrt()
    return course


@dataclass(frozen=True, eq=False)
class StyleTarget:
    """The reference's frames as the loss takes them, in loss units.

    Attributes:
        frames: phi_s ``[1, N, 204]``, upright: the frames whose style is sought.
        composed: The same with the head's pose in it.
        pose: The head's pose ``[1, N, 6]``; a radian is as long as an eye distance.
        pairs: Where a frame and the next follow each other at the motion rate, bool ``[N - 1]``; none where frames have
            no order.
    """

    frames: Tensor
    composed: Tensor
    pose: Tensor
    pairs: Tensor

    @classmethod
    def of(cls, expression: Tensor, pose: Tensor, seen: Tensor, *, ordered: bool) -> StyleTarget:
        """Prepare a reference.

        Args:
            expression: ``[T, 68, 3]``.
            pose: ``[T, 6]``.
            seen: Which frames count, bool ``[T]``.
            ordered: Whether they follow each other in time at the motion rate.
        """
        composed = to_loss_units(compose(expression[None], pose[None]))
        place = torch.arange(len(seen), device=seen.device)[seen]
        pairs = (place.diff() == 1) & ordered
        return cls(_upright(expression)[None, seen], composed[:, seen], pose[None, seen] * LOSS_SCALE, pairs)

    @cached_property
    def ordered(self) -> bool:
        """Whether there are velocities."""
        return bool(self.pairs.any())

    @cached_property
    def mouth(self) -> Tensor:
        """The mouth's opening and width in the frames ``[1, N, 2]``."""
        return mouth_course(self.frames)

    def velocities(self, of: Tensor) -> Tensor:
        """The scaled velocities of something that each frame has, ``[1, M, C]`` from ``[1, N, C]``."""
        return velocity(of)[:, self.pairs]


class TransferLoss:
    """The loss of the generator and of f, given what the generator made and what the reference shows.

    Args:
        net: f.
        terms: The weights.
        reference: The frames whose style is sought.
    """

    def __init__(self, net: StyleTransferNet, terms: TransferTerms, reference: StyleTarget) -> None:
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

    def unpaired(self, expression: Tensor, base: Tensor) -> Tensor:
        """L_mg where there is nothing to reconstruct: the unadapted generator's timing is kept, head aside.

        Args:
            expression: ``[B, T, 68, 3]``, generated.
            base: The same of the unadapted generator.
        """
        return timing(_upright(expression), _upright(base))

    def style(self, expression: Tensor, pose: Tensor) -> dict[str, Tensor]:
        """The terms that need no f: moments of face and head, and the mouth's amplitude."""
        seen = self._reference
        head = pose * LOSS_SCALE
        face, frames = self._compared(expression, pose)
        mouth = mouth_course(_upright(expression))
        moments, turning = moment_gap(face, frames), spread_gap(head, seen.pose)
        amplitude = amplitude_gap(mouth, seen.mouth)
        if seen.ordered:
            moments = moments + moment_gap(velocity(face), seen.velocities(frames))
            turning = turning + spread_gap(velocity(head), seen.velocities(seen.pose))
            amplitude = amplitude + amplitude_gap(velocity(mouth), seen.velocities(seen.mouth))
        return {"moments": moments, "head": turning, "amplitude": amplitude}

    def closure(self, expression: Tensor, target: Tensor, weight: Tensor) -> dict[str, Tensor]:
        """The term of lips that should meet: a squared error is content with half an opening wherever it is unsure.

        Args:
            expression: ``[B, T, 68, 3]``, generated.
            target: The same, seen on the same clock, or, of an unpaired fit, what the unadapted generator makes.
            weight: ``[B, T]``: 1 where the target counts.
        """
        mine, theirs = (mouth_course(_upright(x))[..., 0] for x in (expression, target))
        return {"closure": closure_gap(mine, theirs, weight)}

    def transfer(self, expression: Tensor, pose: Tensor, *, rng: torch.Generator) -> dict[str, Tensor]:
        """The terms of f that the generator (and a joint f) minimises: L_sc, and L_r where f is trained jointly."""
        mine, seen = self._compared(expression, pose)
        gap = self._gap(mine, seen, rng)
        parts = {"sc": (gap + 1e-8).sqrt() if self.terms.critic == "adversarial" else gap}
        if self.terms.critic == "joint":
            parts["r"] = gradient_penalty(self._net, mine, seen, rng=rng)
        return parts

    def critic(self, expression: Tensor, pose: Tensor, *, rng: torch.Generator) -> Tensor:
        """The loss that an adversarial f minimises: -sqrt(L_sc) + r L_r.

        Plainly maximising L_sc diverges; its root grows only as fast as f does, and L_r holds f.

        Args:
            expression: ``[B, T, 68, 3]``, generated; not followed.
            pose: ``[B, T, 6]``, generated; not followed.
            rng: For gamma, the pairing and the probe.
        """
        mine, seen = self._compared(expression.detach(), pose.detach())
        penalty = gradient_penalty(self._net, mine, seen, rng=rng)
        return self.terms.r * penalty - (self._gap(mine, seen, rng) + 1e-8).sqrt()

    def total(self, parts: dict[str, Tensor]) -> Tensor:
        """The weighted sum of terms by name."""
        return torch.stack([getattr(self.terms, name) * part for name, part in parts.items()]).sum()

    def _compared(self, expression: Tensor, pose: Tensor) -> tuple[Tensor, Tensor]:
        """What f and the moments are shown of the generated motion and of the reference."""
        if self.terms.sees == "composed":
            return to_loss_units(compose(expression, pose)), self._reference.composed
        return _upright(expression), self._reference.frames

    def _gap(self, mine: Tensor, seen: Tensor, rng: torch.Generator) -> Tensor:
        """L_sc on positions and, where the reference has an order, on velocities through the same f.

        Each side is a draw of ``FRAMES`` frames: f is by far the largest network here, and a mean needs no more.
        """
        gap = style_gap(self._net, draw(mine, FRAMES, rng), draw(seen, FRAMES, rng))
        if self._reference.ordered:
            moving = draw(velocity(mine), FRAMES, rng), draw(self._reference.velocities(seen), FRAMES, rng)
            gap = gap + style_gap(self._net, *moving)
        return gap


def _upright(expression: Tensor) -> Tensor:
    return expression.flatten(-2) * LOSS_SCALE

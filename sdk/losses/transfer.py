"""The transfer loss L_mg + L_sc + L_r (Pham et al., CVPR-W 2024), and the terms added to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

import torch
from pydantic import Field
from torch import Tensor

from sdk.geometry import POINTS, canonical_face
from sdk.interfaces import StyleTransferNet
from sdk.losses.composition import LOSS_SCALE, compose, to_loss_units, velocity
from sdk.losses.style import Moments, amplitude_gap, draw, gradient_penalty, moment_gap, spread_gap, style_gap
from sdk.losses.timing import closure_gap, reconstruction, timing
from sdk.settings import Settings

F_FRAMES: Final = 128
"""Frames of each side that f gets in a step."""

CriticTraining = Literal["adversarial", "joint", "frozen"]
"""How f is trained: against the generator, with it (as the formula literally says; it collapses), or not at all."""

FacePose = Literal["upright", "composed"]
"""What f and the moments compare: faces without the head's rotation, or with it, which is the paper's phi."""


class TransferTerms(Settings):
    """The weight of each term. All are in loss units (eye distances x 20).

    Attributes:
        mg: L_mg of a paired fit, averaged over the 204 coordinates.
        timing: L_mg of an unpaired fit; scored, so it has no unit.
        sc: L_sc, summed over the 256 features; its root where the critic is adversarial.
        r: L_r, the gradient penalty on f.
        moments: Mean and spread of positions and velocities.
        head: Spread of the head's pose and of its velocity; its mean depends on the camera and is no style.
        amplitude: Spread of the mouth's opening and of its speed.
        closure: Lips that stay apart where they should meet.
        critic: How f is trained.
        sees: What f and the moments compare.
    """

    mg: float = Field(default=3.0, ge=0)
    timing: float = Field(default=0.5, ge=0)
    sc: float = Field(default=0.003, ge=0)
    r: float = Field(default=10.0, ge=0)
    moments: float = Field(default=0.1, ge=0)
    head: float = Field(default=0.1, ge=0)
    amplitude: float = Field(default=1.0, ge=0)
    closure: float = Field(default=12.0, ge=0)
    critic: CriticTraining = "adversarial"
    sees: FacePose = "upright"


def mouth_trajectory(upright: Tensor) -> Tensor:
    """The mouth's opening (62-66) and width (48-54): ``[B, T, 2]`` from upright faces ``[B, T, 204]``, loss units."""
    face = torch.tensor(canonical_face(), dtype=upright.dtype, device=upright.device)
    points = upright.reshape(*upright.shape[:-1], POINTS, 3) + face * LOSS_SCALE
    across = points[..., [66, 54], :] - points[..., [62, 48], :]
    trajectory: Tensor = (across.square().sum(-1) + 1e-4).sqrt()
    return trajectory


@dataclass(frozen=True, eq=False)
class StyleTarget:
    """The reference's valid frames as the loss takes them, in loss units.

    Attributes:
        frames: phi_s ``[1, N, 204]``, upright.
        composed: The same with the head's pose in it.
        pose: The head's pose ``[1, N, 6]``; a radian is as long as an eye distance.
        pairs: Where a frame and the next follow each other at the motion rate, bool ``[N - 1]``; nowhere for frames
            without an order.
    """

    frames: Tensor
    composed: Tensor
    pose: Tensor
    pairs: Tensor

    @classmethod
    def of(cls, expression: Tensor, pose: Tensor, valid: Tensor, *, ordered: bool) -> StyleTarget:
        """Prepare a reference.

        Args:
            expression: ``[T, 68, 3]``.
            pose: ``[T, 6]``.
            valid: Which frames count, bool ``[T]``.
            ordered: Whether they follow each other in time at the motion rate.
        """
        composed = to_loss_units(compose(expression[None], pose[None]))
        place = torch.arange(len(valid), device=valid.device)[valid]
        pairs = (place.diff() == 1) & ordered
        return cls(_upright(expression)[None, valid], composed[:, valid], pose[None, valid] * LOSS_SCALE, pairs)

    @cached_property
    def ordered(self) -> bool:
        """Whether there are velocities."""
        return bool(self.pairs.any())

    @cached_property
    def values(self) -> Mapping[str, Tensor]:
        """What is compared, ``[1, N, C]``: faces "upright" and "composed", the "pose", the "mouth" (opening, width)."""
        mouth = mouth_trajectory(self.frames)
        return {"upright": self.frames, "composed": self.composed, "pose": self.pose, "mouth": mouth}

    @cached_property
    def velocities(self) -> Mapping[str, Tensor]:
        """The scaled velocities of ``values``, ``[1, M, C]``."""
        return {name: velocity(values)[:, self.pairs] for name, values in self.values.items()}

    @cached_property
    def still(self) -> Mapping[str, Moments]:
        """The moments of ``values``."""
        return {name: Moments.of(values) for name, values in self.values.items()}

    @cached_property
    def moving(self) -> Mapping[str, Moments]:
        """The moments of ``velocities``."""
        return {name: Moments.of(values) for name, values in self.velocities.items()}


class TransferLoss:
    """The loss of the generator and of f, for generated motion and a reference.

    Throughout, ``expression`` ``[B, T, 68, 3]`` and ``pose`` ``[B, T, 6]`` are generated.

    Args:
        net: f.
        terms: The weights.
        reference: The frames whose style is wanted.
    """

    def __init__(self, net: StyleTransferNet, terms: TransferTerms, reference: StyleTarget) -> None:
        self._net = net
        self._reference = reference
        self.terms = terms

    def paired(self, expression: Tensor, target: Tensor, valid: Tensor) -> Tensor:
        """L_mg of a paired fit.

        Faces are compared upright: the sound hardly determines the head. How the head moves is left to the terms that
        compare distributions.

        Args:
            expression: Generated.
            target: The reference's ``[B, T, 68, 3]``, on the same clock.
            valid: Which frames of the target count, ``[B, T]``, 1 or 0.
        """
        return reconstruction(_upright(expression), _upright(target), valid)

    def unpaired(self, expression: Tensor, base: Tensor) -> Tensor:
        """L_mg of an unpaired fit: the timing of the unadapted generator's expression ``base`` is kept."""
        return timing(_upright(expression), _upright(base))

    def style(self, expression: Tensor, pose: Tensor) -> dict[str, Tensor]:
        """The terms that need no f: moments of face and head, and the mouth's amplitude."""
        still, head, sees = self._reference.still, pose * LOSS_SCALE, self.terms.sees
        face, mouth = self._compared(expression, pose), mouth_trajectory(_upright(expression))
        moments, rotation = moment_gap(face, still[sees]), spread_gap(head, still["pose"])
        amplitude = amplitude_gap(mouth, still["mouth"])
        if self._reference.ordered:
            moving = self._reference.moving
            moments = moments + moment_gap(velocity(face), moving[sees])
            rotation = rotation + spread_gap(velocity(head), moving["pose"])
            amplitude = amplitude + amplitude_gap(velocity(mouth), moving["mouth"])
        return {"moments": moments, "head": rotation, "amplitude": amplitude}

    def closure(self, expression: Tensor, target: Tensor, valid: Tensor) -> dict[str, Tensor]:
        """The term of lips that should meet; a squared error is content with half an opening where it is unsure.

        Args:
            expression: Generated.
            target: As in ``paired``; in an unpaired fit, the unadapted generator's.
            valid: As in ``paired``.
        """
        mine, theirs = (mouth_trajectory(_upright(x))[..., 0] for x in (expression, target))
        return {"closure": closure_gap(mine, theirs, valid)}

    def transfer(self, expression: Tensor, pose: Tensor, *, rng: torch.Generator) -> dict[str, Tensor]:
        """The terms of f that the generator (and a joint f) minimises: L_sc, and L_r where f is trained jointly."""
        mine = self._compared(expression, pose)
        gap = self._gap(mine, rng)
        parts = {"sc": (gap + 1e-8).sqrt() if self.terms.critic == "adversarial" else gap}
        if self.terms.critic == "joint":
            parts["r"] = gradient_penalty(self._net, mine, self._theirs, rng=rng)
        return parts

    def critic(self, expression: Tensor, pose: Tensor, *, rng: torch.Generator) -> Tensor:
        """The loss that an adversarial f minimises, -sqrt(L_sc) + r L_r; no gradient flows to the generator.

        Maximising L_sc itself diverges; its root grows only as fast as f does, and L_r bounds f.
        """
        mine = self._compared(expression.detach(), pose.detach())
        penalty = gradient_penalty(self._net, mine, self._theirs, rng=rng)
        return self.terms.r * penalty - (self._gap(mine, rng) + 1e-8).sqrt()

    def total(self, parts: dict[str, Tensor]) -> Tensor:
        """The weighted sum of terms by name."""
        return torch.stack([getattr(self.terms, name) * part for name, part in parts.items()]).sum()

    def _compared(self, expression: Tensor, pose: Tensor) -> Tensor:
        """What f and the moments get of the generated motion, ``[B, T, 204]``."""
        return to_loss_units(compose(expression, pose)) if self.terms.sees == "composed" else _upright(expression)

    @property
    def _theirs(self) -> Tensor:
        """What f gets of the reference."""
        return self._reference.values[self.terms.sees]

    def _gap(self, mine: Tensor, rng: torch.Generator) -> Tensor:
        """L_sc on positions and, where the reference has an order, on velocities through the same f.

        Each side is a draw of ``F_FRAMES`` frames: f is by far the largest network here, and a mean needs no more.
        """
        gap = style_gap(self._net, draw(mine, F_FRAMES, rng), draw(self._theirs, F_FRAMES, rng))
        if self._reference.ordered:
            theirs = self._reference.velocities[self.terms.sees]
            moving = draw(velocity(mine), F_FRAMES, rng), draw(theirs, F_FRAMES, rng)
            gap = gap + style_gap(self._net, *moving)
        return gap


def _upright(expression: Tensor) -> Tensor:
    return expression.flatten(-2) * LOSS_SCALE

"""Feeding a motion generator: whole files and streams, with the same result.

A generator is causal and answers ``lookahead`` frames late; here it is fed past the end, and the late answers are put
in their place.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sdk.data import FloatArray, Motion
from sdk.errors import ComponentBroken
from sdk.interfaces import GeneratorState, MotionGenerator

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["LastLayer", "MotionStream", "aligned", "generate"]


def aligned(generator: MotionGenerator, features: Tensor) -> tuple[Tensor, Tensor]:
    """Run a generator over features, float32 ``[B, T, D]``, each output in its own frame's place.

    Past the end the last frame is repeated.

    Returns:
        ``expression`` ``[B, T, 68, 3]`` and ``pose`` ``[B, T, 6]``, differentiable.
    """
    import torch

    tail = features[:, -1:].expand(-1, generator.lookahead, -1)
    expression, pose, _ = generator(torch.cat([features, tail], dim=1))
    return expression[:, generator.lookahead :], pose[:, generator.lookahead :]


class MotionStream:
    """Motion of a sound that arrives piece by piece: the pieces joined equal ``generate`` on the whole.

    The generator is in ``eval`` mode and on ``device``.
    """

    def __init__(self, generator: MotionGenerator, *, device: torch.device) -> None:
        self._generator = generator
        self._device = device
        self._state: GeneratorState | None = None
        self._late = generator.lookahead
        self._last: FloatArray | None = None

    def push(self, features: FloatArray) -> Motion:
        """Take features ``[t, D]``; return the motion that is now certain, which may be empty."""
        if len(features) == 0:
            return Motion.empty()
        self._last = features[-1:]
        return self._run(features)

    def finish(self) -> Motion:
        """Return the motion that remains."""
        if self._last is None:
            return Motion.empty()
        return self._run(np.repeat(self._last, self._generator.lookahead, axis=0))

    def _run(self, features: FloatArray) -> Motion:
        import torch

        with torch.inference_mode():
            batch = torch.as_tensor(features, device=self._device)[None]
            expression, pose, self._state = self._generator(batch, self._state)
        drop = min(self._late, len(features))
        self._late -= drop
        return _motion(expression[0, drop:], pose[0, drop:])


def generate(generator: MotionGenerator, features: FloatArray, *, device: torch.device) -> Motion:
    """Turn a whole sound's features ``[T, D]`` into its motion, T frames."""
    import torch

    if len(features) == 0:
        return Motion.empty()
    with torch.inference_mode():
        expression, pose = aligned(generator, torch.as_tensor(features, device=device)[None])
    return _motion(expression[0], pose[0])


def _motion(*parts: Tensor) -> Motion:
    expression, pose = (part.cpu().numpy() for part in parts)
    if not (np.isfinite(expression).all() and np.isfinite(pose).all()):
        hint = "A style of extreme strength can do this; otherwise its weights are damaged."
        raise ComponentBroken("the motion generator returned numbers that are not finite", hint=hint)
    return Motion(expression, pose)


@dataclass(frozen=True, eq=False)
class LastLayer:
    """A generator's last layer, and what reaches it on a sound.

    Attributes:
        name: The module's, within the generator.
        inputs: ``[T, N]``: a frame's motion, expression and pose ``[210]``, is ``inputs @ weight.T + bias``, with the
            weight of the layer and its bias in units of motion, as ``values`` has them.
        unit: What a bias of 1 in the layer adds to the motion.
    """

    name: str
    inputs: NDArray[np.float64]
    unit: float

    @classmethod
    def of(cls, generator: Any, features: FloatArray, *, device: torch.device) -> LastLayer:
        """What reaches the layer that a generator calls its ``last_layer``, on a sound's features ``[T, D]``.

        The layer's outputs are made to be its inputs, a block of them in each run, so whatever the generator does with
        outputs afterwards, as long as it is linear, is in them.
        """
        import torch

        name = generator.last_layer
        probe = copy.deepcopy(generator).eval()
        layer = probe.get_submodule(name)
        outputs, width = layer.weight.shape[:2]
        batch = torch.as_tensor(features, device=device)[None]

        def run(frames: Tensor) -> NDArray[np.float64]:
            expression, pose = aligned(probe, frames)
            return torch.cat([expression.flatten(2), pose], dim=2)[0].double().cpu().numpy()

        with torch.no_grad():
            layer.weight.zero_()
            layer.bias.fill_(1.0)
            unit = float(run(batch[:, :1])[0, 0])
            layer.bias.zero_()
            blocks = []
            for first in range(0, width, outputs):
                count = min(outputs, width - first)
                layer.weight.zero_()
                layer.weight.view(outputs, width)[:count, first : first + count] = torch.eye(count, device=device)
                blocks.append(run(batch)[:, :count])
        return cls(name, np.concatenate(blocks, axis=1), unit)

    def values(self, parameters: Mapping[str, Tensor]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The layer's weight ``[210, N]``, and its bias ``[210]`` in units of motion, in a generator's parameters."""
        weight, bias = (parameters[f"{self.name}.{key}"].detach().double().cpu().numpy() for key in ("weight", "bias"))
        return weight.reshape(len(weight), -1).copy(), bias * self.unit

    def put(
        self, parameters: Mapping[str, Tensor], weight: NDArray[np.float64], bias: NDArray[np.float64]
    ) -> dict[str, Tensor]:
        """A generator's parameters with other values of the layer; the reverse of ``values``."""
        import torch

        found = dict(parameters)
        for key, value in (("weight", weight), ("bias", bias / self.unit)):
            old = parameters[f"{self.name}.{key}"]
            found[f"{self.name}.{key}"] = torch.as_tensor(value).to(old).view_as(old)
        return found

"""Feeding a motion generator: whole files and streams, with the same result.

A generator is causal and answers ``lookahead`` frames late; here it is fed past the end, and the late answers are put
in their place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sdk.data import FloatArray, Motion
from sdk.errors import ComponentBroken
from sdk.interfaces import GeneratorState, MotionGenerator

if TYPE_CHECKING:
    import torch
    from torch import Tensor

__all__ = ["MotionStream", "aligned", "generate"]


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

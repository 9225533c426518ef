"""What every motion generator must do."""

from __future__ import annotations

from typing import Any, Final, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from sdk.generation import LastLayer, generate
from sdk.geometry import POINTS
from sdk.interfaces import MotionGenerator
from sdk.packs import with_parameters
from sdk.testing.modules import noise, require_gradients, require_module
from sdk.testing.report import Checks, rate, require

CHECKS: Final = Checks()

TOLERANCE: Final = 1e-4
"""Face-frame units and radians; the smallest style that counts moves ten times as far."""


def _features(generator: MotionGenerator, frames: int, *, batch: int = 1, seed: int = 0) -> Tensor:
    return noise(generator, batch, frames, generator.features, seed=seed)


def _run(generator: MotionGenerator, features: Tensor, state: Any = None) -> tuple[Tensor, Any]:
    """Expression and pose as one ``[B, T, 210]``, and the state."""
    generator.eval()
    with torch.no_grad():
        expression, pose, state = generator(features, state)
    return torch.cat([expression.flatten(2), pose], dim=2), state


def _gap(a: Tensor, b: Tensor) -> float:
    return float((a - b).abs().max()) if a.numel() else 0.0


CHECKS.add("it is an nn.Module with float32 parameters")(require_module)


@CHECKS.add("motion is finite float32 [B, T, 68, 3] and [B, T, 6]")
def _shape(generator: MotionGenerator) -> None:
    generator.eval()
    for batch, frames in ((1, 1), (1, 61), (3, 20)):
        with torch.no_grad():
            output = generator(_features(generator, frames, batch=batch))
        require(isinstance(output, tuple) and len(output) == 3, "forward() does not return expression, pose and state")
        wanted = {"expression": (batch, frames, POINTS, 3), "pose": (batch, frames, 6)}
        for (name, shape), value in zip(wanted.items(), output, strict=False):
            require(tuple(value.shape) == shape, f"{name} is {list(value.shape)}, not {list(shape)}")
            require(value.dtype == torch.float32, f"{name} is {value.dtype}")
            require(torch.isfinite(value).all(), f"{name} holds NaN or infinity")


@CHECKS.add("the same features give the same motion, and other features another")
def _deterministic(generator: MotionGenerator) -> None:
    features = _features(generator, 60)
    first, _ = _run(generator, features)
    require(_gap(first, _run(generator, features)[0]) == 0, "two calls in eval mode differ")
    require(_gap(first, _run(generator, _features(generator, 60, seed=1))[0]) > 0, "the features make no difference")


@CHECKS.add("it is causal: later features change no earlier output")
def _causal(generator: MotionGenerator) -> None:
    features = _features(generator, 90)
    whole, _ = _run(generator, features)
    for cut in (1, 45, 80):
        changed = features.clone()
        changed[:, cut:] = -3.0 * changed[:, cut:] + 1.0
        gap = _gap(whole[:, :cut], _run(generator, changed)[0][:, :cut])
        require(gap <= TOLERANCE, f"features changed from frame {cut} on moved earlier outputs by {gap:.2g}")


@CHECKS.add("a frame's motion hears its own frame's features")
def _prompt(generator: MotionGenerator) -> None:
    features = _features(generator, 60 + generator.lookahead)
    changed = features.clone()
    changed[:, 30:] += 1.0
    whole, other = _run(generator, features)[0], _run(generator, changed)[0]
    late = 30 + generator.lookahead + 1
    require(_gap(whole[:, 30:late], other[:, 30:late]) > 0, "a feature changes nothing up to its own frame's motion")


@CHECKS.add("a sequence in pieces gives what it gives in one call")
def _stream(generator: MotionGenerator) -> None:
    features = _features(generator, 120, batch=2)
    whole, _ = _run(generator, features)
    parts, state, start = [], None, 0
    for size in (1, 7, 40, 2, 70):
        part, state = _run(generator, features[:, start : start + size], state)
        parts.append(part)
        start += size
    gap = _gap(whole, torch.cat(parts, dim=1))
    require(gap <= TOLERANCE, f"in pieces it differs by up to {gap:.2g}")


@CHECKS.add("a state can be used again: streams do not disturb each other")
def _state(generator: MotionGenerator) -> None:
    features = _features(generator, 40)
    _, state = _run(generator, features[:, :20])
    first, _ = _run(generator, features[:, 20:], state)
    _run(generator, _features(generator, 33, seed=2))
    again, _ = _run(generator, features[:, 20:], state)
    require(_gap(first, again) <= TOLERANCE, "going on twice from one state gives two motions")


@CHECKS.add("a run in eval mode leaves its buffers as they are: copies with a style share them")
def _buffers(generator: MotionGenerator) -> None:
    buffers = dict(cast("nn.Module", generator).named_buffers())
    before = {name: buffer.clone() for name, buffer in buffers.items()}
    _run(generator, _features(generator, 40))
    for name, buffer in buffers.items():
        require(torch.equal(buffer, before[name]), f"the buffer {name} changed")


@CHECKS.add("items of a batch do not touch each other")
def _batch(generator: MotionGenerator) -> None:
    features = _features(generator, 50, batch=3)
    gap = _gap(_run(generator, features)[0][1:2], _run(generator, features[1:2])[0])
    require(gap <= TOLERANCE, f"an item alone differs from itself in a batch by {gap:.2g}")


@CHECKS.add("gradients reach every parameter that is trained, and the features")
def _gradients(generator: MotionGenerator) -> None:
    generator.train()
    try:
        features = _features(generator, 40, batch=2).requires_grad_()
        expression, pose, _ = generator(features)
        for name, output in (("expression", expression), ("pose", pose)):
            require(output.requires_grad, f"{name} has no gradient")
        trained = {name: p for name, p in generator.named_parameters() if p.requires_grad}
        require(trained, "every parameter is frozen")
        loss = expression.square().sum() + pose.square().sum()
        found = torch.autograd.grad(loss, [features, *trained.values()], allow_unused=True)
    finally:
        generator.eval()
    require_gradients(["the features", *trained], found)


@CHECKS.add("deltas on its parameters change the motion, and taking them off restores it")
def _deltas(generator: MotionGenerator) -> None:
    generator.eval()
    features = _features(generator, 40)
    plain, _ = _run(generator, features)
    random = torch.Generator().manual_seed(3)
    parameters = {
        name: p.detach() + 0.05 * torch.randn(p.shape, generator=random).to(p.device)
        for name, p in generator.named_parameters()
    }
    with torch.no_grad():
        expression, pose, _ = functional_call(generator, parameters, (features,))  # type: ignore[arg-type]
    changed = torch.cat([expression.flatten(2), pose], dim=2)
    require(_gap(plain, changed) > 0, "other parameters, the same motion")
    # Styles are put on copies, which share with the base what a style does not change.
    copied, _ = _run(with_parameters(generator, parameters), features)
    require(_gap(copied, changed) <= TOLERANCE, "a copy with other parameters moves otherwise than itself with them")
    require(_gap(plain, _run(generator, features)[0]) == 0, "the motion without the deltas is not what it was")


@CHECKS.add("its motion is linear in its last layer, if it names one: expression, then pose")
def _last_layer(generator: MotionGenerator) -> None:
    if not hasattr(generator, "last_layer"):
        return
    device = next(generator.named_parameters())[1].device
    features = _features(generator, 90)[0].cpu().numpy()
    layer = LastLayer.of(generator, features, device=device)
    weight, bias = layer.values(dict(generator.named_parameters()))
    motion = generate(generator, features, device=device)
    made = np.concatenate([motion.expression.reshape(len(motion), -1), motion.pose], axis=1)
    gap = float(np.abs(layer.inputs @ weight.T + bias - made).max())
    require(
        gap <= TOLERANCE, f"what reaches {layer.name!r} times its weight is not the motion: they differ by {gap:.2g}"
    )


def speed(generator: MotionGenerator) -> float:
    """Frames of motion a second, batch 1."""
    features = _features(generator, 600)
    _run(generator, features)
    # A GPU answers only when asked for a number.
    return rate(600, lambda: float(_run(generator, features)[0][0, -1, 0]))

"""A style in closed form: a generator's last layer, solved for a reference instead of trained.

What reaches the last layer says what is being spoken; the layer itself, how a face moves at it. Motion is linear in its
parameters, so those that bring a person's face nearest are a ridge regression's (Hoerl and Kennard, 1970), centred on
the base: where the reference tells nothing, the base stays.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sdk.adapter.fit_data import FitData
from sdk.data import MOTION_RATE, FloatArray, Motion
from sdk.errors import ConfigError
from sdk.generation import aligned, generate
from sdk.geometry import POINTS
from sdk.packs import with_parameters

if TYPE_CHECKING:
    from sdk.adapter.loop import Setup

Array: TypeAlias = NDArray[np.float64]

FACE: Final = slice(0, POINTS * 3)
HEAD: Final = slice(POINTS * 3, POINTS * 3 + 6)

_LEAST_STRETCH, _MOST_STRETCH = 0.5, 1.6
"""How far a direction's spread is matched: a few seconds show little of the rarer ways that a face moves."""


@dataclass(frozen=True, eq=False)
class LastLayer:
    """A generator's last layer, and what reaches it on a sound.

    Attributes:
        name: The module's, within the generator.
        inputs: ``[T, N]``, in units of motion: a frame's motion is ``inputs @ weight.T + unit * bias``.
        unit: What a bias of 1 adds to the motion.
    """

    name: str
    inputs: Array
    unit: float

    @classmethod
    def of(cls, generator: Any, features: FloatArray, *, device: torch.device) -> LastLayer:
        """What reaches the last layer on a sound's features ``[T, D]``.

        The layer's outputs are made to be its inputs, a block of them in each run, so whatever the generator does with
        outputs afterwards, as long as it is linear, is in them.

        Raises:
            ConfigError: The generator does not say which layer is its last.
        """
        name = getattr(generator, "last_layer", None)
        if name is None:
            raise ConfigError(
                f"the generator {generator.name!r} names no last layer, so no style can be solved for",
                where="instant",
                hint="Leave instant= out, or use a generator that has `last_layer`.",
            )
        probe = copy.deepcopy(generator).eval()
        layer = probe.get_submodule(name)
        outputs, width = layer.weight.shape[:2]
        batch = torch.as_tensor(features, device=device)[None]

        def run() -> Array:
            expression, pose = aligned(probe, batch)
            return torch.cat([expression.flatten(2), pose], dim=2)[0].double().cpu().numpy()

        with torch.no_grad():
            layer.weight.zero_()
            layer.bias.fill_(1.0)
            unit = float(run()[0, 0])
            layer.bias.zero_()
            blocks = []
            for first in range(0, width, outputs):
                count = min(outputs, width - first)
                layer.weight.zero_()
                layer.weight.view(outputs, width)[:count, first : first + count] = torch.eye(count, device=device)
                blocks.append(run()[:, :count])
        return cls(name, np.concatenate(blocks, axis=1), unit)

    def changed(
        self, parameters: dict[str, Tensor], rows: slice, weight: Array, bias: Array, *, keep: bool = True
    ) -> dict[str, Tensor]:
        """Parameters with others for some of the layer's outputs.

        Args:
            parameters: The generator's.
            rows: Which outputs.
            weight: ``[R, N]``.
            bias: ``[R]``, in units of motion.
            keep: Add them to what is there; else put them in its place.
        """
        found = dict(parameters)
        for key, change in (("weight", weight), ("bias", bias / self.unit)):
            old = parameters[f"{self.name}.{key}"]
            new = old.clone()
            shaped = torch.tensor(change, dtype=old.dtype, device=old.device).view_as(new[rows])
            new[rows] = old[rows] + shaped if keep else shaped
            found[f"{self.name}.{key}"] = new
        return found


def solve(data: FitData, setup: Setup) -> dict[str, Tensor]:
    """The parameters of a generator whose face is nearest to a paired reference's, by name.

    Silence is left out: whether lips rest open or closed in it is no matter of timing, and one silence in a short clip
    would teach that lips part whenever the sound is soft.

    Raises:
        ConfigError: The generator does not say which layer is its last.
    """
    layer = LastLayer.of(setup.generator, data.features, device=setup.device)
    learned = data.known & data.spoken
    if not learned.any():
        learned = data.known
    rate = float(MOTION_RATE)
    gap = (data.motion.expression - data.base.expression)[learned].reshape(int(learned.sum()), -1).astype(np.float64)
    inputs = layer.inputs[learned]
    centre, shift = inputs.mean(0), gap.mean(0)
    inputs = inputs - centre
    # The prior: as if the base had been right about so many more seconds of sound, of like variety in each direction.
    prior = setup.config.solved_prior_seconds * layer.inputs.var(0).mean()
    seen = inputs.T @ inputs / rate + prior * np.eye(inputs.shape[1])
    change = np.linalg.solve(seen, inputs.T @ (gap - shift) / rate)
    parameters = {name: value.detach() for name, value in setup.generator.named_parameters()}
    return layer.changed(parameters, FACE, change.T, shift - centre @ change)


def match_spread(data: FitData, setup: Setup, parameters: dict[str, Tensor]) -> dict[str, Tensor]:
    """Parameters whose motion has the reference's mean face, and about its spread in every direction of face and head.

    The least change that does so is the linear map between Gaussians of optimal transport (Olkin and Pukelsheim, 1982);
    the timing of the parameters given stays, but for what the map mixes.

    Raises:
        ConfigError: The generator does not say which layer is its last.
    """
    layer = LastLayer.of(setup.generator, data.features, device=setup.device)
    model = with_parameters(setup.generator, parameters).eval()
    mine = _outputs(generate(model, data.features, device=setup.device))
    if data.paired:
        mine = mine[data.known]
    theirs = _outputs(data.motion)[data.known]
    for rows in (FACE, HEAD):
        stretch = _transport(mine[:, rows], theirs[:, rows])
        # Where the head is held on average depends on the camera.
        centre = theirs[:, rows].mean(0) if rows == FACE else mine[:, rows].mean(0)
        weight, bias = (
            parameters[f"{layer.name}.{key}"][rows].detach().double().cpu().numpy() for key in ("weight", "bias")
        )
        weight = stretch @ weight.reshape(len(weight), -1)
        bias = stretch @ (bias * layer.unit - mine[:, rows].mean(0)) + centre
        parameters = layer.changed(parameters, rows, weight, bias, keep=False)
    return parameters


def _outputs(motion: Motion) -> Array:
    """Motion as rows ``[T, 210]``."""
    rows: Array = np.concatenate([motion.expression.reshape(len(motion), -1), motion.pose], axis=1).astype(np.float64)
    return rows


def _transport(mine: Array, theirs: Array) -> Array:
    """The symmetric ``M`` for which ``M cov(mine) M`` is ``cov(theirs)``, its stretches bounded, ``[N, N]``."""
    values, vectors = np.linalg.eigh(np.cov(mine.T))
    values = np.maximum(values, 1e-5 * values.max() + 1e-12)
    root, inverse = (vectors * values**power @ vectors.T for power in (0.5, -0.5))
    inner, turned = np.linalg.eigh(root @ np.cov(theirs.T) @ root)
    between = inverse @ (turned * np.sqrt(np.maximum(inner, 0)) @ turned.T) @ inverse
    stretches, axes = np.linalg.eigh((between + between.T) / 2)
    stretched: Array = (axes * np.clip(stretches, _LEAST_STRETCH, _MOST_STRETCH)) @ axes.T
    return stretched

"""A style in closed form: a generator's last layer, solved for a reference instead of trained.

What reaches the last layer says what is being spoken; the layer itself, how a face moves at it. Motion is linear in its
parameters, so those that bring a person's face nearest are a ridge regression's (Hoerl and Kennard, 1970), centred on
the base: where the reference tells nothing, the base stays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from sdk.adapter.fit_data import FitData
from sdk.data import MOTION_RATE, Motion
from sdk.generation import LastLayer, generate
from sdk.geometry import POINTS
from sdk.packs import with_parameters

if TYPE_CHECKING:
    from sdk.adapter.loop import Setup

Array: TypeAlias = NDArray[np.float64]

FACE: Final = slice(0, POINTS * 3)
HEAD: Final = slice(POINTS * 3, POINTS * 3 + 6)

_LEAST_STRETCH, _MOST_STRETCH = 0.5, 1.6
"""How far a direction's spread is matched: a few seconds show little of the rarer ways that a face moves."""


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

"""A style in closed form: a generator's last layer, solved for a reference instead of trained.

What reaches the last layer says what is being spoken; the layer itself, how a face moves at it. Motion is linear in its
parameters, so those that bring a person's face nearest are a ridge regression's (Hoerl and Kennard, 1970), centred on
the base: where the reference tells nothing, the base stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from sdk.adapter.fit_data import FitData
from sdk.data import MOTION_RATE
from sdk.generation import LastLayer
from sdk.geometry import POINTS

Array: TypeAlias = NDArray[np.float64]

FACE: Final = slice(0, POINTS * 3)
HEAD: Final = slice(POINTS * 3, POINTS * 3 + 6)

_LEAST_STRETCH, _MOST_STRETCH = 0.5, 1.6
"""How far a direction's spread is matched: a few seconds show little of the rarer ways that a face moves."""


def solve(
    layer: LastLayer, data: FitData, parameters: Mapping[str, Tensor], *, prior_seconds: float
) -> dict[str, Tensor]:
    """The parameters of a generator whose face is nearest to a paired reference's, by name.

    Silence is left out: whether lips rest open or closed in it is no matter of timing, and one silence in a short clip
    would teach that lips part whenever the sound is soft.

    Args:
        layer: What reaches the last layer on the reference's sound.
        data: The reference.
        parameters: The base's.
        prior_seconds: As if the base had been right about so many more seconds of sound, of like variety in each
            direction.
    """
    learned = data.known & data.spoken
    if not learned.any():
        learned = data.known
    rate = float(MOTION_RATE)
    gap = (data.motion.expression - data.base.expression)[learned].reshape(int(learned.sum()), -1).astype(np.float64)
    inputs = layer.inputs[learned]
    centre, shift = inputs.mean(0), gap.mean(0)
    inputs = inputs - centre
    seen = inputs.T @ inputs / rate + prior_seconds * layer.inputs.var(0).mean() * np.eye(inputs.shape[1])
    change = np.linalg.solve(seen, inputs.T @ (gap - shift) / rate)
    weight, bias = layer.values(parameters)
    weight[FACE] += change.T
    bias[FACE] += shift - centre @ change
    return layer.put(parameters, weight, bias)


def match_spread(layer: LastLayer, data: FitData, parameters: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Parameters whose motion has the reference's mean face, and about its spread in every direction of face and head.

    The least change that does so is the linear map between Gaussians of optimal transport (Olkin and Pukelsheim, 1982);
    the timing of the parameters given stays, but for what the map mixes. Arguments are those of ``solve``.
    """
    weight, bias = layer.values(parameters)
    mine = layer.inputs @ weight.T + bias
    if data.paired:
        mine = mine[data.known]
    real = data.motion[data.known]
    theirs = np.concatenate([real.expression.reshape(len(real), -1), real.pose], axis=1, dtype=np.float64)
    for rows in (FACE, HEAD):
        stretch, middle = _transport(mine[:, rows], theirs[:, rows]), mine[:, rows].mean(0)
        weight[rows] = stretch @ weight[rows]
        # Where the head is held on average depends on the camera.
        bias[rows] = stretch @ (bias[rows] - middle) + (theirs[:, rows].mean(0) if rows == FACE else middle)
    return layer.put(parameters, weight, bias)


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

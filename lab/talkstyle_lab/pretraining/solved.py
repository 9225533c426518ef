"""A trained generator's last layer, solved for once more on all of the training data."""

from __future__ import annotations

import copy
from typing import Final

import numpy as np
from torch import Tensor

from sdk.generation import LastLayer
from sdk.geometry import POINTS
from sdk.progress import Reporter
from talkstyle_lab.pretraining.dataset import Dataset
from talkstyle_reference.generators import OUTPUT_WIDTH, Generator

AMPLITUDE: Final = 1.3
"""How much further the face moves about its mean than least squares say: sound never tells all, and an error is least
where what is unsure is halved. By the opening's spread in clips of people (``tune``, the first 60 % of ``talk``)."""

_FRAMES: Final = 200_000  # at most about so many are solved for: nearly an hour
_PIECE: Final = 1800  # frames that a generator runs over at once
_CLOSED_WEIGHT: Final = 4.0  # of frames with closed lips, which are few
_RIDGE: Final = 1e-4  # of the inputs' mean square


def solve_last_layer(
    generator: Generator, dataset: Dataset, *, augmented: float, report: Reporter
) -> dict[str, Tensor]:
    """The tensors of a generator whose last layer makes of what reaches it the motion of least squared error.

    Training ends near there, but holds speeds as well, which sound determines less, and so flickers.

    Args:
        generator: Trained.
        dataset: What it was trained on, or would have been.
        augmented: The weight of a track's augmented recording; its clean one has the rest.
        report: Progress.
    """
    generator = copy.deepcopy(generator)
    generator.smoothing = (1,)  # frame by frame: what smooths comes after
    tensors = {name: value.detach().cpu() for name, value in generator.state_dict().items()}
    size = tensors[f"{generator.last_layer}.weight"].shape[1] + 1
    seen, wanted = np.zeros((size, size)), np.zeros((size, OUTPUT_WIDTH))
    lengths = np.diff(dataset.begins)
    device = next(generator.parameters()).device
    every = -(-int(lengths[dataset.tracks].sum()) // _FRAMES)
    tracks = dataset.tracks[::every]
    for done, track in enumerate(tracks):
        for view, share in enumerate((1 - augmented, augmented)):
            first = int(dataset.views[track, view])
            if first < 0 or share == 0:
                continue
            for start in range(0, int(lengths[track]), _PIECE):
                rows = np.arange(start, min(start + _PIECE, int(lengths[track])))
                layer = LastLayer.of(generator, dataset.heard(first + rows), device=device)
                inputs = np.concatenate([layer.inputs, np.full((len(rows), 1), layer.unit)], axis=1)  # and the bias's
                moved = dataset.begins[track] + rows
                weight = share * (1 + (_CLOSED_WEIGHT - 1) * dataset.closed[moved][:, None])
                seen += inputs.T @ (weight * inputs)
                wanted += inputs.T @ (weight * dataset.moved(moved))
        report(f"solve {generator.name}", (done + 1) / len(tracks))
    solved = np.linalg.solve(seen + _RIDGE * np.trace(seen) / size * np.eye(size), wanted)
    weight, bias = solved[:-1].T, solved[-1] * layer.unit
    face = slice(0, POINTS * 3)
    weight[face] *= AMPLITUDE
    bias[face] = dataset.centre[face] + AMPLITUDE * (bias[face] - dataset.centre[face])
    return layer.put(tensors, weight, bias)

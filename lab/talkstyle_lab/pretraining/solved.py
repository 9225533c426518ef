"""A trained generator's last layer, solved for once more on all of the training data."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sdk.generation import LastLayer
from sdk.geometry import POINTS
from sdk.progress import Reporter
from talkstyle_lab.pretraining.dataset import Dataset
from talkstyle_reference.generators import Generator

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
    generator.smoothing = (1,)  # frame by frame: what smooths comes after
    lengths = np.diff(dataset.begins)
    device = next(generator.parameters()).device
    seen: NDArray[np.float64] | None = None
    wanted: NDArray[np.float64] | None = None
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
                inputs = np.concatenate([layer.inputs, np.full((len(rows), 1), layer.unit)], axis=1)
                moved = dataset.begins[track] + rows
                weight = share * (1 + (_CLOSED_WEIGHT - 1) * dataset.closed[moved][:, None])
                parts = inputs.T @ (weight * inputs), inputs.T @ (weight * dataset.moved(moved))
                seen = parts[0] if seen is None else seen + parts[0]
                wanted = parts[1] if wanted is None else wanted + parts[1]
        report(f"solve {generator.name}", (done + 1) / len(tracks))
    assert seen is not None
    assert wanted is not None
    solved = np.linalg.solve(seen + _RIDGE * np.trace(seen) / len(seen) * np.eye(len(seen)), wanted)
    face = slice(0, POINTS * 3)
    mean = np.asarray(dataset.centre[face]) / layer.unit
    solved[:-1, face] *= AMPLITUDE
    solved[-1, face] = mean + AMPLITUDE * (solved[-1, face] - mean)
    tensors = {name: value.detach().cpu() for name, value in generator.state_dict().items()}
    for name, values in (("weight", solved[:-1].T), ("bias", solved[-1])):
        old = tensors[f"{generator.last_layer}.{name}"]
        tensors[f"{generator.last_layer}.{name}"] = torch.from_numpy(np.ascontiguousarray(values)).to(old).view_as(old)
    return tensors

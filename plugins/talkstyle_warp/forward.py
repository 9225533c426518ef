"""The forward field, frame by frame: the fields' matrices applied, then the head's turn, in torch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from talkstyle_warp.compositing import Window
from talkstyle_warp.template import Face


@dataclass(frozen=True, eq=False)
class Drive:
    """What a few frames' fields are given.

    Attributes:
        inputs: Displacements ``[B, INPUTS, 3]``, face frame.
        turn: The head's rotation less one, ``[B, 3, 3]``.
        travel: The head's translation, ``[B, 3]``.
        chin: The way of the chin by the head's motion alone, ``[B, 3]``.
    """

    inputs: Tensor
    turn: Tensor
    travel: Tensor
    chin: Tensor

    @classmethod
    def of(
        cls,
        inputs: NDArray[np.float64],
        turn: NDArray[np.float64],
        travel: NDArray[np.float64],
        face: Face,
        device: torch.device,
    ) -> Drive:
        """Bring a few frames' motion to a device."""
        chin = turn @ face.shape[8] + travel
        return cls(*(torch.from_numpy(part.astype(np.float32)).to(device) for part in (inputs, turn, travel, chin)))

    def __len__(self) -> int:
        """The number of frames."""
        return len(self.inputs)


@dataclass(frozen=True, eq=False)
class Ground:
    """The source's nodes in a window, and what moves them.

    Attributes:
        window: Where the nodes are.
        matrices: Fields, ``[F * N, INPUTS]``.
        places: The nodes on the head, ``[N, 3]``, face frame.
        head: The head's mask, ``[N, 1]``.
        torso: The share of the chin's way, ``[N, 1]``.
        border: Zero on the picture's border, ``[N, 1]``.
        camera: From the face frame to nodes, ``[2, 3]``.
        targets: The nodes' own places in nodes, ``[1, 2, rows, columns]``.
    """

    window: Window
    matrices: Tensor
    places: Tensor
    head: Tensor
    torso: Tensor
    border: Tensor
    camera: Tensor
    targets: Tensor

    @classmethod
    def of(
        cls,
        window: Window,
        matrices: list[NDArray[np.float64]],
        places: NDArray[np.float64],
        head: NDArray[np.float64],
        torso: NDArray[np.float64],
        border: NDArray[np.float64],
        camera: NDArray[np.float64],
        device: torch.device,
    ) -> Ground:
        """Bring a window's fields to a device."""
        ys, xs = np.mgrid[: window.rows, : window.columns]
        arrays = (
            np.concatenate(matrices),
            places,
            head[:, None],
            torso[:, None],
            border[:, None],
            camera[:2] / window.step,
            np.stack([xs, ys])[None],
        )
        return cls(window, *(torch.from_numpy(array.astype(np.float32)).to(device) for array in arrays))

    def field(self, drive: Drive) -> Tensor:
        """Displacements of the nodes by each field, ``[B, F, 2, rows, columns]``, in nodes."""
        frames, count = len(drive), len(self.places)
        inputs = drive.inputs.permute(1, 0, 2).reshape(drive.inputs.shape[1], frames * 3)
        moved = (self.matrices @ inputs).view(-1, count, frames, 3).permute(2, 0, 1, 3)
        head = (self.places + moved) @ drive.turn.transpose(1, 2)[:, None] + drive.travel[:, None, None]
        way = moved + self.head * head + self.torso * drive.chin[:, None, None]
        flat = (way * self.border) @ self.camera.T
        return flat.permute(0, 1, 3, 2).reshape(frames, -1, 2, self.window.rows, self.window.columns)

"""The forward field, frame by frame: the rig's matrices, then the head's rotation, in torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from talkstyle_warp.compositing import Window, to_tensor
from talkstyle_warp.curves import Doubles
from talkstyle_warp.rig import FaceRig

# Of its distance to the picture's border, the part that a place may travel: below one, so that nothing folds.
ROOM: Final = 0.7


@dataclass(frozen=True, eq=False)
class DrivingMotion:
    """Motion of a few frames, as the fields take it."""

    inputs: Tensor  # displacements [B, INPUTS, 3], face frame
    turn: Tensor  # the head's rotation minus the identity, [B, 3, 3]
    travel: Tensor  # the head's translation, [B, 3]
    chin: Tensor  # displacement of the chin by the head's motion alone, [B, 3]
    closure: Tensor  # how far the right and the left eye are closed, [B, 2]

    def __len__(self) -> int:
        """The number of frames."""
        return len(self.inputs)

    def pick(self, frames: list[int]) -> DrivingMotion:
        """Some of the frames."""
        return DrivingMotion(*(part[frames] for part in vars(self).values()))


@dataclass(frozen=True, eq=False)
class ForwardField:
    """The portrait's nodes in a window, and what moves them."""

    window: Window  # where the nodes are
    columns: Tensor  # which of the inputs these fields depend on, [K]
    matrices: Tensor  # fields, [K, F * N]
    places: Tensor  # the nodes on the head, face frame, and ones: [4, N]
    head: Tensor  # the head's mask, [N]
    torso: Tensor  # the share of the chin's displacement, [N]
    room: Tensor  # how far each node may move, in nodes, [N]
    camera: Tensor  # from the face frame to nodes, [2, 3]
    targets: Tensor  # the nodes' own places in nodes, [1, 2, rows, columns]

    @classmethod
    def of(
        cls, window: Window, matrices: list[Doubles], rig: FaceRig, distance: Doubles, device: torch.device
    ) -> ForwardField:
        """Bring a window's fields, each ``[N, INPUTS]``, to a device; ``distance`` to the border ``[N]`` in pixels."""
        places = rig.places(window.nodes())
        ys, xs = np.mgrid[: window.rows, : window.columns]
        joined = np.concatenate(matrices)
        columns = np.flatnonzero(joined.any(axis=0))
        arrays = (
            joined[:, columns].T.copy(),
            np.concatenate([places.T, np.ones((1, len(places)))]),
            rig.head(places),
            rig.torso(places),
            ROOM * np.maximum(distance, 0.0) / window.step,
            rig.face.camera[:2] / window.step,
            np.stack([xs, ys])[None],
        )
        return cls(window, torch.from_numpy(columns).to(device), *(to_tensor(array, device) for array in arrays))

    def displacements(self, driving: DrivingMotion) -> Tensor:
        """Displacements of the nodes by each field, ``[B, F, 2, rows, columns]``, in nodes.

        In the face frame a node at X that the expression displaces by E moves by E + h (D (X + E) + t): D is the
        rotation minus the identity, h the head's mask. Only the projection is needed, so the camera is applied before
        the large products.
        """
        frames, count = len(driving), self.places.shape[1]
        camera = self.camera.T
        turned = driving.turn.transpose(1, 2) @ camera
        inputs = driving.inputs[:, self.columns]
        both = torch.cat([inputs @ camera, inputs @ turned], dim=2)
        moved = (both.transpose(1, 2).reshape(frames * 4, -1) @ self.matrices).view(frames, 2, 2, -1, count)
        rigid = torch.cat([turned, (driving.travel @ camera)[:, None]], dim=1)
        head = moved[:, 1].add_((rigid.transpose(1, 2) @ self.places)[:, :, None]).mul_(self.head)
        chin = (driving.chin @ camera)[:, :, None, None] * self.torso
        field = head.add_(moved[:, 0]).add_(chin)
        # A soft limit of the fourth power: nodes with room move freely, and nothing folds near the border.
        far = field.square().sum(dim=2, keepdim=True).square_()
        room = self.room**4
        field = field * (room / (room + far).clamp_min_(1e-12)).pow_(0.25)
        return field.transpose(1, 2).reshape(frames, -1, 2, self.window.rows, self.window.columns)

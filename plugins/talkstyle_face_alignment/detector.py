"""The landmark detector."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from sdk.data import Image, Landmarks, check_images
from sdk.device import resolve_device
from sdk.errors import ConfigError
from sdk.progress import ProgressCallback
from talkstyle_face_alignment.networks import Networks
from talkstyle_face_alignment.weights import find_weights

SEARCH_PIXELS: Final = 640
"""Pictures are shrunk to this longer side before faces are detected, which works from 16 pixels up."""


class FaceAlignmentDetector:
    """FAN's 68 points with measured depth (Bulat and Tzimiropoulos, ICCV 2017), on faces found by S3FD.

    Pictures of one size go through the face detector together, and faces of all pictures through the other networks.
    One detector can be shared by threads; their calls wait for each other.

    Args:
        device: ``"auto"``, or any name that torch knows. A CPU takes seconds a face.
        folder: Where the three files of weights are. By default they are looked for in the folder that TALKSTYLE_MODELS
            names and in torch hub's cache, and else downloaded into that cache.
        min_confidence: The threshold for a face, from 0 to 1.
        flip_input: Look at each face mirrored too: steadier points for twice the work.
        batch: Pictures, and faces, that go through a network at once.
        on_progress: Called during downloads.

    Raises:
        ConfigError: An option is out of range.
        DeviceError: The device is not there.
        ModelFileMissing: The weights are not on this machine and cannot be downloaded; lists them.
    """

    name = "face-alignment"
    depth = True

    def __init__(
        self,
        *,
        device: str | torch.device = "auto",
        folder: str | os.PathLike[str] | None = None,
        min_confidence: float = 0.5,
        flip_input: bool = True,
        batch: int = 8,
        on_progress: ProgressCallback | None = None,
    ) -> None:
        if not 0.0 <= min_confidence <= 1.0:
            raise ConfigError(f"min_confidence={min_confidence} is out of range", where="FaceAlignmentDetector")
        if batch < 1:
            raise ConfigError(f"batch={batch} is out of range", where="FaceAlignmentDetector")
        self._lock = threading.Lock()
        torch_device = resolve_device(device)
        self._networks = Networks(
            find_weights(folder, on_progress),
            device=torch_device,
            min_confidence=min_confidence,
            flip_input=flip_input,
            batch=batch,
        )

    def detect(self, images: Sequence[Image]) -> list[list[Landmarks]]:
        """Find the faces in each picture, uint8 ``[H, W, 3]``, sRGB, of any size; largest first.

        Raises:
            InputError: A picture has another shape or type.
        """
        check_images(images)
        with self._lock:
            found = [(index, box) for index, boxes in enumerate(self._boxes(images)) for box in boxes]
            points = self._networks.landmarks([(images[index], box) for index, box in found])
        faces: list[list[Landmarks]] = [[] for _ in images]
        for (index, box), one in zip(found, points, strict=True):
            left, top, right, bottom, score = (float(value) for value in box)
            faces[index].append(Landmarks(one, score=min(1.0, max(0.0, score)), box=(left, top, right, bottom)))
        return [sorted(few, key=lambda face: face.width, reverse=True) for few in faces]

    def _boxes(self, images: Sequence[Image]) -> list[NDArray[np.float64]]:
        """The faces' boxes in each picture, detected together in pictures of one size."""
        sizes: dict[tuple[int, ...], list[int]] = {}
        for index, image in enumerate(images):
            sizes.setdefault(image.shape, []).append(index)
        boxes = [np.zeros((0, 5))] * len(images)
        for indices in sizes.values():
            found = self._networks.boxes([images[index] for index in indices], SEARCH_PIXELS)
            for index, rows in zip(indices, found, strict=True):
                boxes[index] = rows
        return boxes

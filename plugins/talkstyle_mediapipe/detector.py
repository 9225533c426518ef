"""The landmark detector: where in a picture to look, and how closely, for a mesh that sees large faces only."""

from __future__ import annotations

import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sdk.data import Image, Landmarks
from sdk.errors import ConfigError, InputError
from sdk.geometry import MIRROR
from talkstyle_mediapipe.ibug import ibug_points
from talkstyle_mediapipe.mesh import Mesh, MeshFace

_SIDE: Final = 640
"""Views are shrunk to this many pixels or a little more; the mesh's own input is 192 or 256 pixels around the face."""
_CLOSE: Final = 0.3
"""A face that fills less of the picture than this is looked at again, closer: its mesh hangs on a coarse detection."""
_CLOSER: Final = 2.2
"""The closer view's side, in face sizes."""
_TILE: Final = 450
"""The smallest tiles that are searched, in pixels; the mesh finds faces that fill a tenth of them."""


class _View(NamedTuple):
    """A square of the picture: its corner and side, in pixels; it may reach beyond the picture."""

    left: float
    top: float
    side: float


class MediaPipeDetector:
    """MediaPipe's face mesh, reduced to iBUG's 68 points, with measured depth.

    Each picture is looked at whole first, then each small face again in a closer view. Only where nothing is found is
    the picture searched in overlapping tiles: a single face of a fortieth of a large picture is found, and small faces
    far behind a large one are not.

    One detector can be shared by threads; their calls wait for each other. The score is the face detection's own; the
    tasks API tells none, and gives every face 1.0. The networks are started at the first call.

    Args:
        max_faces: At most so many faces in a view.
        min_confidence: What counts as a face, from 0 to 1.
        flip_input: Look at each face mirrored too, and take the mean: steadier points for about twice the work.
        model: A ``face_landmarker.task`` bundle to use with MediaPipe's tasks API. Where it is left out, the models
            inside MediaPipe's wheel are used, and where that has none, the published bundle: from the folder that the
            environment variable TALKSTYLE_MODELS names, or downloaded once (see ``sdk.models``).

    Raises:
        ConfigError: An option is out of range.
    """

    name = "mediapipe"
    depth = True

    def __init__(
        self,
        *,
        max_faces: int = 4,
        min_confidence: float = 0.5,
        flip_input: bool = False,
        model: str | os.PathLike[str] | None = None,
    ) -> None:
        if max_faces < 1:
            raise ConfigError(
                f"max_faces={max_faces} is out of range", where="MediaPipeDetector", hint="Give at least 1."
            )
        if not 0.0 <= min_confidence <= 1.0:
            raise ConfigError(
                f"min_confidence={min_confidence} is out of range", where="MediaPipeDetector", hint="Give 0 to 1."
            )
        self._max_faces = max_faces
        self._min_confidence = min_confidence
        self._flip_input = flip_input
        self._model = None if model is None else Path(model)
        self._mesh: Mesh | None = None
        self._lock = threading.Lock()

    def detect(self, images: Sequence[Image]) -> list[list[Landmarks]]:
        """Find the faces in each picture, largest first.

        Args:
            images: uint8 ``[H, W, 3]`` each, sRGB; sizes may differ.

        Raises:
            InputError: A picture has another shape or type.
            ModelFileMissing: The models are not there.
        """
        for index, image in enumerate(images):
            if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or 0 in image.shape:
                raise InputError(
                    f"a picture is uint8 [H, W, 3], not {image.dtype} {list(image.shape)}", where=f"image {index}"
                )
        with self._lock:
            return [self._faces(image) for image in images]

    def _faces(self, image: Image) -> list[Landmarks]:
        height, width = image.shape[:2]
        whole = _View(0.0, 0.0, float(max(height, width)))
        found = self._look(image, whole) or self._search(image)
        closer = _distinct([self._closer(image, whole, face) for face in found])
        faces = [_landmarks(face, self._mirrored(image, whole, face) if self._flip_input else None) for face in closer]
        return sorted(faces, key=lambda face: face.width, reverse=True)

    def _look(self, image: Image, view: _View, *, mirrored: bool = False) -> list[MeshFace]:
        """Find the faces in a view, in the picture's pixels; left and right are as in the view."""
        if self._mesh is None:
            self._mesh = Mesh(max_faces=self._max_faces, min_confidence=self._min_confidence, model=self._model)
        picture, scale = _cut(image, view)
        found = self._mesh.faces(np.ascontiguousarray(picture[:, ::-1]) if mirrored else picture)
        if mirrored:
            found = [MeshFace(points * (-1, 1, 1) + (picture.shape[1], 0, 0), score) for points, score in found]
        # _cut rounds the view to whole pixels.
        corner = np.array([round(view.left), round(view.top), 0.0])
        return [MeshFace(points / scale + corner, score) for points, score in found]

    def _closer(self, image: Image, whole: _View, face: MeshFace) -> MeshFace:
        """Look at a small face again, from so near that it fills about half of the view."""
        if _size(face) >= _CLOSE * whole.side:
            return face
        return _nearest(self._look(image, _around(face)), face) or face

    def _mirrored(self, image: Image, whole: _View, face: MeshFace) -> MeshFace | None:
        """Look at a face in the mirror; None where it is not found there."""
        view = whole if _size(face) >= _CLOSE * whole.side else _around(face)
        return _nearest(self._look(image, view, mirrored=True), face)

    def _search(self, image: Image) -> list[MeshFace]:
        """Look through overlapping tiles of half the picture, then of a quarter, until a face is found."""
        height, width = image.shape[:2]
        side = max(height, width) / 2
        for _ in range(2):
            if side < _TILE:
                break
            found = [
                face
                for top in _steps(height, side)
                for left in _steps(width, side)
                for face in self._look(image, _View(left, top, side))
            ]
            if found:
                return _distinct(found)
            side /= 2
        return []


def _steps(length: int, side: float) -> list[float]:
    """Where tiles begin that overlap by a quarter at least, evenly spread over a length.

    That is enough: a face wider than a fifth of a tile was found in a larger one.
    """
    count = max(1, int(np.ceil((length - side) / (0.75 * side))) + 1)
    return [float(start) for start in np.linspace(0.0, max(0.0, length - side), count)]


def _cut(image: Image, view: _View) -> tuple[Image, float]:
    """Cut a view out, black beyond the picture, shrunk by a whole number; return it with its scale.

    Always square, since the mesh's depth and place drift in other shapes.
    """
    height, width = image.shape[:2]
    left, top, side = round(view.left), round(view.top), max(1, round(view.side))
    shrink = max(1, side // _SIDE)
    x, y = max(0, left), max(0, top)
    part = image[y : min(height, top + side), x : min(width, left + side)]
    if shrink > 1 and part.size:
        part = np.asarray(PIL.Image.fromarray(np.ascontiguousarray(part)).reduce(shrink))
    inner = -(-side // shrink)
    if part.shape[:2] == (inner, inner):
        return np.ascontiguousarray(part), 1 / shrink
    canvas = np.zeros((inner, inner, 3), dtype=np.uint8)
    row, column = (y - top) // shrink, (x - left) // shrink
    part = part[: inner - row, : inner - column]
    canvas[row : row + part.shape[0], column : column + part.shape[1]] = part
    return canvas, 1 / shrink


def _bounds(face: MeshFace) -> tuple[float, float, float, float]:
    low, high = face.points[:, :2].min(axis=0), face.points[:, :2].max(axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _size(face: MeshFace) -> float:
    left, top, right, bottom = _bounds(face)
    return max(right - left, bottom - top)


def _centre(face: MeshFace) -> NDArray[np.float64]:
    left, top, right, bottom = _bounds(face)
    return np.array([(left + right) / 2, (top + bottom) / 2])


def _around(face: MeshFace) -> _View:
    centre, side = _centre(face), _CLOSER * _size(face)
    return _View(centre[0] - side / 2, centre[1] - side / 2, side)


def _nearest(found: list[MeshFace], face: MeshFace) -> MeshFace | None:
    near = [other for other in found if _same(face, other)]
    return min(near, key=lambda other: float(np.linalg.norm(_centre(other) - _centre(face))), default=None)


def _same(a: MeshFace, b: MeshFace) -> bool:
    """Whether two findings are one face: their centres are nearer than half of the larger one's size."""
    return float(np.linalg.norm(_centre(a) - _centre(b))) < 0.5 * max(_size(a), _size(b))


def _distinct(faces: list[MeshFace]) -> list[MeshFace]:
    """Drop what overlapping views found twice; the larger view of a face is the whole one, so larger ones are kept."""
    kept: list[MeshFace] = []
    for face in sorted(faces, key=_size, reverse=True):
        if not any(_same(face, other) for other in kept):
            kept.append(face)
    return kept


def _landmarks(face: MeshFace, mirrored: MeshFace | None) -> Landmarks:
    points = ibug_points(face.points)
    if mirrored is not None:
        points = (points + ibug_points(mirrored.points)[list(MIRROR)]) / 2
    return Landmarks(points.astype(np.float32), score=face.score, box=_bounds(face))

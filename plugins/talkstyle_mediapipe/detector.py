"""The landmark detector: where in a picture to look, and how closely, for a mesh that sees large faces only."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import PIL.Image

from sdk.data import Image, Landmarks, check_images
from sdk.errors import ConfigError
from sdk.forking import check_process
from sdk.geometry import MIRROR
from talkstyle_mediapipe.mesh import MeshFace, ibug_points
from talkstyle_mediapipe.shared import SharedMesh, shared_mesh

VIEW_PIXELS: Final = 640
"""Views are shrunk to this side or a little more; the mesh's own input is 192 or 256 pixels around the face."""
SMALL_FACE_SHARE: Final = 0.3
"""A face that fills less of the picture is looked at again, closer: its mesh is placed by a coarse detection."""
CLOSE_VIEW_SIZES: Final = 2.2
"""The closer view's side, in face sizes."""
MIN_TILE_PIXELS: Final = 450
"""The smallest tiles that are searched; the mesh finds faces that fill a tenth of them."""


class _View(NamedTuple):
    """A square of the picture: its corner and side, in pixels; it may reach beyond the picture."""

    left: float
    top: float
    side: float


class MediaPipeDetector:
    """MediaPipe's face mesh, reduced to iBUG's 68 points, with measured depth.

    Each picture is looked at whole first, then each small face again in a closer view. Only where nothing is found, the
    picture is searched in overlapping tiles: a single face of a fortieth of a large picture is found, and small faces
    far behind a large one are not.

    Detectors with the same settings share their networks in a process, and threads share a detector; calls wait for
    each other. The score is the face detection's own; the
    tasks API has none, and gives every face 1.0. The networks are started at the first call.

    Args:
        max_faces: The most faces in a view.
        min_confidence: The threshold for a face, from 0 to 1.
        flip_input: Look at each face mirrored too, and take the mean: steadier points for about twice the work.
        model: A ``face_landmarker.task`` bundle to use with MediaPipe's tasks API. By default, the models inside
            MediaPipe's wheel are used, and where that has none, the published bundle: from the folder that the
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
        where = "MediaPipeDetector"
        if max_faces < 1:
            raise ConfigError(f"max_faces={max_faces} is out of range", where=where, hint="Give at least 1.")
        if not 0.0 <= min_confidence <= 1.0:
            raise ConfigError(f"min_confidence={min_confidence} is out of range", where=where, hint="Give 0 to 1.")
        path = None if model is None else Path(model)
        self._start = partial(shared_mesh, max_faces=max_faces, min_confidence=min_confidence, model=path)
        self._mesh: SharedMesh | None = None
        self._flip_input = flip_input

    def detect(self, images: Sequence[Image]) -> list[list[Landmarks]]:
        """Find the faces in each picture, uint8 ``[H, W, 3]``, sRGB, of any size; largest first.

        Raises:
            InputError: A picture has another shape or type.
            ModelFileMissing: The models are not there.
            ProcessForked: The process was forked from one that has used talkstyle.
        """
        check_images(images)
        check_process()
        return [self._faces(image) for image in images]

    def _faces(self, image: Image) -> list[Landmarks]:
        whole = _View(0.0, 0.0, float(max(image.shape[:2])))
        found = []
        for face in self._search(image, whole):
            view = _view_of(face, whole)
            found.append(face if view is whole else _nearest(self._look(image, view), face) or face)
        faces = []
        for face in _distinct(found):
            points = ibug_points(face.points)
            if self._flip_input:
                mirrored = _nearest(self._look(image, _view_of(face, whole), mirrored=True), face)
                if mirrored is not None:
                    points = (points + ibug_points(mirrored.points)[list(MIRROR)]) / 2
            faces.append(Landmarks(points.astype(np.float32), score=face.score, box=face.box))
        return sorted(faces, key=lambda face: face.width, reverse=True)

    def _look(self, image: Image, view: _View, *, mirrored: bool = False) -> list[MeshFace]:
        """Find the faces in a view, in the picture's pixels; left and right are as in the view."""
        if self._mesh is None:
            self._mesh = self._start()
        picture, scale = _cut(image, view)
        found = self._mesh.faces(np.ascontiguousarray(picture[:, ::-1]) if mirrored else picture)
        if mirrored:
            found = [MeshFace(points * (-1, 1, 1) + (picture.shape[1], 0, 0), score) for points, score in found]
        # _cut rounds the view to whole pixels.
        corner = np.array([round(view.left), round(view.top), 0.0])
        return [MeshFace(points / scale + corner, score) for points, score in found]

    def _search(self, image: Image, whole: _View) -> list[MeshFace]:
        """Look at the whole, then at overlapping tiles of half its side, then of a quarter, until a face is found."""
        found = self._look(image, whole)
        side = whole.side / 2
        while not found and side >= max(MIN_TILE_PIXELS, whole.side / 4):
            tops, lefts = (_tile_starts(length, side) for length in image.shape[:2])
            tiles = [_View(left, top, side) for top in tops for left in lefts]
            found = _distinct([face for tile in tiles for face in self._look(image, tile)])
            side /= 2
        return found


def _tile_starts(length: int, side: float) -> list[float]:
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
    shrink = max(1, side // VIEW_PIXELS)
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


def _view_of(face: MeshFace, whole: _View) -> _View:
    """The view to look at a face in: where it is small, a closer one, about half of which it fills."""
    if face.size >= SMALL_FACE_SHARE * whole.side:
        return whole
    side = CLOSE_VIEW_SIZES * face.size
    return _View(face.centre[0] - side / 2, face.centre[1] - side / 2, side)


def _nearest(found: list[MeshFace], face: MeshFace) -> MeshFace | None:
    return min((other for other in found if face.is_same(other)), key=face.distance, default=None)


def _distinct(faces: list[MeshFace]) -> list[MeshFace]:
    """Drop what overlapping views found twice; the larger view of a face is the whole one, so larger ones are kept."""
    kept: list[MeshFace] = []
    for face in sorted(faces, key=lambda face: face.size, reverse=True):
        if not any(face.is_same(other) for other in kept):
            kept.append(face)
    return kept

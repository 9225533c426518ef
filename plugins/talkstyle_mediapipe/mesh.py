"""MediaPipe's face mesh: its two generations behind one interface, and its reduction to the 68 points of iBUG."""

from __future__ import annotations

import ctypes
import os
import re
import sys
import tempfile
import warnings
import weakref
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sdk.data import Box, Image
from sdk.errors import ModelFileMissing
from sdk.models import model_file
from sdk.places import give_matplotlib_a_cache, temporary_folder

BUNDLE: Final = "face_landmarker.task"
BUNDLE_URL: Final = (
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task"
)
BUNDLE_SHA256: Final = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"

# Mesh indices in iBUG's order. Where the mesh has no vertex at iBUG's place, the mean of the two beside it is taken.
_JAW: Final = (
    127, 234, 93, (132, 58), (58, 172), 136, 150, 176, 152, 400, 379, 365, (397, 288), (361, 288), 323, 454, 356,
)  # fmt: skip
_BROWS: Final = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
_NOSE: Final = ((168, 6), (197, 195), 5, 4, 75, 97, 2, 326, 305)
_EYES: Final = (33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380)
_OUTER_LIPS: Final = (61, 39, 37, 0, 267, 269, 291, 321, 314, 17, 84, 91)
_INNER_LIPS: Final = (78, 82, 13, 312, 308, 317, 14, 87)

_PAIRS: Final = np.array(
    [(i, i) if isinstance(i, int) else i for i in (*_JAW, *_BROWS, *_NOSE, *_EYES, *_OUTER_LIPS, *_INNER_LIPS)]
)

# absl's I and W lines, TensorFlow Lite's own, and absl's message before it is initialised. No environment variable
# turns these off.
_CHATTER = re.compile(rb"[IW]\d{4} .*\.cc:\d+\]|INFO: |WARNING: (All log messages|Logging) before ")


class MeshFace(NamedTuple):
    """One face: ``points`` float64 ``[478, 3]`` in pixels, z negative towards the camera, and ``score`` in [0, 1]."""

    points: NDArray[np.float64]
    score: float

    @property
    def box(self) -> Box:
        """Left, top, right and bottom of the points."""
        low, high = self.points[:, :2].min(axis=0), self.points[:, :2].max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    @property
    def size(self) -> float:
        """The longer side of the box."""
        left, top, right, bottom = self.box
        return max(right - left, bottom - top)

    @property
    def centre(self) -> NDArray[np.float64]:
        """The middle of the box."""
        left, top, right, bottom = self.box
        return np.array([(left + right) / 2, (top + bottom) / 2])

    def distance(self, other: MeshFace) -> float:
        """Between the centres."""
        return float(np.linalg.norm(other.centre - self.centre))

    def is_same(self, other: MeshFace) -> bool:
        """Whether two findings are one face: their centres are nearer than half of the larger one's size."""
        return self.distance(other) < 0.5 * max(self.size, other.size)


def ibug_points(mesh: NDArray[np.float64]) -> NDArray[np.float64]:
    """Reduce mesh points ``[478, 3]`` to iBUG's 68, float64 ``[68, 3]``, in the same unit."""
    return np.asarray(mesh[_PAIRS].mean(axis=1))


def model_bundle(model: Path | None) -> Path | None:
    """The bundle to use: the one given, or none where the wheel has the models, or else the published one.

    Raises:
        ModelFileMissing: It is needed and not there, or damaged.
    """
    if model is None:
        return None if _wheel_has_models() else model_file(BUNDLE, url=BUNDLE_URL, sha256=BUNDLE_SHA256)
    return _checked(model)


class Mesh:
    """Finds faces that fill at least a tenth of a square picture. Not thread-safe.

    ``bundle`` is a file of models for the tasks API, or None for those in the wheel; the rest as for the detector.
    """

    def __init__(self, *, max_faces: int, min_confidence: float, bundle: Path | None) -> None:
        self._seen_face = False
        with _starting():
            self._backend: _WheelMesh | _BundleMesh
            if bundle is None:
                self._backend = _WheelMesh(max_faces, min_confidence)
            else:
                self._backend = _BundleMesh(bundle.read_bytes(), max_faces, min_confidence)
            self._backend.faces(np.zeros((64, 64, 3), dtype=np.uint8))  # waits until its threads have started

    def faces(self, picture: Image) -> list[MeshFace]:
        """Find the faces in a contiguous, square picture, uint8 ``[S, S, 3]``."""
        # Each network logs when it first runs: the last of them on the first face.
        with nullcontext() if self._seen_face else without_chatter():
            found = self._backend.faces(picture)
        self._seen_face |= bool(found)
        return found


def _wheel_has_models() -> bool:
    """Whether this release has the solutions API, which carries its models; later ones have the tasks API alone."""
    try:
        with _starting():  # the parent package is imported
            return find_spec("mediapipe.python.solutions.face_mesh") is not None
    except ModuleNotFoundError:  # a parent package is not there
        return False


@contextmanager
def _starting() -> Iterator[None]:
    """Import and start MediaPipe in the block without what it and its dependencies say and want."""
    give_matplotlib_a_cache()
    with warnings.catch_warnings(), without_chatter():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def _pixels(landmarks: Any, side: int) -> NDArray[np.float64]:
    # x and y are shares of the picture's width and height, and z is scaled like x.
    return np.array([(point.x, point.y, point.z) for point in landmarks], dtype=np.float64) * side


class _WheelMesh:
    """The solutions API of releases whose wheel carries the models: the mesh with attention to eyes and lips."""

    def __init__(self, max_faces: int, min_confidence: float) -> None:
        from mediapipe.python.solution_base import SolutionBase

        # FaceMesh itself does not return the detections, and so the scores; this is its graph with that output added.
        self._graph = SolutionBase(
            binary_graph_path="mediapipe/modules/face_landmark/face_landmark_front_cpu.binarypb",
            side_inputs={"num_faces": max_faces, "with_attention": True, "use_prev_landmarks": False},
            calculator_params={
                "facedetectionshortrangecpu__facedetectionshortrange__facedetection__"
                "TensorsToDetectionsCalculator.min_score_thresh": min_confidence,
                "facelandmarkcpu__ThresholdingCalculator.threshold": min_confidence,
            },
            outputs=["multi_face_landmarks", "face_detections"],
        )
        weakref.finalize(self, _close, self._graph, os.getpid())

    def faces(self, picture: Image) -> list[MeshFace]:
        result = self._graph.process(input_data={"image": picture})
        side = picture.shape[0]
        meshes = [_pixels(face.landmark, side) for face in result.multi_face_landmarks or []]
        if not meshes:
            return []
        # A detection whose mesh was rejected is in this list only, so the two are matched by place.
        boxes = [found.location_data.relative_bounding_box for found in result.face_detections]
        centres = np.array([(box.xmin + box.width / 2, box.ymin + box.height / 2) for box in boxes]) * side
        scores = [min(1.0, max(0.0, float(found.score[0]))) for found in result.face_detections]
        return [
            MeshFace(points, scores[int(np.linalg.norm(centres - points[:, :2].mean(axis=0), axis=1).argmin())])
            for points in meshes
        ]


class _BundleMesh:
    """The tasks API, with a bundle of models; it has no scores, so every face gets 1.0."""

    def __init__(self, bundle: bytes, max_faces: int, min_confidence: float) -> None:
        from mediapipe import Image as TaskImage
        from mediapipe import ImageFormat
        from mediapipe.tasks.python import BaseOptions, vision

        self._image: Any = partial(TaskImage, image_format=ImageFormat.SRGB)
        self._task: Any = vision.FaceLandmarker.create_from_options(
            vision.FaceLandmarkerOptions(
                # As bytes: its native code does not read every path, such as those with drives or other letters.
                base_options=BaseOptions(model_asset_buffer=bundle),
                num_faces=max_faces,
                min_face_detection_confidence=min_confidence,
                min_face_presence_confidence=min_confidence,
            )
        )
        weakref.finalize(self, _close, self._task, os.getpid())

    def faces(self, picture: Image) -> list[MeshFace]:
        found = self._task.detect(self._image(data=picture)).face_landmarks
        return [MeshFace(_pixels(face, picture.shape[0]), 1.0) for face in found]


def _close(task: Any, owner: int) -> None:
    """Close a graph or a task in the process that made it."""
    if os.getpid() != owner:
        # In a fork its threads are gone, and its end would wait for them: it is never freed.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(task))
        return
    try:
        task.close()
    except RuntimeError:
        # 0.10.35 closes on a new thread, which fails while the interpreter ends; its __del__ would print that.
        task._handle = None


def _checked(path: Path) -> Path:
    """Check that a file given by the caller is a bundle."""
    hint = f"{BUNDLE} is at {BUNDLE_URL}."
    if not path.is_file():
        raise ModelFileMissing("there is no such model file", where=str(path), hint=hint)
    missing = {"face_detector.tflite", "face_landmarks_detector.tflite"}
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as bundle:
            missing -= set(bundle.namelist())
    if missing:
        what = f"the file is not a face landmarker bundle: it lacks {', '.join(sorted(missing))}"
        raise ModelFileMissing(what, where=str(path), hint=hint)
    return path


@contextmanager
def without_chatter() -> Iterator[None]:
    """Drop information and warnings that native code writes to stderr in the block; pass its errors on at the end.

    Native code writes to the file descriptor, past ``sys.stderr``, so the descriptor itself is redirected. That affects
    the whole process, hence only during start-up.
    """
    try:
        stderr = os.dup(2)
    except OSError:  # a process without stderr
        yield
        return
    try:
        with tempfile.TemporaryFile(dir=temporary_folder()) as held:
            if sys.stderr is not None:
                sys.stderr.flush()
            os.dup2(held.fileno(), 2)
            try:
                yield
            finally:
                os.dup2(stderr, 2)
                held.seek(0)
                kept = b"".join(line for line in held if not _CHATTER.match(line))
                if kept:
                    os.write(2, kept)
    finally:
        os.close(stderr)

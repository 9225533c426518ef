"""The two generations of MediaPipe's face mesh behind one small interface."""

from __future__ import annotations

import warnings
import weakref
import zipfile
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from sdk.data import Image
from sdk.errors import ModelFileMissing
from sdk.models import model_file
from talkstyle_mediapipe.quiet import without_chatter

BUNDLE: Final = "face_landmarker.task"
BUNDLE_URL: Final = (
    "https://storage.googleapis.com/mediapipe-models/face_landmarker/face_landmarker/float16/1/face_landmarker.task"
)
BUNDLE_SHA256: Final = "64184e229b263107bc2b804c6625db1341ff2bb731874b0bcc2fe6544e0bc9ff"


class MeshFace(NamedTuple):
    """One face: ``points`` float64 ``[478, 3]`` in pixels, z negative towards the camera, and ``score`` in [0, 1]."""

    points: NDArray[np.float64]
    score: float


class _Backend(Protocol):
    def faces(self, picture: Image) -> list[MeshFace]: ...


class Mesh:
    """Finds faces that fill at least a tenth of a square picture. Not for several threads at once.

    Args:
        max_faces: At most so many.
        min_confidence: What counts as a face, from 0 to 1.
        model: A bundle for the tasks API; where it is left out, the wheel's own models, else the published bundle.

    Raises:
        ModelFileMissing: This MediaPipe carries no models, and the bundle is not to be had; or it is not sound.
    """

    def __init__(self, *, max_faces: int, min_confidence: float, model: Path | None) -> None:
        self._seen_face = False
        with warnings.catch_warnings(), without_chatter():
            warnings.simplefilter("ignore", DeprecationWarning)  # from MediaPipe's own dependencies, on import
            self._backend: _Backend
            if model is None and _wheel_has_models():
                self._backend = _WheelMesh(max_faces, min_confidence)
            else:
                bundle = _published_bundle() if model is None else _own_bundle(model)
                self._backend = _BundleMesh(bundle, max_faces, min_confidence)
            self._backend.faces(np.zeros((64, 64, 3), dtype=np.uint8))  # waits until its threads have started

    def faces(self, picture: Image) -> list[MeshFace]:
        """Find the faces in a contiguous, square picture, uint8 ``[S, S, 3]``."""
        if self._seen_face:
            return self._backend.faces(picture)
        # Each network talks when it first runs: the last of them on the first face.
        with without_chatter():
            found = self._backend.faces(picture)
        self._seen_face = bool(found)
        return found


def _wheel_has_models() -> bool:
    """Whether this release has the solutions API, which carries its models; later ones have the tasks API alone."""
    try:
        return find_spec("mediapipe.python.solutions.face_mesh") is not None
    except ModuleNotFoundError:  # a parent package is not there
        return False


def _pixels(landmarks: Any, side: int) -> NDArray[np.float64]:
    # x and y are shares of the picture's width and height, and z is scaled like x.
    return np.array([(point.x, point.y, point.z) for point in landmarks], dtype=np.float64) * side


class _WheelMesh:
    """The solutions API of releases whose wheel carries the models: the mesh with attention to eyes and lips."""

    def __init__(self, max_faces: int, min_confidence: float) -> None:
        from mediapipe.python.solution_base import SolutionBase

        # FaceMesh itself keeps the detections, and so the scores, to itself; this is its graph with that output added.
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
    """The tasks API, with a bundle of models; it tells no score, so every face it reports has 1.0."""

    def __init__(self, bundle: bytes, max_faces: int, min_confidence: float) -> None:
        from mediapipe import Image as TaskImage
        from mediapipe import ImageFormat
        from mediapipe.tasks.python import BaseOptions, vision

        self._image: Any = partial(TaskImage, image_format=ImageFormat.SRGB)
        self._task: Any = vision.FaceLandmarker.create_from_options(
            vision.FaceLandmarkerOptions(
                # As bytes: paths with other letters, or with drives, do not reach its native code whole.
                base_options=BaseOptions(model_asset_buffer=bundle),
                num_faces=max_faces,
                min_face_detection_confidence=min_confidence,
                min_face_presence_confidence=min_confidence,
            )
        )
        weakref.finalize(self, _close, self._task)

    def faces(self, picture: Image) -> list[MeshFace]:
        found = self._task.detect(self._image(data=picture)).face_landmarks
        return [MeshFace(_pixels(face, picture.shape[0]), 1.0) for face in found]


def _close(task: Any) -> None:
    try:
        task.close()
    except RuntimeError:
        # 0.10.35 closes on a thread, of which the interpreter starts none as it ends; its __del__ would print that.
        task._handle = None


def _published_bundle() -> bytes:
    return model_file(BUNDLE, url=BUNDLE_URL, sha256=BUNDLE_SHA256).read_bytes()


def _own_bundle(path: Path) -> bytes:
    if not path.is_file():
        raise ModelFileMissing("there is no such model file", where=str(path), hint=f"{BUNDLE} is at {BUNDLE_URL}.")
    needed = {"face_detector.tflite", "face_landmarks_detector.tflite"}
    if not zipfile.is_zipfile(path):
        held = set()
    else:
        with zipfile.ZipFile(path) as bundle:
            held = set(bundle.namelist())
    if not needed <= held:
        raise ModelFileMissing(
            f"the file is no face landmarker bundle: it lacks {', '.join(sorted(needed - held))}",
            where=str(path),
            hint=f"{BUNDLE} is at {BUNDLE_URL}.",
        )
    return path.read_bytes()

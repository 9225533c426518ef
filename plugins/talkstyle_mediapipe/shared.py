"""One mesh a process for all detectors with the same settings: MediaPipe keeps 10 MiB of each, even once closed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, Final

from sdk.data import Image
from talkstyle_mediapipe.mesh import Mesh, MeshFace, model_bundle

MAX_MESHES: Final = 4
"""Meshes that are kept for detectors to come; others live as long as a detector uses them."""


class SharedMesh:
    """A mesh that threads share; their calls wait for each other. A picture's faces do not depend on those before."""

    def __init__(self, *, max_faces: int, min_confidence: float, bundle: Path | None) -> None:
        self._mesh = Mesh(max_faces=max_faces, min_confidence=min_confidence, bundle=bundle)
        self._lock = threading.Lock()

    def faces(self, picture: Image) -> list[MeshFace]:
        """Find the faces in a contiguous, square picture, uint8 ``[S, S, 3]``."""
        with self._lock:
            return self._mesh.faces(picture)


_meshes: OrderedDict[Any, SharedMesh] = OrderedDict()
_lock = threading.Lock()


def shared_mesh(*, max_faces: int, min_confidence: float, model: Path | None) -> SharedMesh:
    """The process's mesh with these settings, started where it is the first; options and errors as for ``Mesh``."""
    with _lock:
        bundle = model_bundle(model)
        # A file that is exchanged is another one.
        version = None if bundle is None else (bundle.resolve(), bundle.stat().st_mtime_ns, bundle.stat().st_size)
        key = (max_faces, min_confidence, version)
        if key not in _meshes:
            _meshes[key] = SharedMesh(max_faces=max_faces, min_confidence=min_confidence, bundle=bundle)
        _meshes.move_to_end(key)
        while len(_meshes) > MAX_MESHES:
            _meshes.popitem(last=False)
        return _meshes[key]

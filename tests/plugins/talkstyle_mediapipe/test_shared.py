"""One mesh a process, whoever asks: no more threads, the same faces in any order, and an end that does not hang."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("mediapipe")

from sdk.drawing import drawn_face
from talkstyle_mediapipe import shared
from talkstyle_mediapipe.detector import MediaPipeDetector


def points(found):
    return [face.points for faces in found for face in faces]


def test_detectors_with_the_same_options_share_a_mesh_and_start_no_more_threads():
    picture = drawn_face(256, seed=1).pixels
    first = MediaPipeDetector()
    want = points(first.detect([picture]))
    tasks = Path("/proc/self/task")  # a folder for each of the system's threads, on Linux
    threads, before = threading.active_count(), len([*tasks.iterdir()]) if tasks.is_dir() else 0
    for _ in range(5):
        detector = MediaPipeDetector()
        np.testing.assert_array_equal(points(detector.detect([picture])), want)
        assert detector._mesh is first._mesh
    assert threading.active_count() == threads
    if tasks.is_dir():
        assert len([*tasks.iterdir()]) == before


def test_faces_do_not_depend_on_pictures_before_or_beside_them():
    pictures = [drawn_face(256, seed=seed).pixels for seed in range(4)]
    want = [points(MediaPipeDetector().detect([picture])) for picture in pictures]
    found = {}

    def look(order):
        for k in order:
            found.setdefault(k, []).append(points(MediaPipeDetector().detect([pictures[k]])))

    threads = [threading.Thread(target=look, args=(order,)) for order in ((0, 1, 2, 3), (3, 1, 0, 2), (2, 3, 1, 0))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for k, results in found.items():
        assert len(results) == 3
        for result in results:
            np.testing.assert_array_equal(result, want[k])


def test_other_options_have_a_mesh_of_their_own_and_few_are_kept(monkeypatch):
    made = []

    class Light:
        def __init__(self, **options):
            made.append(weakref.ref(self))

    monkeypatch.setattr(shared, "SharedMesh", Light)
    monkeypatch.setattr(shared, "_meshes", type(shared._meshes)())
    used = shared.shared_mesh(max_faces=1, min_confidence=0.5, model=None)
    for n in range(2, 8):
        shared.shared_mesh(max_faces=n, min_confidence=0.5, model=None)
    gc.collect()
    assert len(made) == 7
    assert sum(ref() is not None for ref in made) == shared.MAX_MESHES + 1
    assert made[0]() is used


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_fork_that_does_something_else_ends_as_always():
    code = (
        "import os, sys\n"
        "from sdk.drawing import drawn_face\n"
        "from talkstyle_mediapipe.detector import MediaPipeDetector\n"
        "detector = MediaPipeDetector()\n"
        "detector.detect([drawn_face(128).pixels])\n"
        "if not (child := os.fork()):\n"
        "    sys.exit(7)\n"
        "_, status = os.waitpid(child, 0)\n"
        "print(os.waitstatus_to_exitcode(status))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "7\n"), done.stderr
    assert done.stderr == ""

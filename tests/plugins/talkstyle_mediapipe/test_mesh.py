import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from sdk.drawing import drawn_face
from sdk.errors import ModelFileMissing
from sdk.models import MIRROR_VARIABLE, MODELS_VARIABLE, download
from talkstyle_mediapipe import mesh
from talkstyle_mediapipe.detector import MediaPipeDetector
from talkstyle_mediapipe.mesh import ibug_points, without_chatter

FOLDER = os.environ.get(MODELS_VARIABLE)
BUNDLE = Path(FOLDER) / mesh.BUNDLE if FOLDER else None
bundled = pytest.mark.skipif(
    BUNDLE is None or not BUNDLE.is_file(), reason=f"{MODELS_VARIABLE} names no folder with {mesh.BUNDLE}"
)


def test_the_mapping_reads_the_mesh_in_ibug_order():
    points = np.repeat(np.arange(478.0)[:, None], 3, axis=1)
    reduced = ibug_points(points)[:, 0]
    assert reduced.shape == (68,)
    assert list(reduced[[0, 8, 30, 36, 45, 48, 54, 62, 66]]) == [127, 152, 4, 33, 263, 61, 291, 13, 14]
    assert list(reduced[[3, 27, 28]]) == [95, 87, 196]  # means of pairs


def _not_there(name):
    raise ModuleNotFoundError(f"No module named {name!r}")


@pytest.fixture
def without_wheel_models(monkeypatch):
    """As with a release of MediaPipe that carries no models."""
    monkeypatch.setattr(mesh, "find_spec", _not_there)


def start(model=None):
    return mesh.Mesh(max_faces=1, min_confidence=0.5, bundle=mesh.model_bundle(model))


def test_no_models_anywhere(without_wheel_models, monkeypatch, tmp_path):
    monkeypatch.delenv(MODELS_VARIABLE, raising=False)
    monkeypatch.setenv("TALKSTYLE_CACHE", str(tmp_path))
    monkeypatch.setenv(MIRROR_VARIABLE, "http://127.0.0.1:9")
    monkeypatch.setattr(download, "PAUSE", 0.0)
    with pytest.raises(ModelFileMissing, match="could not be downloaded") as caught:
        start()
    for needed in (mesh.BUNDLE, mesh.BUNDLE_URL, mesh.BUNDLE_SHA256, MODELS_VARIABLE):
        assert needed in str(caught.value)


def test_a_bundle_that_is_not_the_published_one(without_wheel_models, monkeypatch, tmp_path):
    (tmp_path / mesh.BUNDLE).write_bytes(b"half a download")
    monkeypatch.setenv(MODELS_VARIABLE, str(tmp_path))
    with pytest.raises(ModelFileMissing, match="sha256"):
        start()


def test_a_model_that_is_no_bundle(tmp_path):
    with pytest.raises(ModelFileMissing, match="no such"):
        start(tmp_path / "none.task")
    junk = tmp_path / "junk.task"
    junk.write_bytes(b"junk")
    with pytest.raises(ModelFileMissing, match=r"face_detector\.tflite"):
        start(junk)
    with zipfile.ZipFile(junk, "w") as file:
        file.writestr("face_detector.tflite", b"")
    with pytest.raises(ModelFileMissing, match=r"lacks face_landmarks_detector\.tflite"):
        start(junk)


@bundled
@pytest.mark.parametrize("found_in_folder", [True, False])
def test_both_generations_agree(found_in_folder, monkeypatch):
    # Two networks: 2 % of the eye distance is what they differ by on photographs.
    pictures = [drawn_face(384, seed=seed).pixels for seed in range(4)]
    wheel = MediaPipeDetector().detect(pictures)
    if found_in_folder:
        monkeypatch.setattr(mesh, "find_spec", _not_there)
        tasks = MediaPipeDetector().detect(pictures)
    else:
        tasks = MediaPipeDetector(model=BUNDLE).detect(pictures)
    for (a,), (b,) in zip(wheel, tasks, strict=True):
        eyes = np.linalg.norm(a.points[36] - a.points[45])
        assert np.linalg.norm(a.points - b.points, axis=1).mean() / eyes < 0.04
        assert b.score == 1.0


def test_errors_are_not_held_back(capfd):
    with without_chatter():
        os.write(
            2, b"W0000 00:00:1.2 3 some.cc:114] chatter\nINFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"
        )
        os.write(2, b"E0000 00:00:1.2 3 some.cc:7] broken\nSegmentation fault\n")
    assert capfd.readouterr().err == "E0000 00:00:1.2 3 some.cc:7] broken\nSegmentation fault\n"


def test_what_was_written_before_an_exception_is_passed_on(capfd):
    def fail():
        with without_chatter():
            os.write(2, b"F0000 fatal\n")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert capfd.readouterr().err == "F0000 fatal\n"

import json
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import sdk
from sdk.cli import main
from sdk.errors import ComponentBroken, FaceNotFound
from sdk.models import MODELS_VARIABLE
from talkstyle_lab.bench import detectors
from talkstyle_lab.bench.detectors import agreement, speeds, start
from tests.sdk.tracking.conftest import face, write_clip

COUNT = 20


class Shaky:
    """Sees a talking face that moves, ``noise`` pixels beside where it is; in wide pictures none."""

    name = "shaky"
    depth = True

    def __init__(self, *, noise=0.0, grown=1.0, blind=False):
        self.noise, self.grown, self.blind = noise, grown, blind
        self.rng = np.random.default_rng(1)
        self.seen = 0

    def detect(self, images):
        found = []
        for _ in images:
            self.seen += 1
            one = face(eyes=60.0 * self.grown, at=(160, 60 + self.seen), opening=0.02 * (self.seen % 5))
            points = one.points + self.rng.normal(0, self.noise, one.points.shape).astype(np.float32)
            found.append([] if self.blind else [sdk.Landmarks(points)])
        return found


@pytest.fixture(autouse=True)
def shaky():
    with sdk.register("landmark-detector", "shaky", Shaky):
        yield


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", [Fraction(k, 20) for k in range(COUNT)])


def compare(clip, one, other):
    (result,) = agreement(one, other, [clip], frames=COUNT)
    return result


def test_the_same_detector_agrees_with_itself(clip):
    same = compare(clip, "shaky", "shaky")
    assert (same.clip, same.frames) == ("clip.mp4", COUNT)
    assert max(same.picture, same.expression, same.movement) < 1e-4


def test_noise_is_measured_in_eye_distances(clip):
    noisy = compare(clip, "shaky", "shaky,noise=0.6")  # 1 % of the eyes' 60 pixels
    # The mean length of a normal vector: sqrt(pi / 2) in the plane, sqrt(8 / pi) in space.
    assert noisy.picture == pytest.approx(np.sqrt(np.pi / 2), rel=0.1)
    assert noisy.movement == pytest.approx(np.sqrt(8 / np.pi), rel=0.1)
    assert noisy.expression > noisy.movement


def test_size_is_no_movement(clip):
    grown = compare(clip, "shaky", "shaky,grown=1.1")
    assert grown.picture > 3
    assert max(grown.expression, grown.movement) < 0.01


def test_no_face_in_common(clip):
    with pytest.raises(FaceNotFound, match="never both"):
        compare(clip, "shaky", "shaky,blind=true")


def test_speed_at_both_sizes(clip):
    small, large = speeds(["shaky"], clip, frames=5)
    assert (small.width, small.height) == (320, 240)
    assert (large.width, large.height) == (1440, 1080)
    assert small.real_time == pytest.approx(small.frames_per_second / 20)
    assert small.faces == 1.0
    assert speeds(["shaky,blind=true"], clip, frames=2)[0].faces == 0.0


def test_start_is_timed_in_a_fresh_process():
    pytest.importorskip("mediapipe")
    timed = start("mediapipe")
    assert timed.import_seconds > 0
    assert timed.first_seconds > 0
    with pytest.raises(ComponentBroken, match="max_faces"):
        start("mediapipe,max_faces=0")


def run(capsys, *words):
    with pytest.raises(SystemExit) as caught:
        main(["bench", "detectors", *map(str, words)])
    return caught.value.code or 0, capsys.readouterr().out


def test_the_command(clip, capsys, monkeypatch):
    monkeypatch.setattr(
        detectors, "start", lambda name: detectors.Start(detector=name, import_seconds=0.1, first_seconds=0.2)
    )
    code, out = run(capsys, clip, "--detector", "shaky", "--frames", 3, "--json")
    document = json.loads(out)
    assert code == 0
    assert [row["width"] for row in document["speed"]] == [320, 1440]
    assert document["start"][0]["detector"] == "shaky"
    code, out = run(capsys, "--detector", "shaky", "--frames", 2)
    assert "512x512" in out
    code, out = run(capsys, clip, "--compare", "shaky", "shaky,noise=0.6", "--frames", 5)
    assert "clip.mp4" in out
    code, _ = run(capsys, "--compare", "shaky", "shaky")
    assert code == 2


def test_both_generations_of_mediapipe_agree(media):
    pytest.importorskip("mediapipe.python.solutions", reason="this MediaPipe carries no models of its own")
    bundle = Path(os.environ.get(MODELS_VARIABLE, "")) / "face_landmarker.task"
    if not bundle.is_file():
        pytest.skip(f"{MODELS_VARIABLE} names no folder with face_landmarker.task")
    clips = [media / "talk" / f"{name}.mp4" for name in ("obama", "reagan", "andrew")]
    one, other = "mediapipe,flip_input=true", f"mediapipe,flip_input=true,model={bundle}"
    found = agreement(one, other, clips, frames=20)
    assert np.mean([clip.movement for clip in found]) < 1.0
    assert max(clip.expression for clip in found) < 2.5

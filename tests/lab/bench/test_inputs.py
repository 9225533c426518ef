import json

import numpy as np
import pytest

import sdk
from sdk.cli import main
from sdk.drawing import drawn_clip, drawn_face
from sdk.media import write_image, write_video
from talkstyle_lab.bench import inputs
from talkstyle_lab.bench.inputs import run_portraits
from tests.sdk.tracking.test_clip import talking


def test_each_portrait_is_taken_upright():
    pytest.importorskip("mediapipe")
    rows = run_portraits({"drawn": drawn_face(256).pixels})
    assert len(rows) == 16
    for row in rows:
        if row.given % 90 == 0:
            assert (row.given + row.turned) % 360 == 0
            assert ("turned" in row.said) == (row.given != 0)


def test_portraits_without_a_face_are_reported(tmp_path, capsys):
    write_image(tmp_path / "grey.png", np.full((64, 64, 3), 128, np.uint8))
    with pytest.raises(SystemExit):
        main(["bench", "portraits", str(tmp_path / "grey.png"), "--json"])
    rows = json.loads(capsys.readouterr().out)
    assert {row["turned"] for row in rows} == {None}
    assert all(row["said"].startswith("FaceNotFound") for row in rows)


def test_what_is_said_of_references(tmp_path, capsys, monkeypatch):
    class Centre:
        """A face in the middle, as wide as a third of the picture."""

        name = "centre"
        depth = True

        def detect(self, images):
            points = np.array(drawn_face(256).landmarks.points)
            return [[sdk.Landmarks(points + np.float32([0, image.mean() % 1, 0]), 0.95)] for image in images]

    clips = [tmp_path / "one.mp4", tmp_path / "other.mp4"]
    for seed, path in enumerate(clips):
        write_video(path, drawn_clip(talking(1.5), size=128, seed=seed), rate=30)
    few = inputs._references
    monkeypatch.setattr(inputs, "_references", lambda *clips: list(few(*clips))[3:6:2])
    with sdk.register("landmark-detector", "centre", Centre), pytest.raises(SystemExit):
        main(["bench", "references", *map(str, clips), "--detector", "centre"])
    lines = {line.split("  ")[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "FrameRateTooLow" in lines["a still"]
    assert "cut at" in lines["a cut to somebody else"]

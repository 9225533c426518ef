"""``talkstyle bench shapes`` measures what a renderer draws."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from sdk.drawing import drawn_clip
from sdk.errors import ConfigError
from sdk.media import read_image, write_video
from sdk.registry import load
from talkstyle_lab.bench.driving import cycle
from talkstyle_lab.bench.shapes import PERSON, run_shapes


@pytest.fixture(scope="module")
def detector():
    pytest.importorskip("mediapipe")
    return load("landmark-detector", "mediapipe")


class Still:
    """Shows the portrait as it is, whatever it is told."""

    name = "still"

    def prepare(self, portrait):
        return portrait

    def render(self, prepared, motions):
        for motion in motions:
            for _ in range(len(motion)):
                yield prepared.pixels.copy()


def test_lips_and_lids_are_measured(detector, tmp_path):
    settings = {"clips": ["cycle"], "frames": 24, "size": 256, "detector": detector}
    moved = run_shapes(styles=("base", "opera"), strengths=(1.5,), out=tmp_path, device="cpu", **settings)
    still = run_shapes(styles=(), renderer=Still(), **settings)
    names = {row.portrait for row in moved.blinks}
    assert [row.motion for row in moved.mouths] == ["base", "opera 1.5", "cycle"] * len(names)
    assert all(0.5 < row.half < 1.1 and 0.2 < row.quarter < row.half for row in moved.mouths)
    assert max(row.left_open for row in moved.blinks) < 0.5 < 0.95 < min(row.left_open for row in still.blinks)
    assert max(row.brows_seen for row in still.blinks) == 0.0
    json.dumps(asdict(moved), allow_nan=False)
    assert (
        read_image(tmp_path / "mouths.png").pixels.shape[1] == 3 * read_image(tmp_path / "eyes.png").pixels.shape[1] / 5
    )


def test_people_in_clips_are_measured_too(detector, tmp_path):
    motion = cycle(24)
    write_video(tmp_path / "clip.mp4", drawn_clip(motion, size=256), rate=25)
    bench = run_shapes(styles=(), clips=[tmp_path / "clip.mp4"], frames=12, size=256, detector=detector, device="cpu")
    person, portraits = bench.mouths[0], [row for row in bench.blinks if row.brows_seen is not None]
    assert (person.portrait, person.motion, len(bench.mouths)) == (PERSON, "clip", 1 + len(portraits))
    assert person.asked == person.found
    assert 0.3 < person.quarter < person.half < 1.1


def test_too_few_frames_are_refused(detector):
    with pytest.raises(ConfigError, match="frames=3"):
        run_shapes(frames=3, detector=detector)

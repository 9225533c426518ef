from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from sdk import plots
from sdk.data import Motion
from sdk.drawing import drawn_face
from sdk.errors import ComponentUnavailable, InputError, OutputError
from sdk.media import read_image
from sdk.registry import requirements


def motion(opening, frames=60):
    expression = np.zeros((frames, 68, 3), np.float32)
    expression[:, 65:68, 1] = opening * np.sin(np.arange(frames) / 9)[:, None] ** 2
    return Motion(expression, np.zeros((frames, 6)))


def test_importing_it_imports_no_matplotlib():
    code = "import sys, sdk.plots\nassert 'matplotlib' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_openings_draw_what_the_mouth_does():
    axes = plots.figure().add_subplot()
    plots.openings(axes, real=motion(0.2), plain=motion(0.1), styled=motion(0.3, 90), held_out=0.8)
    curves = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
    assert list(curves) == ["reference", "without the style", "with the style"]
    assert len(curves["with the style"]) == 90
    assert np.ptp(curves["with the style"]) == pytest.approx(0.3, abs=0.01)
    assert axes.get_xlim() == (0, 1.5)
    assert len(axes.patches) == 1
    bare = plots.figure().add_subplot()
    plots.openings(bare, plain=motion(0.1), styled=motion(0.3))
    assert len(bare.get_lines()) == 2
    assert not bare.patches


def test_a_figure_is_written_whole_or_not_at_all(tmp_path):
    drawn = plots.figure(6, 3)
    face = drawn_face(256)
    plots.landmarks(drawn.add_subplot(1, 2, 1), face.pixels, face.landmarks, title="me")
    plots.loss(drawn.add_subplot(1, 2, 2), [{"loss": 2.0}, {"loss": 1.0}])
    assert plots.save(drawn, tmp_path / "both.png") == tmp_path / "both.png"
    pixels = read_image(tmp_path / "both.png").pixels
    assert pixels.shape == (300, 600, 3)
    assert pixels.std() > 10
    with pytest.raises(OutputError, match=r"not written as '.doc'"):
        plots.save(drawn, tmp_path / "both.doc")
    with pytest.raises(OutputError, match="cannot write into"):
        plots.save(drawn, tmp_path / "none" / "both.png")
    assert [path.name for path in tmp_path.iterdir()] == ["both.png"]


def test_a_missing_extra_is_named_with_the_line_that_installs_it(monkeypatch):
    monkeypatch.setattr(requirements, "unmet", lambda wanted: wanted)
    with pytest.raises(ComponentUnavailable, match=r'python -m pip install "talkstyle\[plots\]"'):
        plots.figure()


def test_contact_sheets():
    wide = np.full((50, 100, 3), 200, np.uint8)
    tall = np.full((80, 40, 3), 10, np.uint8)
    sheet = plots.contact_sheet([[wide, tall], [tall]], height=40)
    assert sheet.shape == (84, 80 + 4 + 20, 3)
    assert (sheet[:40, :80] == 200).all()
    assert (sheet[:40, 84:] == 10).all()
    assert (sheet[44:, 20:] == 255).all()
    with pytest.raises(InputError, match="no frames"):
        plots.contact_sheet([[]])

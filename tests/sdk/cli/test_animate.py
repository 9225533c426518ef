"""``talkstyle animate``, with fake components that are registered in this process."""

from __future__ import annotations

from contextlib import ExitStack

import av
import numpy as np
import pytest

from sdk.media import write_image
from sdk.registry import register
from tests.sdk.animation import fakes

PARTS = ("--generator", "fake", "--renderer", "fake", "--detector", "fake", "--device", "cpu")


@pytest.fixture
def given(tmp_path):
    """A portrait and a sound in files, and the fakes under their names."""
    picture = np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    write_image(tmp_path / "me.png", picture)
    audio = fakes.sound((1, 1), (0.5, 0))
    with av.open(str(tmp_path / "hello.wav"), "w") as container:
        stream = container.add_stream("pcm_s16le", rate=audio.rate, layout="mono")
        samples = (audio.samples * 32767).astype(np.int16)[None]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate = audio.rate
        container.mux([*stream.encode(frame), *stream.encode(None)])
    with ExitStack() as stack:
        stack.enter_context(register("motion-generator", "fake", fakes.Generator))
        stack.enter_context(register("audio-encoder", "fake", fakes.Encoder))
        stack.enter_context(register("renderer", "fake", fakes.Renderer))
        stack.enter_context(register("landmark-detector", "fake", fakes.Detector))
        yield tmp_path / "me.png", tmp_path / "hello.wav"


def test_it_writes_the_file_and_says_so(given, talkstyle, tmp_path):
    code, out, err = talkstyle("animate", *given, *PARTS, "-o", tmp_path / "out.mp4")
    assert code == 0
    assert "out.mp4: 1.5 s, 38 frames at 25 fps" in out
    assert "pixels wide" in err
    assert (tmp_path / "out.mp4").stat().st_size > 1000


def test_json(given, talkstyle_json, tmp_path):
    code, document = talkstyle_json(
        *("animate", *given, *PARTS, "-o", tmp_path / "out.mp4", "--fps", "29.97", "--head", 0, "--seed", 3)
    )
    assert code == 0
    assert document["path"] == str(tmp_path / "out.mp4")
    assert (document["frames"], document["fps"], document["size"]) == (45, "30000/1001", [320, 240])
    assert len(document["warnings"]) == 1


@pytest.mark.parametrize(
    ("words", "code", "kind"),
    [
        (("--fps", "0"), 1, "config"),
        (("--style", "./none"), 1, "style-not-found"),
        (("--style", "a=1", "--style", "b"), 1, "config"),
        (("--face", "7"), 1, "face-not-found"),
        (("--face", "left"), 2, "usage"),
        (("--renderer", "none"), 1, "component-not-found"),
        (("--head", "3"), 2, "usage"),
        (("--teeth", "none.jpg"), 1, "media-not-found"),
    ],
)
def test_errors(given, talkstyle_json, tmp_path, words, code, kind):
    got, document = talkstyle_json("animate", *given, *PARTS, "-o", tmp_path / "out.mp4", *words)
    assert (got, document["error"]["code"]) == (code, kind)
    assert not (tmp_path / "out.mp4").exists()


def test_a_missing_file_is_named(given, talkstyle, tmp_path):
    code, _, err = talkstyle("animate", given[0], tmp_path / "no.wav", *PARTS, "-o", tmp_path / "out.mp4")
    assert code == 1
    assert "no.wav" in err


@pytest.mark.parametrize(("output", "made"), [("out.webm", "out.webm"), ("shots/f%03d.png", "shots/f037.png")])
def test_other_forms(given, talkstyle, tmp_path, output, made):
    code, *_ = talkstyle("animate", *given, *PARTS, "-o", tmp_path / output, "--background", "0,128,255")
    assert code == 0
    assert (tmp_path / made).stat().st_size > 100


def test_a_signature(given, talkstyle_json, tmp_path):
    c2pa = pytest.importorskip("c2pa")
    path = tmp_path / "out.mp4"
    code, _ = talkstyle_json("animate", *given, *PARTS, "-o", path, "--sign-test")
    assert code == 0
    with c2pa.Reader(path) as reader:
        assert reader.get_validation_state() == "Valid"
    code, document = talkstyle_json("animate", *given, *PARTS, "-o", path, "--sign-test", "--sign", path, path)
    assert (code, document["error"]["code"]) == (1, "config")
    code, document = talkstyle_json("animate", *given, *PARTS, "-o", path, "--sign", path, tmp_path / "none.pem")
    assert (code, document["error"]["code"]) == (1, "media-not-found")


def test_many_go_on_after_an_error_and_resume(given, talkstyle, talkstyle_json, tmp_path):
    jobs = tmp_path / "jobs.csv"
    jobs.write_text("portrait,audio,output\nme.png,hello.wav,\nme.png,none.wav,\nme.png,hello.wav,b.webm\n")
    words = ("animate-many", jobs, *PARTS, "-o", tmp_path / "out", "--head", 0)
    code, document = talkstyle_json(*words)
    assert code == 1
    assert [document[state] for state in ("made", "skipped", "failed")] == [2, 0, 1]
    first, second, third = document["jobs"]
    assert (first["state"], first["frames"], first["error"]) == ("made", 38, None)
    assert second["error"]["code"] == "media-not-found"
    assert third["output"] == str(tmp_path / "out" / "b.webm")
    jobs.write_text("portrait,audio,output\nme.png,hello.wav,\nme.png,hello.wav,b.webm\n")
    code, out, _ = talkstyle(*words)
    assert code == 0
    assert "0 made, 2 skipped, 0 failed" in out
    assert talkstyle(*words, "--head", 1)[1].endswith("2 made, 0 skipped, 0 failed\n")


def test_many_from_a_folder(given, talkstyle, tmp_path):
    code, out, _ = talkstyle("animate-many", tmp_path, *PARTS, "-o", tmp_path / "out", "--format", "png", "--fps", 5)
    assert code == 0
    assert (tmp_path / "out" / "me-hello" / "frame-00007.png").exists()
    assert "1 made" in out

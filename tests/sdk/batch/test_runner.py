import json
import wave

import numpy as np
import pytest

from sdk.batch import animate_many
from sdk.errors import Cancelled, ComponentBroken, ConfigError, MediaCorrupt, MediaNotFound
from sdk.media import probe, write_image
from sdk.progress import CancelToken
from sdk.registry import register
from tests.sdk.animation import fakes

pytestmark = pytest.mark.filterwarnings("error")


def write_sound(path, seconds=0.4):
    samples = (fakes.sound((seconds, 1)).samples * 32767).astype("<i2")
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, fakes.RATE, 0, "NONE", ""))
        file.writeframes(samples.tobytes())


@pytest.fixture
def given(tmp_path):
    for index, name in enumerate(("a.png", "b.png")):
        pixels = np.random.default_rng(index).integers(0, 255, (240, 320, 3), dtype=np.uint8)
        write_image(tmp_path / name, pixels)
    for name in ("x.wav", "y.wav"):
        write_sound(tmp_path / name)
    (tmp_path / "bad.wav").write_bytes(b"RIFF, but no more")
    return tmp_path


class Parts:
    """The fakes, all of one run, which count."""

    def __init__(self):
        self.renderer, self.detector = fakes.Renderer(), fakes.Detector()

    def run(self, jobs, folder, **options):
        parts = {"generator": fakes.Generator(), "encoder": fakes.Encoder(), "device": "cpu"}
        own = {"renderer": self.renderer, "detector": self.detector}
        jobs = [
            {key: str(folder / value) if key in ("portrait", "audio") else value for key, value in job.items()}
            for job in jobs
        ]
        return list(animate_many(jobs, out=folder / "out", **{**parts, **own, **options}))


JOBS = [
    {"portrait": "a.png", "audio": "x.wav"},
    {"portrait": "a.png", "audio": "bad.wav"},
    {"portrait": "none.png", "audio": "x.wav"},
    {"portrait": "a.png", "audio": "y.wav", "output": "deep/mine.webm"},
    {"portrait": "b.png", "audio": "x.wav", "strength": float("nan")},
    {"portrait": "b.png", "audio": "x.wav"},
]


def states(results):
    return [result.state for result in results]


def test_it_goes_on_after_an_error_and_prepares_a_portrait_once(given):
    parts = Parts()
    results = parts.run([{**JOBS[4], "output": "nan.mp4"} if job is JOBS[4] else job for job in JOBS], given)
    assert states(results) == ["made", "failed", "failed", "made", "failed", "made"]
    assert [type(result.error) for result in results if result.error] == [MediaCorrupt, MediaNotFound, ConfigError]
    assert [result.output.name for result in results[:4:3]] == ["a-x.mp4", "mine.webm"]
    assert {(result.frames, result.seconds) for result in results if result.state == "made"} == {(10, 0.4)}
    assert all("pixels wide" in result.warnings[0] for result in results if result.state == "made")
    assert all(probe(result.output).kind == "video" for result in results if result.state == "made")
    assert (parts.renderer.prepared, parts.detector.seen) == (2, 2)
    names = sorted(entry.name for entry in (given / "out").iterdir())
    assert names == ["a-x.mp4", "b-x.mp4", "deep", "talkstyle-jobs.json"]


def test_what_is_done_is_not_done_again_unless_something_changed(given):
    jobs = [JOBS[0], JOBS[5], JOBS[3]]
    first = Parts().run(jobs, given)
    parts = Parts()
    again = parts.run(jobs, given)
    assert states(again) == ["skipped"] * 3
    assert (parts.renderer.prepared, parts.detector.seen) == (0, 0)
    assert [(r.frames, r.seconds, r.warnings) for r in again] == [(r.frames, r.seconds, r.warnings) for r in first]
    assert states(Parts().run(jobs, given, resume=False)) == ["made"] * 3
    write_sound(given / "x.wav", 0.6)  # in place, under the same name
    assert states(Parts().run(jobs, given)) == ["made", "made", "skipped"]
    assert states(Parts().run([{**jobs[0], "seed": 1}, *jobs[1:]], given)) == ["made", "skipped", "skipped"]
    assert states(Parts().run(jobs, given, background=(0, 0, 0))) == ["made"] * 3
    assert states(Parts().run(jobs, given, background=(0, 0, 0))) == ["skipped"] * 3
    (given / "out" / "b-x.mp4").unlink()
    (given / "out" / "a-x.mp4").write_bytes(b"cut")
    assert states(Parts().run(jobs, given, background=(0, 0, 0))) == ["made", "made", "skipped"]


def test_folders_of_frames_resume_too(given):
    assert states(Parts().run(JOBS[:1], given, suffix="")) == ["made"]
    assert states(Parts().run(JOBS[:1], given, suffix="")) == ["skipped"]
    (given / "out" / "a-x" / "frame-00003.png").unlink()
    assert states(Parts().run(JOBS[:1], given, suffix="")) == ["made"]


def test_a_stopped_run_goes_on_where_it_was(given):
    token = CancelToken()

    def stop(progress):
        if progress.stage == "jobs" and progress.fraction:
            token.cancel()

    jobs = [JOBS[0], JOBS[5]]
    with pytest.raises(Cancelled):
        Parts().run(jobs, given, cancel=token, on_progress=stop)
    assert states(Parts().run(jobs, given)) == ["skipped", "made"]


def test_a_damaged_record_is_no_reason_to_stop(given):
    Parts().run(JOBS[:1], given)
    for text in ("{", "[]", '{"outputs": {"a-x.mp4": 3}}'):
        (given / "out" / "talkstyle-jobs.json").write_text(text)
        assert states(Parts().run(JOBS[:1], given)) == ["made"]
    assert json.loads((given / "out" / "talkstyle-jobs.json").read_text())["outputs"]["a-x.mp4"]["frames"] == 10


def test_what_a_renderer_raises_is_a_result(given):
    parts = Parts()
    parts.renderer.fail_at = 5
    (first, second) = parts.run([JOBS[0], JOBS[3]], given)
    assert isinstance(first.error, ComponentBroken)
    assert isinstance(first.error.__cause__, RuntimeError)
    assert second.state == "made"
    assert not first.output.exists()


def test_wrong_jobs_are_found_before_anything_is_made(given):
    for jobs, match in (
        ([JOBS[0], {"portrait": "a.png"}], "job 2"),
        ([JOBS[0], {**JOBS[5], "output": "A-X.mp4"}], "several jobs would write"),
    ):
        with pytest.raises(ConfigError, match=match):
            Parts().run(jobs, given)
    assert not (given / "out").exists()


def test_components_are_loaded_once_at_their_first_use(given):
    made = []

    def counted(kind, make):
        return lambda: made.append(kind) or make()

    names = {"generator": "g", "encoder": "e", "renderer": "r", "detector": "d"}
    with (
        register("motion-generator", "g", counted("g", fakes.Generator)),
        register("audio-encoder", "e", counted("e", fakes.Encoder)),
        register("renderer", "r", counted("r", fakes.Renderer)),
        register("landmark-detector", "d", counted("d", fakes.Detector)),
    ):
        results = animate_many(
            [{"portrait": given / p, "audio": given / "x.wav"} for p in ("a.png", "b.png")],
            out=given / "out",
            device="cpu",
            **names,
        )
        assert made == []
        assert states(results) == ["made", "made"]
        assert sorted(made) == ["d", "e", "g", "r"]

"""``talkstyle bench soak``, of a few jobs."""

import os
import random
import tempfile
import threading
from pathlib import Path

import pytest

import sdk
from sdk.errors import Cancelled, ComponentBroken, ConfigError
from sdk.progress import CancelToken, Reporter
from talkstyle_lab.bench import soak
from talkstyle_lab.bench.soak_inputs import Inputs


class FewInputs:
    """No file has to be made for these."""

    def __init__(self, folder, report):
        self.folder = folder
        folder.mkdir()

    def draw(self, rng, kind, bad):
        return kind, kind


@pytest.fixture
def jobs(monkeypatch):
    """Run these in turn instead of what is drawn; each is given the folder for results and its own result's place."""
    monkeypatch.setattr(soak, "Inputs", FewInputs)

    def replace(*works):
        def draw(rng, number, inputs, outputs):
            work, place = works[number % len(works)], outputs / f"{number}.mp4"
            return soak._Job(kind="job", arguments={}, work=lambda: work(place), results=[place])

        monkeypatch.setattr(soak, "_draw", draw)

    return replace


def fail(error):
    raise error


def test_what_came_of_the_jobs_is_told_apart(jobs):
    jobs(
        lambda place: place.touch(),
        lambda place: fail(ConfigError("no")),
        lambda place: fail(Cancelled("stop")),
        lambda place: fail(TypeError("oh")),
        lambda place: fail(ComponentBroken("unexpected KeyError: 3")),
        lambda place: fail(SystemExit(3)),
    )
    measured = soak.run_soak(jobs=6, threads=2)
    assert (measured.jobs, measured.results, measured.cancelled) == ({"job": 6}, 1, 1)
    assert measured.errors == {"config": 1}
    said = sorted(fault.said.rpartition(".")[2] for fault in measured.faults)
    assert said == ["ComponentBroken: unexpected KeyError: 3", "SystemExit: 3", "TypeError: oh"]
    assert (measured.left_beside, measured.left_temporary) == ((), ())
    assert min(measured.after_a_quarter.resident, measured.at_the_end.resident) > 50


def test_what_is_left_behind_is_told(jobs):
    def leave(place):
        place.with_suffix(".part").touch()
        tempfile.mkstemp(prefix="mine-")
        place.touch()
        fail(ConfigError("too late"))

    jobs(leave, lambda place: place.touch(), lambda place: place.touch(), lambda place: (place.parent / ".x").mkdir())
    before = tempfile.gettempdir(), os.environ.get("TMPDIR")
    measured = soak.run_soak(jobs=4, threads=1)
    assert measured.left_beside == (".x", "0.mp4", "0.part")
    assert [Path(name).name[:5] for name in measured.left_temporary] == ["mine-"]
    assert (tempfile.gettempdir(), os.environ.get("TMPDIR")) == before


def test_jobs_run_on_threads(jobs):
    together = threading.Barrier(3, timeout=30)
    jobs(lambda place: together.wait())
    assert soak.run_soak(jobs=12, threads=3).results == 12


def test_the_work_is_cancelled(jobs):
    done, token = [], CancelToken()
    jobs(done.append)
    with pytest.raises(Cancelled):
        soak.run_soak(jobs=400, threads=1, on_progress=lambda _: token.cancel(), cancel=token)
    assert len(done) < 400


@pytest.mark.parametrize("settings", [{"jobs": 3}, {"threads": 0}])
def test_there_is_something_to_do(settings):
    with pytest.raises(ConfigError):
        soak.run_soak(**settings)


def test_six_real_jobs(monkeypatch):
    monkeypatch.setattr(soak, "SHARES", {"animate": 3, "packs": 1})
    measured = soak.run_soak(jobs=6, threads=2, seed=3)
    told = measured.results + sum(measured.errors.values()) + measured.cancelled
    assert not measured.faults
    assert told == sum(measured.jobs.values()) == 6
    assert measured.results > 0
    assert (measured.left_beside, measured.left_temporary) == ((), ())


@pytest.mark.filterwarnings("ignore::sdk.TalkstyleWarning")
def test_good_inputs_are_good_and_a_seed_draws_the_same_jobs(tmp_path):
    inputs = Inputs(tmp_path / "inputs", Reporter())
    drawn = [[str(soak._draw(random.Random(n), n, inputs, tmp_path)) for n in range(60)] for _ in range(2)]
    assert drawn[0] == drawn[1]
    assert {job.partition("(")[0] for job in drawn[0]} == set(soak.SHARES)
    good = {kind: inputs.draw(random.Random(1), kind, 0.0)[1] for kind in ("portrait", "sound", "style", "strength")}
    assert sdk.animate(good.pop("portrait"), good.pop("sound"), **good, fps=10).frame(0).shape == (128, 128, 3)

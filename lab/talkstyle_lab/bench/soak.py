"""Many jobs over good and bad inputs in one process: what comes of them, what it holds, and what they leave behind."""

from __future__ import annotations

import os
import random
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import sdk
from sdk.errors import Cancelled, ComponentBroken, ConfigError, SdkError
from sdk.progress import CancelToken, ProgressCallback, Reporter
from talkstyle_lab.bench import timing
from talkstyle_lab.bench.footprint import Footprint, footprint
from talkstyle_lab.bench.soak_inputs import Inputs

JOBS: Final = 200
THREADS: Final = 4
BAD: Final = 0.15  # the share of arguments that make no sense; of jobs with one it is about a half
CANCELLED: Final = 0.1  # the share of jobs that are cancelled
SHARES: Final = {"animate": 7, "animate_many": 2, "adapt": 3, "inspect": 3, "evaluate": 3, "packs": 4}
"""How often each kind of job is drawn."""


@dataclass(frozen=True)
class Fault:
    """A job that ended neither with a result nor with an error of the SDK."""

    job: str  # with the names of its arguments
    said: str  # the traceback's last line
    at: str  # the deepest line of the SDK's or a plugin's in the traceback


@dataclass(frozen=True, kw_only=True)
class SoakBench:
    """What came of the jobs."""

    jobs: dict[str, int]  # by kind
    results: int
    errors: dict[str, int]  # by the error's code, the most frequent first
    cancelled: int
    faults: tuple[Fault, ...]
    after_a_quarter: Footprint  # of the jobs, while none runs
    at_the_end: Footprint
    left_beside: tuple[str, ...]  # files beside the outputs that are nobody's result
    left_temporary: tuple[str, ...]  # files in the temporary folder
    seconds: float
    slowest: str  # job
    slowest_seconds: float


@dataclass(kw_only=True)
class _Job:
    """Something to do; ``results`` are files and folders that it may leave if it succeeds."""

    kind: str
    arguments: dict[str, str]
    work: Callable[[], object]
    results: list[Path] = field(default_factory=list)
    outcome: str = ""  # "result", "cancelled", "fault" or an error's code
    fault: Fault | None = None
    seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(f'{name}: {value}' for name, value in self.arguments.items())})"


def run_soak(
    *,
    jobs: int = JOBS,
    threads: int = THREADS,
    seed: int = 0,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> SoakBench:
    """Draw jobs at random and run them on so many threads; the same seed draws the same jobs.

    Raises:
        ConfigError: There are too few jobs to compare with.
    """
    if jobs < 4 or threads < 1:
        raise ConfigError(f"{jobs} jobs on {threads} threads", hint="Take four jobs and a thread at least.")
    footprint()  # raises now if it cannot be read
    report = Reporter(on_progress, cancel)
    began = time.perf_counter()
    with timing.scratch_folder() as name, warnings.catch_warnings():
        warnings.simplefilter("ignore", sdk.TalkstyleWarning)
        folder = Path(name)
        inputs, outputs = Inputs(folder / "inputs", report), folder / "outputs"
        outputs.mkdir()
        given = _files(inputs.folder)
        with _temporary_folder(folder / "temporary") as temporary:
            drawn = [_draw(random.Random(f"{seed} {number}"), number, inputs, outputs) for number in range(jobs)]
            finished, held = 0, []
            with ThreadPoolExecutor(threads) as pool:
                for part in (drawn[: jobs // 4], drawn[jobs // 4 :]):
                    running = {pool.submit(_run, job): job for job in part}
                    try:
                        for done in as_completed(running):
                            done.result()
                            finished += 1
                            report("jobs", finished / jobs, str(running[done]))
                    except BaseException:
                        pool.shutdown(cancel_futures=True)
                        raise
                    held.append(footprint())
            left_temporary = _files(temporary)
        kept = [path for job in drawn if job.outcome == "result" for path in job.results]
        beside = (_files(outputs, but=kept) | _files(inputs.folder)) - given
    outcomes = Counter(job.outcome for job in drawn)
    slowest = max(drawn, key=lambda job: job.seconds)
    return SoakBench(
        jobs=dict(Counter(job.kind for job in drawn)),
        results=outcomes.pop("result", 0),
        cancelled=outcomes.pop("cancelled", 0),
        faults=tuple(job.fault for job in drawn if job.fault is not None),
        errors={code: number for code, number in outcomes.most_common() if code != "fault"},
        after_a_quarter=held[0],
        at_the_end=held[1],
        left_beside=tuple(sorted(beside)),
        left_temporary=tuple(sorted(left_temporary)),
        seconds=time.perf_counter() - began,
        slowest=str(slowest),
        slowest_seconds=slowest.seconds,
    )


def _run(job: _Job) -> None:
    """Do the job and keep what came of it as words: an error's traceback would keep all that was worked with."""
    began = time.perf_counter()
    try:
        job.work()
    except Cancelled:
        job.outcome = "cancelled"
    except BaseException as error:
        if isinstance(error, SdkError) and not isinstance(error, ComponentBroken):  # none that is used here may break
            job.outcome = error.code
        else:
            job.outcome = "fault"
            job.fault = Fault(str(job), *_last_lines(error))
    else:
        job.outcome = "result"
    job.seconds = time.perf_counter() - began
    job.work = _nothing


def _nothing() -> None:
    """In place of work that is done, so that its inputs do not stay in memory."""


def _last_lines(error: BaseException) -> tuple[str, str]:
    said = traceback.format_exception_only(error)[-1].strip()
    cause = error.__cause__ if isinstance(error, ComponentBroken) and error.__cause__ is not None else error
    frames = [frame for frame in traceback.extract_tb(cause.__traceback__) if frame.filename != __file__]
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(Path(sdk.__file__).parent)] or frames
    return said, f"{'/'.join(Path(own[-1].filename).parts[-3:])}:{own[-1].lineno}" if own else ""


@contextmanager
def _temporary_folder(folder: Path) -> Iterator[Path]:
    """Let everything temporary of this process go into a folder."""
    folder.mkdir()
    before, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    try:
        yield folder
    finally:
        tempfile.tempdir = before
        del os.environ["TMPDIR"]
        if variable is not None:
            os.environ["TMPDIR"] = variable


def _files(folder: Path, *, but: list[Path] | None = None) -> set[str]:
    """All files below a folder and the hidden folders, except what is one of these or lies in one."""
    found = (path for path in folder.rglob("*") if path.is_file() or path.name.startswith("."))
    kept = set(but or ())
    return {str(path.relative_to(folder)) for path in found if kept.isdisjoint((path, *path.parents))}


def _draw(rng: random.Random, number: int, inputs: Inputs, outputs: Path) -> _Job:
    """A job: which kind, each argument good or bad, whether it is cancelled and when."""
    kind = rng.choices(list(SHARES), list(SHARES.values()))[0]
    named: dict[str, str] = {}

    def take(name: str, kind: str = "") -> Any:
        named[name], value = inputs.draw(rng, kind or name, BAD)
        return value

    options: dict[str, Any] = {}
    if kind != "packs" and rng.random() < CANCELLED:
        named["cancelled"] = f"after {(after := rng.choice([0, 1, 2, 5, 20]))} steps"
        options |= _cancelling(after)
    if kind == "animate":
        options |= {name: take(name) for name in ("style", "strength", "fps", "seed", "face") if rng.random() < 0.5}
        portrait, sound = take("portrait"), take("sound")
        named["output"], out, results = _output(rng, number, outputs, (".mp4", ".webm", ""))
        return _Job(
            kind=kind, arguments=named, work=lambda: sdk.animate(portrait, sound, **options).save(out), results=results
        )
    if kind == "animate_many":
        wanted = [
            {
                "portrait": take(f"portrait {k}", "portrait"),
                "audio": take(f"sound {k}", "sound"),
                "style": take(f"style {k}", "style"),
                "output": f"{k}.mp4" if rng.random() > BAD / 2 else rng.choice(["0.mp4", "a\0b.mp4", "no/such.xyz"]),
            }
            for k in range(rng.randint(1, 3))
        ]
        named["output"], out, results = _output(rng, number, outputs, ("",))
        return _Job(kind=kind, arguments=named, work=partial(_many, wanted, out, options), results=results)
    if kind == "adapt":
        clip = take("clip")
        options |= {"config": take("config")} | ({"audio": take("sound")} if rng.random() < 0.2 else {})
        named["output"], out, results = _output(rng, number, outputs, ("",))
        return _Job(kind=kind, arguments=named, work=lambda: sdk.adapt(clip, **options).save(out), results=results)
    if kind == "inspect":
        return _Job(kind=kind, work=partial(sdk.inspect, take("clip"), **options), arguments=named)
    if kind == "evaluate":
        options |= {"strength": take("strength")} if rng.random() < 0.3 else {}
        return _Job(kind=kind, work=partial(sdk.evaluate, take("style"), take("clip"), **options), arguments=named)
    weights = [(take(f"style {k}", "mixed"), take(f"weight {k}", "strength")) for k in range(rng.randint(1, 3))]
    named["output"], out, results = _output(rng, number, outputs, ("",))
    return _Job(kind=kind, arguments=named, work=lambda: sdk.mix(dict(weights)).save(out), results=results)


def _many(wanted: Sequence[Mapping[str, Any]], out: Path, options: dict[str, Any]) -> None:
    """The first job's error that is a fault, or that of the last which failed, if every job failed."""
    results = list(sdk.animate_many(wanted, out=out, **options))
    errors = [result.error for result in results if result.error is not None]
    for error in errors:
        if isinstance(error, ComponentBroken) or len(errors) == len(results):
            raise error


def _output(rng: random.Random, number: int, outputs: Path, suffixes: tuple[str, ...]) -> tuple[str, Any, list[Path]]:
    """A name, a place to write to, and what may be found there later; a place that cannot be written to at times."""
    suffix = rng.choice(suffixes)
    good = outputs / f"{number}{suffix}"
    if rng.random() > BAD:
        return suffix or "folder", good, [good]
    name = rng.choice(["below a file", "a long name", "null character", "no name", "unknown suffix", "7", "a device"])
    unknown = outputs / f"{number}.xyz"
    places: dict[str, object] = {
        "below a file": outputs.parent / "inputs" / "text" / f"{number}{suffix}",
        "a long name": outputs / ("x" * 300 + suffix),
        "null character": f"{outputs}/a\0b{suffix}",
        "no name": "",
        "unknown suffix": unknown,
        "7": 7,
        "a device": "/dev/null",
    }
    return name, places[name], [unknown]


def _cancelling(after: int) -> dict[str, Any]:
    """Options that cancel the work at its nth step, or before it begins."""
    token = CancelToken()
    left = after

    def step(_: object) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            token.cancel()

    if after == 0:
        token.cancel()
    return {"on_progress": step, "cancel": token}

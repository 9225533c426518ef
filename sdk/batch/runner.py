"""Running many jobs: one that fails does not stop the rest, and one that is done is not done again."""

from __future__ import annotations

import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from sdk import defaults
from sdk._version import __version__
from sdk.animation import Animator, load_style
from sdk.animation.animator import MAX_PORTRAITS
from sdk.arguments import instance, shown, switch
from sdk.batch.jobs import Job, as_job
from sdk.errors import Cancelled, ComponentBroken, ConfigError, OutputError, SdkError
from sdk.files import atomic_file, check_apart, make_folder
from sdk.interfaces import AudioEncoder, LandmarkDetector, MotionGenerator, Renderer
from sdk.progress import CancelToken, ProgressCallback, Reporter
from sdk.registry import check_shape, find

if TYPE_CHECKING:
    import torch

    from sdk.media import Signer, SignerInput
    from sdk.packs import StylePack

RECORD: Final = "talkstyle-jobs.json"
"""The file in the output folder that says what each output was made from."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """The outcome of one job.

    Attributes:
        job: What was asked for.
        output: Its file or folder, which a failed job leaves as it was.
        state: ``skipped`` if the output was there already, made from the same.
        error: Why it failed.
        frames: Of the animation; 0 if it failed.
        seconds: Of the animation.
        warnings: What is worth knowing about it.
    """

    job: Job
    output: Path
    state: Literal["made", "skipped", "failed"]
    error: SdkError | None = None
    frames: int = 0
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()


def animate_many(
    jobs: Iterable[Job | Mapping[str, Any]],
    /,
    *,
    out: str | Path,
    suffix: str = ".mp4",
    background: tuple[int, int, int] | None = None,
    signer: SignerInput = None,
    generator: str | MotionGenerator | None = None,
    encoder: str | AudioEncoder | None = None,
    renderer: str | Renderer = defaults.RENDERER,
    detector: str | LandmarkDetector = defaults.DETECTOR,
    device: str | torch.device = "auto",
    allow_other_base: bool = False,
    resume: bool = True,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Iterator[JobResult]:
    """Make many animations, one for each result asked for; components are loaded, and portraits prepared, once.

    Args:
        jobs: Each a ``Job``, or its fields: ``{"portrait": "me.png", "audio": "hello.wav"}``.
        out: The folder for the results, created if missing.
        suffix: The form of outputs that the job does not name: ``.mp4``, ``.webm``, or ``""`` for folders of PNG files.
        background: As for ``Animation.save``.
        signer: As for ``Animation.save``.
        generator: As for ``animate``; so are the others.
        encoder: An audio encoder or its name.
        renderer: A renderer or its name.
        detector: A landmark detector or its name.
        device: Where the networks run.
        allow_other_base: Take styles that were made for another base.
        resume: Skip a job whose output is there and was made from the same files, options and components.
        on_progress: Called for each job (stage ``"jobs"``, the output's name as message) and within it.
        cancel: Stops the work.

    Returns:
        An iterator of results in the jobs' order. A failed job is a result with its error, and the next one goes on.

    Raises:
        ConfigError: A job or an option makes no sense, two jobs have the same output, or one of them an input as its
            output; before anything is done.
        OutputError: The folder cannot be created or written to.
        Cancelled: The token was cancelled; what is done is kept.
    """
    from sdk.media import as_signer, open_writer

    resume, allow_other_base = switch(resume, "resume"), switch(allow_other_base, "allow_other_base")
    if isinstance(jobs, str | bytes | Mapping | Job) or hasattr(jobs, "read") or not isinstance(jobs, Iterable):
        hint = 'Give a list of Job, or of dictionaries such as {"portrait": "me.png", "audio": "hello.wav"}.'
        raise ConfigError(f"{shown(jobs)} is no list of jobs", where="jobs", hint=hint)
    instance(suffix, str, "suffix", 'Give ".mp4", ".webm" or "".')
    Reporter(on_progress, cancel)
    every = [as_job(job, where=f"job {number}") for number, job in enumerate(jobs, start=1)]
    names = [job.output or f"{job.portrait.stem}-{job.audio.stem}{suffix}" for job in every]
    twice = [name for name, count in Counter(name.casefold() for name in names).items() if count > 1]
    if twice:
        hint = "Give each job an output of its own."
        raise ConfigError(f"several jobs would write {twice[0]!r}", where="jobs", hint=hint)
    signer = as_signer(signer)
    folder = make_folder(out)
    for job, name in zip(every, names, strict=True):
        check_apart(folder / name, job.files().values())
        with suppress(OutputError):  # which is the job's own failure
            open_writer(folder / name, size=(2, 2), rate=25, background=background, signer=signer)
    batch = _Batch(
        animator=Animator(generator=generator, encoder=encoder, renderer=renderer, detector=detector, device=device),
        background=background,
        signer=signer,
        allow_other_base=allow_other_base,
        record=_Record(folder / RECORD, read=resume),
        on_progress=on_progress,
        cancel=cancel,
    )
    return batch.run(every, [folder / name for name in names])


@dataclass(kw_only=True)
class _Batch:
    animator: Animator
    background: tuple[int, int, int] | None
    signer: Signer | None
    allow_other_base: bool
    record: _Record
    on_progress: ProgressCallback | None
    cancel: CancelToken | None

    def __post_init__(self) -> None:
        self._components = {
            "motion-generator": _identity("motion-generator", self.animator.generator),
            "audio-encoder": _identity("audio-encoder", self.animator.encoder),
            "renderer": _identity("renderer", self.animator.renderer),
            "landmark-detector": _identity("landmark-detector", self.animator.detector),
        }
        self._load_style = cache(lambda style: load_style(json.loads(style)))
        # The same object for the same pictures, so that it is prepared once; the last argument is their sums.
        self._load_portrait = lru_cache(MAX_PORTRAITS)(
            lambda path, face, teeth, _: self.animator.load_portrait(path, face=face, teeth=teeth)
        )

    def run(self, jobs: list[Job], outputs: list[Path]) -> Iterator[JobResult]:
        report = Reporter(self.on_progress, self.cancel)
        for done, (job, output) in enumerate(zip(jobs, outputs, strict=True)):
            report("jobs", done / len(jobs), output.name)
            try:
                yield self._run_one(job, output)
            except Cancelled:
                raise
            except Exception as error:
                failure = error
                if not isinstance(failure, SdkError):
                    logger.debug("%s failed", output, exc_info=error)
                    failure = ComponentBroken(f"unexpected {type(error).__name__}: {error}", where=str(output))
                    failure.__cause__ = error
                yield JobResult(job=job, output=output, state="failed", error=failure)
        report("jobs", 1.0)

    def _run_one(self, job: Job, output: Path) -> JobResult:
        pack = self._load_style(json.dumps(job.style))
        inputs = {name: None if path is None else _sha256(path) for name, path in job.files().items()}
        recipe = self._recipe(job, inputs, pack)
        if made := self.record.find(output, recipe):
            return JobResult(job=job, output=output, state="skipped", **made)
        portrait, warnings = self._load_portrait(
            job.portrait, job.face, job.teeth, (inputs["portrait"], inputs["teeth"])
        )
        animation = self.animator.animate(
            portrait,
            job.audio,
            style=pack,
            strength=job.strength,
            fps=job.fps,
            controls=job.controls,
            seed=job.seed,
            allow_other_base=self.allow_other_base,
            on_progress=self.on_progress,
            cancel=self.cancel,
        )
        make_folder(output.parent)
        animation.save(output, background=self.background, signer=self.signer, on_progress=self.on_progress)
        made = {
            "frames": len(animation),
            "seconds": float(animation.duration),
            "warnings": (*warnings, *animation.warnings),
        }
        self.record.add(output, recipe, made)
        return JobResult(job=job, output=output, state="made", **made)

    def _recipe(self, job: Job, inputs: Mapping[str, str | None], pack: StylePack | None) -> str:
        """The sha256 of everything that the output depends on."""
        everything = {
            **job.model_dump(mode="json", exclude={"output", *inputs}),
            **inputs,
            "style": None if pack is None else [pack.config.base.weights_sha256, pack.config.delta.sha256],
            "components": self._components,
            "background": self.background,
            "signer": None if self.signer is None else self.signer.name,
            "talkstyle": __version__,
        }
        return hashlib.sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()


class _Record:
    """What the outputs in a folder were made from; each entry is written before the next job begins."""

    def __init__(self, path: Path, *, read: bool) -> None:
        self._path = path
        self._entries: dict[str, dict[str, Any]] = {}
        if not read:
            return
        try:
            entries = json.loads(path.read_text(encoding="utf-8"))["outputs"]
            self._entries = {name: dict(entry) for name, entry in entries.items()}
        except FileNotFoundError:
            pass
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            logger.warning("%s cannot be read (%s): every job is done anew", path, error)

    def find(self, output: Path, recipe: str) -> dict[str, Any] | None:
        """The record of an output that is complete and was made by this recipe, or None."""
        entry = self._entries.get(self._name(output), {})
        if entry.get("recipe") != recipe or entry.get("bytes") != _size(output):
            return None
        return {
            "frames": entry.get("frames"),
            "seconds": entry.get("seconds"),
            "warnings": tuple(entry.get("warnings", ())),
        }

    def add(self, output: Path, recipe: str, made: Mapping[str, Any]) -> None:
        self._entries[self._name(output)] = {"recipe": recipe, "bytes": _size(output), **made}
        with atomic_file(self._path) as temporary:
            temporary.write_text(json.dumps({"outputs": self._entries}, indent=1, ensure_ascii=False), encoding="utf-8")

    def _name(self, output: Path) -> str:
        return output.relative_to(self._path.parent).as_posix()


def _size(output: Path) -> int:
    """Bytes of a file, or of all files in a folder; -1 if there is neither."""
    if output.is_dir():
        return sum(file.stat().st_size for file in output.iterdir() if file.is_file())
    return output.stat().st_size if output.is_file() else -1


def _sha256(path: Path) -> str:
    from sdk.media.source import as_source

    with as_source(path).open() as file:
        return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # every source has readinto


def _identity(kind: str, component: Any) -> str | None:
    """The component and its version; an unknown name is reported when it is loaded."""
    if component is None:
        return None
    if not isinstance(component, str):
        check_shape(kind, component)
        return f"{component.name} {getattr(component, 'version', '')}"
    try:
        provider = find(kind, component)
    except SdkError:
        return component
    return f"{provider.qualified} {provider.version}"

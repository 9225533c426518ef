"""``talkstyle animate-many``: lists or folders of portraits and sounds in, a folder of videos out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdk.cli import options
from sdk.cli.options import FILE
from sdk.cli.output import emit, error_document, progress_bar
from sdk.cli.wording import said

if TYPE_CHECKING:
    from sdk.batch import JobResult
    from sdk.media import Signer


@click.command("animate-many")
@click.argument("jobs", nargs=-1, required=True, metavar="JOBS...", type=FILE)
@click.option("-o", "--output", required=True, type=FILE, help="The folder for the results.")
@click.option("--format", "form", type=click.Choice(["mp4", "webm", "png"]), default="mp4", show_default=True)
@click.option("--again", is_flag=True, help="Make what is there already, too.")
@options.animating
def command(
    jobs: tuple[Path, ...],
    output: Path,
    form: str,
    again: bool,
    background: tuple[int, int, int] | None,
    signer: Signer | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Make every animation that JOBS name, each a .csv, a .json, or a folder of portraits and sounds.

    A list's columns are portrait and audio, and, where they differ from the options, output, style, strength, fps,
    seed, face, teeth, mouth, brows, blink and head. In a folder, files of one name belong together; a single portrait
    speaks every sound, and a single sound is spoken by every portrait. A failure is reported, and the rest goes on;
    called again, it makes what is missing or has changed. Exits with 1 if anything failed.
    """
    from sdk.batch import animate_many
    from sdk.batch.jobs import read_jobs

    components = options.components_of(settings) | {"allow_other_base": settings.pop("allow_other_base")}
    if (teeth := settings.pop("teeth")) is not None:
        settings["teeth"] = teeth.absolute()  # a list's own paths are relative to the list
    every = [job for source in jobs for job in read_jobs(source, common=settings)]
    results: list[JobResult] = []
    with progress_bar(as_json=as_json) as on_progress:
        for result in animate_many(
            every,
            out=output,
            suffix="" if form == "png" else f".{form}",
            background=background,
            signer=signer,
            resume=not again,
            on_progress=on_progress,
            **components,
        ):
            results.append(result)
            if not as_json:
                click.echo(_line(result))
    count = {state: sum(result.state == state for result in results) for state in ("made", "skipped", "failed")}
    if as_json:
        emit({**count, "jobs": [_entry(result) for result in results]})
    else:
        click.echo(", ".join(f"{number} {state}" for state, number in count.items()))
    if count["failed"]:
        raise SystemExit(1)


def _line(result: JobResult) -> str:
    error = "" if result.error is None else f": {said(str(result.error))}"
    warnings = (f"\n         warning: {said(warning)}" for warning in result.warnings)
    return f"{result.state:7}  {result.output}{error}{''.join(warnings)}"


def _entry(result: JobResult) -> dict[str, Any]:
    return {
        "portrait": result.job.portrait,
        "audio": result.job.audio,
        **{name: getattr(result, name) for name in ("output", "state", "frames", "seconds")},
        "warnings": [*map(said, result.warnings)],
        "error": None if result.error is None else error_document(result.error),
    }

"""What commands print: one JSON document or text on stdout; progress, warnings and errors on stderr."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from sdk.cli.wording import said, said_place

if TYPE_CHECKING:
    from pathlib import Path

    from sdk.errors import Cancelled, SdkError
    from sdk.progress import Progress, ProgressCallback


def emit(document: object) -> None:
    """Print a command's one JSON document. Paths and the like become strings; NaN, which is no JSON, is refused."""
    click.echo(json.dumps(document, indent=2, default=str, allow_nan=False))


def error_document(error: SdkError | Cancelled) -> dict[str, str | None]:
    """An error as a part of a document, in the command's own words."""
    where = None if error.where is None else said_place(error.where)
    hint = None if error.hint is None else said(error.hint)
    return {"code": error.code, "what": said(error.what), "where": where, "hint": hint}


def local_ref(path: Path) -> str:
    """A folder as a style reference that can be mistaken for nothing else."""
    text = path.as_posix()
    return text if path.is_absolute() or text.startswith((".", "~")) else f"./{text}"


def cell(value: float | None, form: str) -> str:
    """A figure in a table, formatted; a dash for None."""
    return "-" if value is None else format(value, form)


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print aligned columns to stdout, one line a row."""
    lines = [columns, *rows]
    widths = [max(len(line[k]) for line in lines) for k in range(len(columns))]
    for number, line in enumerate(lines):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        click.secho(text, bold=number == 0)


@contextmanager
def progress_bar(*, as_json: bool = False) -> Iterator[ProgressCallback | None]:
    """Show the SDK's progress as bars on stderr, one a stage, while the block runs.

    What it gives is for ``on_progress``: None where nobody watches, under ``--json`` or where stderr is no terminal.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if as_json or not console.is_terminal:
        yield None
        return
    from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    tasks: dict[str, TaskID] = {}
    stage, message = TextColumn("{task.description}"), TextColumn("{task.fields[message]}")
    with Bars(stage, BarColumn(), TimeRemainingColumn(), message, console=console) as bars:

        def on_progress(progress: Progress) -> None:
            if progress.stage not in tasks:
                tasks[progress.stage] = bars.add_task(progress.stage, total=None, message="")
            total = None if progress.fraction is None else 1.0
            bars.update(
                tasks[progress.stage], total=total, completed=progress.fraction or 0.0, message=progress.message
            )

        yield on_progress

"""What commands print: one JSON document or text on stdout; progress, warnings and errors on stderr."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from sdk.progress import Progress, ProgressCallback

__all__ = ["emit", "options", "progress_bar", "show_table"]

F = TypeVar("F", bound=Callable[..., Any])


def options(command: F) -> F:
    """Give a command ``--json``, which it gets as ``as_json``, and ``--debug``, which is dealt with for it."""
    debug = click.option("--debug", is_flag=True, expose_value=False, help="Log details, and show tracebacks.")
    as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON document to stdout.")
    return as_json(debug(command))


def emit(document: object) -> None:
    """Print a command's one JSON document. Paths and the like become strings; NaN, which is no JSON, is refused."""
    click.echo(json.dumps(document, indent=2, default=str, allow_nan=False))


def show_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print aligned columns to stdout, one line a row."""
    lines = [columns, *rows]
    widths = [max(len(line[k]) for line in lines) for k in range(len(columns))]
    for number, line in enumerate(lines):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        click.secho(text, bold=number == 0)


@contextmanager
def progress_bar(*, as_json: bool = False) -> Iterator[ProgressCallback | None]:
    """Show the SDK's progress as bars on stderr, one a stage.

    Args:
        as_json: Show none.

    Yields:
        What to pass as ``on_progress``; None where nobody watches: under ``--json``, and where stderr is no terminal.
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

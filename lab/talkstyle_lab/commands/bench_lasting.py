"""``talkstyle bench leaks``: what a process that goes on working keeps holding."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from sdk.cli import FILE, cell, emit, options, progress_bar, show_table


@click.command("leaks")
@click.option(
    "--calls",
    multiple=True,
    type=click.IntRange(1),
    default=(10, 100),
    show_default=True,
    help="Read after so many; to be repeated.",
)
@click.option(
    "--verb",
    "verbs",
    multiple=True,
    type=click.Choice(["animate", "adapt", "inspect", "evaluate"]),
    help="Call this one; can be repeated. All by default.",
)
@click.option("--clip", type=FILE, help="What to learn from and look at; a drawn face that speaks by default.")
@click.option("--portrait", type=FILE, help="The picture to animate; a drawn face by default.")
@options.json_debug
def leaks(verbs: tuple[str, ...], as_json: bool, **settings: Any) -> None:
    """Call each verb again and again in a process of its own; show memory and threads after some and after many."""
    from talkstyle_lab.bench.leaks import VERBS, run_leaks

    with progress_bar(as_json=as_json) as on_progress:
        rows = run_leaks(verbs=verbs or VERBS, on_progress=on_progress, **settings)
    if as_json:
        emit({"rows": [asdict(row) | {"growth": asdict(row.growth)} for row in rows]})
        return
    table = [
        (row.verb, calls, f"{held.resident:{sign}.0f} MiB", cell(held.unique, f"{sign}.0f"), f"{held.threads:{sign}d}")
        for row in rows
        for calls, held, sign in (
            *((str(calls), held, "") for calls, held in zip(row.calls, row.held, strict=True)),
            ("difference", row.growth, "+"),
        )
    ]
    show_table(("verb", "calls", "resident", "its own, MiB", "threads"), table)

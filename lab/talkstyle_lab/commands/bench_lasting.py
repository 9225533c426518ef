"""``talkstyle bench leaks`` and ``bench soak``: what becomes of a process that goes on working."""

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


@click.command("soak")
@click.option("--jobs", type=click.IntRange(4), default=200, show_default=True, help="In all.")
@click.option("--threads", type=click.IntRange(1, 64), default=4, show_default=True, help="That run them.")
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed draws the same jobs.")
@options.json_debug
def soak(as_json: bool, **settings: Any) -> None:
    """Run random jobs over good and bad inputs in one process.

    Ends with 1 if anything came of them but results, errors of the SDK and cancellations, or if files were left behind.
    """
    from talkstyle_lab.bench.soak import run_soak

    with progress_bar(as_json=as_json) as on_progress:
        measured = run_soak(on_progress=on_progress, **settings)
    left = measured.left_beside + measured.left_temporary
    if as_json:
        emit(asdict(measured))
    else:
        held = [
            f"{each.resident:.0f} MiB, its own {cell(each.unique, '.0f')}, {each.threads} threads"
            for each in (measured.after_a_quarter, measured.at_the_end)
        ]
        rows = [
            ("jobs", ", ".join(f"{kind} {number}" for kind, number in measured.jobs.items())),
            ("results", str(measured.results)),
            ("errors of the SDK", ", ".join(f"{code} {number}" for code, number in measured.errors.items()) or "0"),
            ("cancelled", str(measured.cancelled)),
            ("anything else", str(len(measured.faults))),
            ("held after a quarter", held[0]),
            ("held at the end", held[1]),
            ("files left behind", ", ".join(left) or "0"),
            ("took", f"{measured.seconds:.0f} s, at most {measured.slowest_seconds:.1f} s: {measured.slowest}"),
        ]
        show_table(("figure", "value"), rows)
        for fault in measured.faults:
            click.echo(f"\n{fault.job}\n  {fault.said}\n  at {fault.at}")
    if measured.faults or left:
        raise SystemExit(1)

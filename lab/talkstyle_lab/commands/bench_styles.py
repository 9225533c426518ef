"""``talkstyle bench styles``: what a style per item of a batch costs, and how large the styles that ship are."""

from __future__ import annotations

from typing import Any

import click

from sdk.cli import emit, options, progress_bar, show_table


@click.command("styles")
@click.option("--items", type=click.IntRange(2, 4096), default=64, show_default=True, help="In the batch.")
@click.option("--seconds", type=click.FloatRange(0.5), default=5.0, show_default=True, help="Of each item.")
@click.option("--rank", type=click.IntRange(1, 64), default=8, show_default=True, help="Of the low-rank styles.")
@options.generator
@options.device("Where it runs")
@options.json_debug
def styles(as_json: bool, **settings: Any) -> None:
    """Time one batch in which every item wears another style, against the same batch without styles."""
    from talkstyle_lab.bench.styles import run_styles

    with progress_bar(as_json=as_json) as on_progress:
        measured = run_styles(on_progress=on_progress, **settings)
    if as_json:
        emit(measured.as_dict())
        return
    show_table(
        ("styles in one batch", "time / without", "passes"),
        [(cost.form, f"{cost.ratio:.2f}", "one" if cost.one_pass else "one a style") for cost in measured.costs],
    )
    click.echo(f"{measured.generator}, {measured.frames} frames each; without styles {measured.base_seconds:.2f} s\n")
    show_table(
        ("style", "KiB", "rank", "gain", "kept"),
        [
            (s.name, f"{s.bytes / 1024:.0f}", str(s.rank or "full"), *map(_share, (s.gain, s.gain_kept)))
            for s in measured.shipped
        ],
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.1%}"

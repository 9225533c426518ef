"""``talkstyle bench shapes``: in what shape a renderer opens mouths, and what a blink moves."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import click

from sdk.cli import FILE, cell, emit, options, progress_bar, show_table

MOUTH_COLUMNS: Final = (("asked", ".3f"), ("meant", ".3f"), ("found", ".3f"), ("half", ".2f"), ("quarter", ".2f"))


@click.command("shapes")
@click.option("--portraits", multiple=True, type=FILE, help="A picture; may be repeated. Drawn faces by default.")
@click.option("--styles", multiple=True, default=("base",), show_default=True, help="A style to speak in; repeatable.")
@click.option("--strengths", multiple=True, type=float, default=(1.0,), show_default=True, help="Of it; repeatable.")
@click.option("--speech", type=FILE, help="What is said, at most 10 s of it; synthesised by default.")
@click.option("--clips", multiple=True, type=FILE, help='A clip that drives them too, or "cycle"; may be repeated.')
@click.option("--frames", type=click.IntRange(8), default=120, show_default=True, help="Of each clip.")
@click.option("--size", type=click.IntRange(128), default=640, show_default=True, help="Shrink pictures to so much.")
@click.option("--out", type=FILE, help="A folder for pictures of the mouths and eyes.")
@options.renderer
@options.detector
@options.device("Where to render")
@options.json_debug
def shapes(
    portraits: tuple[Path, ...], clips: tuple[Path, ...], out: Path | None, as_json: bool, **settings: Any
) -> None:
    """Let portraits speak and blink, and print in what shape their mouths open and what moves with the lids.

    "asked", "meant" and "found" are the inner lips' gaps beside the middle over that in the middle: in the motion, in
    the landmarks that the renderer aims at, and detected again. "half" and "quarter" are the opening in the pixels half
    way from the middle to the corners, and at a quarter of that way from them, over that in the middle. The brows' ways
    in a full blink are in percent of the opening of the eyes.
    """
    from talkstyle_lab.bench.shapes import run_shapes

    with progress_bar(as_json=as_json) as on_progress:
        driving = ["cycle" if str(clip) == "cycle" else clip for clip in clips]
        measured = run_shapes(portraits, clips=driving, out=out, on_progress=on_progress, **settings)
    if as_json:
        emit(asdict(measured))
        return
    ratios = ("asked", "meant", "found", "half", "quarter")
    show_table(
        ("portrait", "motion", *ratios),
        [
            (
                row.portrait,
                row.motion,
                *(cell(getattr(row, name), ".3f" if name in ratios[:3] else ".2f") for name in ratios),
            )
            for row in measured.mouths
        ],
    )
    click.echo()
    show_table(
        ("portrait", "brows detected, %", "brows in the picture, %", "left open"),
        [
            (row.portrait, f"{row.brows_found:.1f}", cell(row.brows_seen, ".1f"), f"{row.left_open:.2f}")
            for row in measured.blinks
        ],
    )
    if out is not None:
        click.echo(f"pictures: {out}")

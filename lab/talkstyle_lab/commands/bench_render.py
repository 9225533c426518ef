"""``talkstyle bench render``: portraits driven, looked at again, and compared with what was meant."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdk.cli import FILE, cell, emit, options, progress_bar, show_table

if TYPE_CHECKING:
    from talkstyle_lab.bench import RenderBench


COLUMNS = (
    ("all", "points_mean", ".2f"),
    ("p95", "points_p95", ".2f"),
    ("mouth", "mouth_mean", ".2f"),
    ("p95", "mouth_p95", ".2f"),
    ("mouth r", "mouth_r", ".3f"),
    ("slope", "mouth_slope", ".2f"),
    ("eye r", "eye_r", ".3f"),
    ("slope", "eye_slope", ".2f"),
    ("blink", "blink", ".2f"),
    ("SSIM", "ssim", ".3f"),
    ("PSNR", "psnr", ".1f"),
    ("around", "around", ".2f"),
    ("missed", "missed", "g"),
)
"""Heading, figure, and how it is printed."""


@click.command("render")
@click.option("--portraits", multiple=True, type=FILE, help="A picture; may be repeated. Drawn faces where left out.")
@click.option("--clips", multiple=True, type=FILE, help='A clip that drives them, or "cycle"; may be repeated.')
@click.option("--frames", type=click.IntRange(8), default=120, show_default=True, help="Of each motion.")
@click.option("--size", type=click.IntRange(128), default=640, show_default=True, help="Shrink pictures to so much.")
@click.option("--no-speed", is_flag=True, help="Measure no speed.")
@click.option("--only-speed", is_flag=True, help="Measure nothing else.")
@click.option("--out", type=FILE, help="A folder for contact sheets and videos.")
@options.renderer
@options.detector
@options.device("Where to render")
@options.json_debug
def render(
    portraits: tuple[Path, ...],
    clips: tuple[Path, ...],
    no_speed: bool,
    only_speed: bool,
    out: Path | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Drive portraits, detect their landmarks again, and print how far they are from where they are meant to be.

    Errors are in percent of the face's width. Blink is how far a full blink leaves the eyes open; SSIM and PSNR
    compare forehead and cheeks with the portrait's own; around is how far a ring around the head changes, in levels of
    255.
    """
    from talkstyle_lab import bench

    with progress_bar(as_json=as_json) as on_progress:
        measured = bench.run_render(
            portraits,
            clips=() if only_speed else ["cycle" if str(clip) == "cycle" else clip for clip in clips or ("cycle",)],
            speeds=() if no_speed else (512, 1024),
            out=out,
            on_progress=on_progress,
            **settings,
        )
    if as_json:
        emit(measured.as_dict())
        return
    if measured.rows:
        _show_rows(measured)
    if measured.speeds:
        show_table(
            ("size", "(render + encode) / encode", "in processor time", "frames a second", "render alone"),
            [
                (
                    f"{speed.size}x{speed.size}",
                    f"{speed.over_encoding:.2f}",
                    f"{speed.cpu_over_encoding:.2f}",
                    f"{speed.fps:.1f}",
                    f"{speed.render_ms:.1f} ms of processor time a frame",
                )
                for speed in measured.speeds
            ],
        )
    if out is not None:
        click.echo(f"contact sheets and videos: {out}")


def _show_rows(measured: RenderBench) -> None:
    def cells(figures: dict[str, float | None]) -> list[str]:
        return [cell(figures[name], form) for _, name, form in COLUMNS]

    rows = [(row.portrait, row.clip, *cells(vars(row))) for row in measured.rows]
    rows.append(("mean", "", *cells(measured.mean())))
    show_table(("portrait", "driven by", *(heading for heading, _, _ in COLUMNS)), rows)
    click.echo()

"""``talkstyle evaluate``: how well a style does on a clip that it was not learned from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdk.cli import options
from sdk.cli.options import FILE
from sdk.cli.output import cell, emit, progress_bar, show_table
from sdk.cli.wording import said
from sdk.files import check_apart

if TYPE_CHECKING:
    from sdk.evaluation import Evaluation


@click.command("evaluate")
@click.argument("pack")
@click.argument("clip", type=FILE)
@options.clip_audio
@click.option("--strength", default=1.0, show_default=True, help="Of the style.")
@click.option("--phonemes", type=FILE, help="What is said when, a phoneme for each 30th of a second, as JSON.")
@click.option("--wrong", metavar="PACK", help="Another person's style, which this one has to beat.")
@options.face
@click.option("--plot", metavar="FILE.png", type=options.plot_file, help="Draw the mouth's opening over time.")
@options.detector
@options.allow_other_base
@options.styles_generator
@options.encoder("the style's own")
@options.device()
@options.json_debug
def command(
    pack: str, clip: Path, strength: float, phonemes: Path | None, plot: Path | None, as_json: bool, **settings: Any
) -> None:
    """Measure the style PACK on CLIP, in which the same person says something else.

    All rows are measured on the last 40 % of the clip. Beside the style stand the base, the person ("real", and "real
    before" with other words), and what trivial means get that have seen the first 60 %.
    """
    if plot is not None:
        check_apart(plot, (clip, settings["audio"], phonemes))
    from sdk.evaluation import COLUMNS, evaluate
    from sdk.metrics import read_phonemes

    with progress_bar(as_json=as_json) as on_progress:
        result = evaluate(
            pack,
            clip,
            strength=strength,
            phonemes=None if phonemes is None else read_phonemes(phonemes),
            on_progress=on_progress,
            **settings,
        )
        if plot is not None:
            _draw(result, plot)
    if as_json:
        found = {**result.as_dict(), "warnings": [*map(said, result.warnings)]}
        emit({"pack": pack, "strength": strength, "plot": plot, **found})
        return
    shown = [column for column in COLUMNS if column.shown]
    rows = {name: figures.as_dict() for name, figures in result.figures.items()}
    headings = ("", *(column.heading for column in shown))
    show_table(headings, [[name, *(cell(row[column.key], ".3f") for column in shown)] for name, row in rows.items()])
    first, last = (frame / 60 for frame in result.frames)
    lips = f"the lips came {1000 * result.offset:.0f} ms after the sound"
    click.echo(f"Measured from {first:.1f} to {last:.1f} s; {lips}.")
    for column in shown:
        click.echo(f"{column.heading}: {column.meaning}.")
    if plot is not None:
        click.echo(f"The mouth's opening over time is drawn in {plot}")


def _draw(result: Evaluation, path: Path) -> None:
    from sdk import plots

    drawn = plots.figure(14, 4)
    motions = result.motions
    plots.openings(drawn.add_subplot(), real=result.real, plain=motions["base"], styled=motions["style"])
    plots.save(drawn, path)

"""``talkstyle evaluate``: how well a style does on a clip that it was not learned from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from sdk.cli import options
from sdk.cli.options import FILE
from sdk.cli.output import emit, progress_bar, show_table

if TYPE_CHECKING:
    from sdk.evaluation import Evaluation

COLUMNS: Final = {
    "opening_r": "opening r",
    "opening_null": "by chance",
    "width_r": "width r",
    "lmd": "LMD",
    "opening_ratio": "opening",
    "speed_ratio": "speed",
    "sld": "SLD",
    "sld_share": "SLD share",
    "style": "style gap",
    "dynamics": "dynamics",
    "closure": "closure",
}
"""The figures that the table shows, and their headings; ``--json`` has them all."""

LEGEND: Final = """\
r: correlation with the real mouth's opening and width, at the best lag within 100 ms; by chance: its 95th percentile.
LMD, style gap, dynamics: distances in % of the eye distance, lower is better; SLD likewise, in % of the jaw's width.
SLD share: how much of the way from the base to the person's own other words; 1 is all of it.
opening, speed: spread and speed of the mouth over the real ones, 1 is right.
closure: the mouth's opening at m, b and p over the median, lower is better; it needs --phonemes."""


@click.command("evaluate")
@click.argument("pack")
@click.argument("clip", type=FILE)
@options.clip_audio
@click.option("--strength", default=1.0, show_default=True, help="Of the style.")
@click.option("--phonemes", type=FILE, help="What is said when, a phoneme for each 30th of a second, as JSON.")
@click.option("--wrong", metavar="PACK", help="Another person's style, which this one has to beat.")
@options.face
@click.option("--plot", metavar="FILE.png", type=FILE, help="Draw the mouth's opening over time.")
@options.detector
@options.styles_generator
@options.encoder("the style's own")
@options.device()
@options.json_debug
def command(
    pack: str,
    clip: Path,
    strength: float,
    phonemes: Path | None,
    plot: Path | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Measure the style PACK on CLIP, in which the same person says something else.

    All rows are measured on the last 40 % of the clip. Beside the style stand the base, the person ("real", and "real
    before" with other words), and what trivial means get that have seen the first 60 %.
    """
    if plot is not None:
        from sdk.plots import check_path, require_extra

        require_extra("plots")
        check_path(plot)
    from sdk.evaluation import evaluate
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
        emit({"pack": pack, "strength": strength, "plot": plot, **result.as_dict()})
        return
    rows = {name: scores.as_dict() for name, scores in result.figures.items()}
    show_table(("", *COLUMNS.values()), [[name, *(_text(row[key]) for key in COLUMNS)] for name, row in rows.items()])
    first, last = (frame / 60 for frame in result.frames)
    click.echo(
        f"Measured from {first:.1f} to {last:.1f} s; the lips came {1000 * result.offset:.0f} ms after the sound."
    )
    click.echo(LEGEND)
    if plot is not None:
        click.echo(f"The mouth's opening over time is drawn in {plot}")


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _draw(result: Evaluation, path: Path) -> None:
    from sdk import plots

    drawn = plots.figure(14, 4)
    motions = result.motions
    plots.openings(drawn.add_subplot(), real=result.real, plain=motions["base"], styled=motions["style"])
    plots.save(drawn, path)

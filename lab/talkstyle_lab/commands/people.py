"""``talkstyle pretrain people``: how people's mouths move, beside the corpus's, the base's and the styles'."""

from __future__ import annotations

from math import isnan
from pathlib import Path

import click

from sdk.cli import emit, options, progress_bar, show_table

CLIP = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("clips", nargs=-1, required=True, metavar="CLIP[,AUDIO[,LABELS]]...")
@click.option(
    "--share",
    type=click.FloatRange(0, 1, min_open=True),
    default=1.0,
    show_default=True,
    help="How much of each clip is measured, from its beginning.",
)
@click.option("--corpus", type=click.Path(file_okay=False, exists=True, path_type=Path), help="Measure a corpus too.")
@click.option("--styles/--no-styles", default=True, show_default=True, help="Measure the styles that ship too.")
@options.generator
@options.json_debug
def people(
    clips: tuple[str, ...], share: float, corpus: Path | None, styles: bool, generator: str, as_json: bool
) -> None:  # fmt: skip
    """Measure the mouths of people in CLIPs, and what the base and its styles make of the same sounds.

    A clip's sound, if it is in a separate file, follows its name after a comma, and then a JSON file with the label of
    its phone at each thirtieth of a second. Where there are labels, closed lips and the phones' means are measured too,
    and the articulation that the corpus gives these labels is a row of its own.
    """
    from sdk.packs import shipped_styles
    from talkstyle_lab.pretraining.people import COLUMNS, PHONES, SPOKEN, Clip, measure_people

    wanted = []
    for text in clips:
        video, sound, labels = (*text.split(",", 2), "", "")[:3]
        picture, heard = (Path(CLIP.convert(name, None, None)) for name in (video, sound or video))
        wanted.append(Clip(picture, heard, Path(CLIP.convert(labels, None, None)) if labels else None))
    with progress_bar(as_json=as_json) as on_progress:
        tables = measure_people(
            wanted,
            share=share,
            generator=generator,
            corpus=corpus,
            styles=shipped_styles() if styles else None,
            on_progress=on_progress,
        )
    if as_json:
        emit({name: [_finite(row) for row in rows] for name, rows in tables._asdict().items()})
        return
    for columns, rows in zip((COLUMNS, SPOKEN, PHONES), tables, strict=True):
        if rows:
            show_table(columns, [[_cell(row.get(name)) for name in columns] for row in rows])
            click.echo()


def _cell(value: object) -> str:
    if not isinstance(value, float):
        return "-" if value is None else str(value)
    return "-" if isnan(value) else f"{value:.3f}"


def _finite(row: dict[str, object]) -> dict[str, object]:
    """JSON knows no NaN."""
    return {name: None if isinstance(value, float) and isnan(value) else value for name, value in row.items()}

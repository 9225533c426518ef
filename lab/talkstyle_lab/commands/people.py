"""``talkstyle pretrain people``: how people's mouths move, beside the corpus's, the base's and the styles'."""

from __future__ import annotations

from pathlib import Path

import click

from sdk.cli import emit, options, progress_bar, show_table

CLIP = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.argument("clips", nargs=-1, required=True, metavar="CLIP[,AUDIO]...")
@click.option("--corpus", type=click.Path(file_okay=False, exists=True, path_type=Path), help="Measure a corpus too.")
@click.option("--styles/--no-styles", default=True, show_default=True, help="Measure the styles that ship too.")
@options.generator
@options.json_debug
def people(clips: tuple[str, ...], corpus: Path | None, styles: bool, generator: str, as_json: bool) -> None:
    """Measure the mouths of people in CLIPs, and what the base and its styles make of the same sounds.

    A clip's sound, if it is in a separate file, follows its name after a comma.
    """
    from sdk.packs import shipped_styles
    from talkstyle_lab.pretraining.people import COLUMNS, measure_people

    pairs = []
    for text in clips:
        video, _, sound = text.partition(",")
        pairs.append((Path(CLIP.convert(video, None, None)), Path(CLIP.convert(sound or video, None, None))))
    with progress_bar(as_json=as_json) as on_progress:
        rows = measure_people(
            pairs,
            generator=generator,
            corpus=corpus,
            styles=shipped_styles() if styles else None,
            on_progress=on_progress,
        )
    if as_json:
        emit(rows)
    else:
        show_table(COLUMNS, [[row["who"], *(f"{row[name]:.3f}" for name in COLUMNS[1:])] for row in rows])

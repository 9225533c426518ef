"""``talkstyle styles build`` and ``nearest``: make the styles that ship, and check that each is itself."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from sdk.cli import FILE, emit, options, progress_bar, show_table
from sdk.files import make_folder

_NAMES = ("neutral", "lively", "calm", "mumbling", "emphatic", "rap", "ballad", "opera")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--only", "names", multiple=True, type=click.Choice(_NAMES), help="Make only this one; may be repeated.")
@click.option("--minutes", default=1.5, show_default=True, type=click.FloatRange(0.2), help="Of speech for each.")
@click.option("--steps", type=click.IntRange(1), help="Of each fit; by default, as for the styles that ship.")
@click.option("--seed", default=0, show_default=True, help="Of speech and fits.")
@click.option("--out", "folder", default="styles", show_default=True, type=FILE, help="Where to.")
@options.json_debug
def build(names: tuple[str, ...], minutes: float, steps: int | None, seed: int, folder: Path, as_json: bool) -> None:
    """Synthesise speech in each style, learn it, and write the packs with card and previews.

    It needs flite and espeak-ng.
    """
    from sdk.adapter import StyleAdapter
    from sdk.packs import check_target
    from sdk.previews import previews
    from sdk.registry import require_extra
    from talkstyle_lab.styles.build import CONFIG, fit_style

    require_extra("plots")
    make_folder(folder)
    for name in names or _NAMES:
        check_target(folder / name)
    config = CONFIG if steps is None else CONFIG.model_copy(update={"steps": steps})
    adapter = StyleAdapter(device="cpu", config=config)
    rows: list[dict[str, Any]] = []
    for name in names or _NAMES:
        with progress_bar(as_json=as_json) as on_progress:
            pack = fit_style(name, adapter=adapter, minutes=minutes, seed=seed, on_progress=on_progress)
            pictures = previews(pack, device="cpu", on_progress=on_progress)
        pack.save(folder / name, files=pictures)
        kept = pack.config.compression
        assert kept is not None  # the fit has just made it
        rows.append(
            {
                "name": name,
                "bytes": pack.config.delta.bytes,
                "rank": kept.rank,
                "gain": pack.gain,
                "gain_kept": kept.gain,
                "preview_bytes": len(pictures["preview.webp"]),
            }
        )
        if not as_json:
            click.echo(
                f"{name}: {pack.config.delta.bytes / 1024:.0f} KiB at rank {kept.rank}, which kept "
                f"{kept.gain or 0:.1%} of the gain: {pack.gain or 0:.1%}"
            )
    if as_json:
        emit({"folder": folder, "styles": rows})


@click.command()
@click.option("--minutes", default=1.5, show_default=True, type=click.FloatRange(0.2), help="As the styles were built.")
@click.option("--seed", default=0, show_default=True, help="As the styles were built.")
@click.option("--unseen", default=0.5, show_default=True, type=click.FloatRange(0.1), help="Minutes of new sentences.")
@click.option("--speech", type=_FILE, help="Also generate from this voice, in every style.")
@options.json_debug
def nearest(minutes: float, seed: int, unseen: float, speech: Path | None, as_json: bool) -> None:
    """Generate motion in every style that ships, and say whose corpus it is nearest to (needs flite, espeak-ng).

    Rows are styles, columns their corpora; each cell is the gap between the spreads of landmarks and of their
    velocities, means left out and heads upright, in % of the eye distance. What all styles have in common is taken out
    on both sides, or else the voice would decide; --json has the gaps without that as well.
    """
    from talkstyle_lab.styles.nearest import compare

    with progress_bar(as_json=as_json) as on_progress:
        tables = compare(minutes=minutes, seed=seed, unseen=unseen, speech=speech, on_progress=on_progress)
    if as_json:
        emit({"tables": [asdict(table) | {"right": table.right, "right_plain": table.right_plain} for table in tables]})
        return
    for table in tables:
        click.echo(
            f"{table.title}: {table.right} of {len(table.names)} are nearest to themselves "
            f"({table.right_plain} with nothing taken out)"
        )
        rows = [
            [name, *(f"{gap:.2f}{'*' if gap == min(gaps) else ''}" for gap in gaps)]
            for name, gaps in zip(table.names, table.gaps, strict=True)
        ]
        show_table(("", *table.names), rows)

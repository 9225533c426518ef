"""``talkstyle bench detectors``: how fast landmark detectors are, and how far two of them agree."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import click

from sdk import defaults
from sdk.cli import FILE, emit, options, progress_bar, show_table


@click.command("detectors")
@click.argument("clips", nargs=-1, metavar="[CLIP]...", type=FILE)
@click.option(
    "--detector",
    "names",
    multiple=True,
    default=(defaults.DETECTOR,),
    show_default=True,
    metavar="NAME[,OPTION=VALUE]...",
    help="Time this one; can be repeated.",
)
@click.option("--compare", nargs=2, metavar="A B", help="Instead, how far two detectors agree on each CLIP.")
@click.option("--frames", type=click.IntRange(1, 10_000), default=60, show_default=True, help="Of each CLIP.")
@options.json_debug
def detectors(
    clips: tuple[Path, ...], names: tuple[str, ...], compare: tuple[str, str] | None, frames: int, as_json: bool
) -> None:
    """Time landmark detectors on each CLIP, or on drawn faces: at their own size, and at 1080 pixels."""
    from talkstyle_lab.bench import timing
    from talkstyle_lab.bench.detectors import agreement, speeds, start

    if compare is not None:
        if not clips:
            raise click.UsageError("--compare needs a CLIP with a face.")
        with progress_bar(as_json=as_json) as on_progress:
            agreed = agreement(*compare, clips, frames=frames, on_progress=on_progress)
        if as_json:
            emit({"agreement": [asdict(each) for each in agreed], "detectors": compare})
            return
        rows = [
            (each.clip, str(each.frames), *(f"{v:.2f} %" for v in (each.picture, each.expression, each.movement)))
            for each in agreed
        ]
        show_table(("clip", "frames", "in the picture", "expression", "movement"), rows)
        click.echo("Mean distances of 68 points, in % of the outer eyes' distance.")
        return
    machine = timing.machine()
    started = [start(name) for name in names]
    measured = []
    with progress_bar(as_json=as_json) as on_progress:
        for clip in clips or (None,):
            material = "drawn faces" if clip is None else clip.name
            measured += [(material, each) for each in speeds(names, clip, frames=frames, on_progress=on_progress)]
    if as_json:
        speed = [{"clip": name, **asdict(each)} for name, each in measured]
        emit({"start": [asdict(each) for each in started], "speed": speed, "machine": machine})
        return
    starts = [(each.detector, f"{each.import_seconds:.2f} s", f"{each.first_seconds:.2f} s") for each in started]
    show_table(("detector", "import", "first picture"), starts)
    click.echo()
    show_table(
        ("detector", "clip", "size", "frames a second", "times real time", "with a face"),
        [
            (
                each.detector,
                name,
                f"{each.width}x{each.height}",
                f"{each.frames_per_second:.1f}",
                f"{each.real_time:.2f}",
                f"{each.faces:.0%}",
            )
            for name, each in measured
        ],
    )
    click.echo(", ".join(f"{key} {value}" for key, value in machine.items()))

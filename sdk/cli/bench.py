"""``talkstyle bench``: how fast a fit, the motion and the pictures are on this machine, as ratios from one run."""

from __future__ import annotations

from pathlib import Path

import click

from sdk import defaults
from sdk.cli.output import emit, options, progress_bar, show_table

__all__ = ["command"]

FILE = click.Path(path_type=Path)


@click.command("bench")
@click.argument("clip", required=False, type=FILE)
@click.option("--audio", type=FILE, help="The clip's sound, where it is apart.")
@click.option("--portrait", type=FILE, help="The picture to animate; a drawn face where left out.")
@click.option("--speech", type=FILE, help="What it says, at most 10 s of it; synthesised where left out.")
@click.option("--seconds", type=click.FloatRange(2.0), help="Draw only so much of the reference.")
@click.option("--steps", type=click.IntRange(1, 100_000), help="Steps of the fit.")
@click.option("--renderer", default=defaults.RENDERER, show_default=True, help="The renderer.")
@click.option("--detector", default=defaults.DETECTOR, show_default=True, help="The landmark detector.")
@click.option("--device", default="auto", show_default=True, help="Where the networks run: auto, cpu, cuda, mps.")
@options
def command(
    clip: Path | None,
    audio: Path | None,
    portrait: Path | None,
    speech: Path | None,
    seconds: float | None,
    steps: int | None,
    renderer: str,
    detector: str,
    device: str,
    as_json: bool,
) -> None:
    """Measure a fit on CLIP, or on a drawn face that speaks, and an animation with the style that comes of it."""
    from sdk import bench
    from sdk.adapter import FitConfig

    with progress_bar(as_json=as_json) as on_progress:
        measured = bench.run(
            clip,
            audio=audio,
            portrait=portrait,
            speech=speech,
            seconds=seconds,
            config=None if steps is None else FitConfig(steps=steps),
            detector=detector,
            renderer=renderer,
            device=device,
            on_progress=on_progress,
        )
    if as_json:
        emit(measured.as_dict())
        return
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in measured.fit_seconds.items())
    width, height = measured.size
    show_table(
        ("ratio", "value", "from"),
        [
            (
                "fit time / reference duration",
                f"{measured.fit_over_reference:.2f}",
                f"{stages}, for {measured.reference_seconds:.1f} s",
            ),
            (
                "motion generation / real time",
                f"{measured.generation_over_real_time:.3f}",
                f"{measured.sound_seconds:.1f} s of sound",
            ),
            (
                "animate fps / encoding fps",
                f"{measured.animate_over_encoding:.2f}",
                f"{measured.animate_fps:.1f} / {measured.encoding_fps:.1f} at {width}x{height}",
            ),
        ],
    )
    click.echo(", ".join(f"{key} {value}" for key, value in measured.machine.items()))

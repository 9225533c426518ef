"""``talkstyle bench``: how fast a fit, the motion and the pictures are on this machine, as ratios from one run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from sdk.cli import FILE, cell, emit, options, progress_bar, show_table
from talkstyle_lab.commands.bench_detectors import detectors
from talkstyle_lab.commands.bench_render import render


class _Benches(click.Group):
    """Measurements by name; where none is named, ``speed``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["speed", *args]
        return super().parse_args(ctx, args)


@click.group("bench", cls=_Benches)
def command() -> None:
    """Measure how fast this machine is at it, and what it takes. Without a name: speed. All take --json."""


command.add_command(detectors)
command.add_command(render)


@command.command("speed")
@click.argument("clip", required=False, type=FILE)
@options.clip_audio
@click.option("--portrait", type=FILE, help="The picture to animate; a drawn face where left out.")
@click.option("--speech", type=FILE, help="What it says, at most 10 s of it; synthesised where left out.")
@click.option("--seconds", type=click.FloatRange(2.0), help="Draw only so much of the reference.")
@click.option("--steps", type=click.IntRange(1, 100_000), help="Steps of the fit.")
@options.renderer
@options.detector
@options.device()
@options.json_debug
def speed(clip: Path | None, steps: int | None, as_json: bool, **settings: Any) -> None:
    """Measure a fit on CLIP, or on a drawn face that speaks, and an animation with the style that comes of it."""
    from sdk.adapter import FitConfig
    from talkstyle_lab import bench

    with progress_bar(as_json=as_json) as on_progress:
        config = None if steps is None else FitConfig(steps=steps)
        measured = bench.run(clip, config=config, on_progress=on_progress, **settings)
    if as_json:
        emit(asdict(measured))
        return
    stages = ", ".join(f"{stage} {seconds:.1f} s" for stage, seconds in measured.fit_seconds.items())
    width, height = measured.size
    fit, sound = f"{stages}, for {measured.reference_seconds:.1f} s", f"{measured.sound_seconds:.1f} s of sound"
    frames = f"{measured.animate_fps:.1f} / {measured.encoding_fps:.1f} at {width}x{height}"
    rows = [
        ("fit time / reference duration", f"{measured.fit_over_reference:.2f}", fit),
        ("motion generation / real time", f"{measured.generation_over_real_time:.3f}", sound),
        ("animate fps / encoding fps", f"{measured.animate_over_encoding:.2f}", frames),
    ]
    show_table(("ratio", "value", "from"), rows)
    click.echo(", ".join(f"{key} {value}" for key, value in measured.machine.items()))


@command.command("memory")
@click.option("--minutes", type=click.FloatRange(1.0, min_open=True), default=60.0, show_default=True, help="Of sound.")
@click.option("--size", type=click.IntRange(64, 4096), default=256, show_default=True, help="Of the portrait, pixels.")
@click.option("--fps", default="25", show_default=True, help="Frames a second.")
@click.option("--format", "suffix", type=click.Choice(["mp4", "webm"]), default="mp4", show_default=True)
@options.renderer
@options.device()
@options.json_debug
def memory(suffix: str, as_json: bool, **settings: Any) -> None:
    """Animate a drawn face for an hour, and watch memory and the ends of both tracks."""
    from talkstyle_lab import bench

    with progress_bar(as_json=as_json) as on_progress:
        measured = bench.run_memory(suffix=f".{suffix}", on_progress=on_progress, **settings)
    if as_json:
        emit(asdict(measured))
        return
    grown = measured.resident_at_the_end - measured.resident_after_a_minute
    rows = [
        ("resident memory after one minute", f"{measured.resident_after_a_minute:.0f} MiB"),
        ("resident memory at the end", f"{measured.resident_at_the_end:.0f} MiB ({grown:+.0f})"),
        ("resident memory at most", f"{measured.resident_at_most:.0f} MiB"),
        ("the pictures end at", f"{measured.video_end:.3f} s"),
        ("the sound ends at", f"{measured.sound_end:.3f} s"),
        ("made in", f"{measured.seconds:.0f} s, {measured.frames / measured.seconds:.1f} frames a second"),
    ]
    show_table(("figure", "value"), rows)


@command.command("styles")
@click.option("--items", type=click.IntRange(2, 4096), default=64, show_default=True, help="In the batch.")
@click.option("--seconds", type=click.FloatRange(0.5), default=5.0, show_default=True, help="Of each item.")
@click.option("--rank", type=click.IntRange(1, 64), default=8, show_default=True, help="Of the low-rank styles.")
@options.generator
@options.device("Where it runs")
@options.json_debug
def styles(as_json: bool, **settings: Any) -> None:
    """Time one batch with another style for every item, against the same batch without styles."""
    from talkstyle_lab.bench.styles import run_styles

    with progress_bar(as_json=as_json) as on_progress:
        measured = run_styles(on_progress=on_progress, **settings)
    if as_json:
        emit(asdict(measured))
        return
    rows = [(cost.form, f"{cost.ratio:.2f}", "one" if cost.one_pass else "one a style") for cost in measured.costs]
    show_table(("styles in one batch", "time / without", "passes"), rows)
    click.echo(f"{measured.generator}, {measured.frames} frames each; without styles {measured.base_seconds:.2f} s\n")
    shipped = [
        (s.name, f"{s.bytes / 1024:.0f}", str(s.rank or "full"), cell(s.gain, ".1%"), cell(s.gain_kept, ".1%"))
        for s in measured.shipped
    ]
    show_table(("style", "KiB", "rank", "gain", "kept"), shipped)

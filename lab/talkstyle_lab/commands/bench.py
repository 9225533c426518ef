"""``talkstyle bench``: how fast this machine is, what memory it takes, what a renderer shows, what detectors find."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from sdk import defaults
from sdk.cli import FILE, cell, emit, options, progress_bar, show_table
from talkstyle_lab.commands import bench_lasting, bench_live, bench_shapes

if TYPE_CHECKING:
    from talkstyle_lab.bench import RenderBench

RENDER_COLUMNS: Final = (
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


class _Benches(click.Group):
    """Measurements by name; where none is named, ``speed``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0] not in self.commands and args[0] not in ctx.help_option_names):
            args = ["speed", *args]
        return super().parse_args(ctx, args)


@click.group("bench", cls=_Benches)
def command() -> None:
    """Measure how fast this machine is at it, and what it takes. Without a name: speed. All take --json."""


@command.command("speed")
@click.argument("clip", required=False, type=FILE)
@options.clip_audio
@click.option("--portrait", type=FILE, help="The picture to animate; a drawn face by default.")
@click.option("--speech", type=FILE, help="What it says, at most 10 s of it; synthesised by default.")
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


@command.command("strengths")
@click.option("--portraits", multiple=True, type=FILE, help="A picture; may be repeated. Drawn faces by default.")
@click.option("--sounds", multiple=True, type=FILE, help="What they say; may be repeated. Synthesised by default.")
@options.json_debug
def strengths(portraits: tuple[Path, ...], sounds: tuple[Path, ...], as_json: bool) -> None:
    """Animate in each shipped style at strengths from -3 to 10, and print the worst of motion and warp."""
    from talkstyle_lab.bench.strengths import run_strengths

    with progress_bar(as_json=as_json) as on_progress:
        rows = run_strengths(portraits, sounds, on_progress=on_progress)
    if as_json:
        emit({"rows": [asdict(row) for row in rows]})
        return
    headings = ("strength", "head", "opening", "lips cross", "shown", "determinant", "frames", "warned")
    show_table(
        headings,
        [
            (
                f"{row.strength:g}",
                f"{row.angle:.1f}\N{DEGREE SIGN}",
                f"{row.opening:.2f}",
                f"{row.crossing:.3f}",
                f"{row.shown_crossing:.3f}",
                f"{row.determinant:.3f}",
                str(row.frames),
                "yes" if row.warned else "no",
            )
            for row in rows
        ],
    )


@command.command("detectors")
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


@command.command("render")
@click.option("--portraits", multiple=True, type=FILE, help="A picture; may be repeated. Drawn faces by default.")
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
        return [cell(figures[name], form) for _, name, form in RENDER_COLUMNS]

    rows = [(row.portrait, row.clip, *cells(vars(row))) for row in measured.rows]
    rows.append(("mean", "", *cells(measured.mean())))
    show_table(("portrait", "driven by", *(heading for heading, _, _ in RENDER_COLUMNS)), rows)
    click.echo()


@command.command("portraits")
@click.argument("portraits", nargs=-1, required=True, metavar="PORTRAIT...", type=FILE)
@options.detector
@options.json_debug
def portraits(portraits: tuple[Path, ...], as_json: bool, **settings: Any) -> None:
    """Turn, tilt and mirror each PORTRAIT, and show which way up it is taken and what is said."""
    from talkstyle_lab.bench.inputs import run_portraits

    with progress_bar(as_json=as_json) as on_progress:
        rows = run_portraits({path.name: path for path in portraits}, on_progress=on_progress, **settings)
    if as_json:
        emit([asdict(row) for row in rows])
        return
    table = [
        (
            row.portrait + (", mirrored" if row.mirrored else ""),
            str(row.given),
            "-" if row.turned is None else str(row.turned),
            "-" if row.score is None else f"{row.score:.2f}",
            row.said,
        )
        for row in rows
    ]
    show_table(("portrait", "given turned by", "turned by", "score", "said"), table)
    click.echo("Degrees clockwise.")


@command.command("references")
@click.argument("clip", type=FILE)
@click.argument("other", type=FILE)
@options.detector
@options.json_debug
def references(clip: Path, other: Path, as_json: bool, **settings: Any) -> None:
    """Make slow, cut and turned references of CLIP and OTHER, two people, and show what is said of each."""
    from talkstyle_lab.bench.inputs import run_references

    with progress_bar(as_json=as_json) as on_progress:
        rows = run_references(clip, other, on_progress=on_progress, **settings)
    if as_json:
        emit([asdict(row) for row in rows])
        return
    table = [
        (
            row.reference,
            f"{row.usable:.1f} / {row.seconds:.1f}",
            "-" if row.rate is None else f"{row.rate:.0f}",
            row.shots or "-",
            row.said,
        )
        for row in rows
    ]
    show_table(("reference", "usable s", "a second", "shots", "said"), table)


command.add_command(bench_lasting.leaks)
command.add_command(bench_lasting.soak)
command.add_command(bench_live.live)
command.add_command(bench_shapes.shapes)

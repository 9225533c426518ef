"""``talkstyle bench live``: a live session in real time, and for hours by a simulated clock."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from sdk.cli import FILE, emit, options, progress_bar, show_table


@click.command("live")
@click.option("--minutes", type=click.FloatRange(0.2), default=1.0, show_default=True, help="In real time.")
@click.option("--sessions", type=click.IntRange(1, 64), default=1, show_default=True, help="At once.")
@click.option("--size", type=click.IntRange(64, 4096), default=512, show_default=True, help="Of the drawn portrait.")
@click.option("--fps", type=click.FloatRange(1, 120), default=25, show_default=True, help="Frames a second.")
@click.option("--portrait", type=FILE, help="The picture to animate; a drawn face by default.")
@click.option("--simulated", type=click.FloatRange(1.1), help="So many minutes by a simulated clock instead.")
@options.generator
@options.json_debug
def live(
    minutes: float,
    sessions: int,
    size: int,
    fps: float,
    portrait: Path | None,
    simulated: float | None,
    generator: str | None,
    as_json: bool,
) -> None:
    """Speak to live sessions, in bursts and as it is spoken, and show what comes when and what it costs."""
    from talkstyle_lab.bench.live import run_live
    from talkstyle_lab.bench.live_hours import run_live_hours

    measured: Any
    with progress_bar(as_json=as_json) as on_progress:
        if simulated is not None:
            measured = run_live_hours(
                minutes=simulated, size=size, fps=fps, generator=generator, on_progress=on_progress
            )
        else:
            measured = run_live(
                minutes=minutes,
                sessions=sessions,
                size=size,
                fps=fps,
                portrait=portrait,
                generator=generator,
                on_progress=on_progress,
            )
    if as_json:
        emit(asdict(measured))
    else:
        show_table(("figure", "value"), _hours(measured) if simulated is not None else _real_time(measured))


def _hours(measured: Any) -> list[tuple[str, str]]:
    grown = measured.resident_at_the_end - measured.resident_after_a_minute
    return [
        ("simulated", f"{measured.minutes:g} minutes at {measured.size[0]}x{measured.size[1]}, {measured.fps:g} fps"),
        ("resident memory after one minute", f"{measured.resident_after_a_minute:.0f} MiB"),
        ("resident memory at the end", f"{measured.resident_at_the_end:.0f} MiB ({grown:+.0f})"),
        ("resident memory at most", f"{measured.resident_at_most:.0f} MiB"),
        ("drift", f"{measured.drift_frames} frames"),
        ("samples pushed, given out", f"{measured.samples_in}, {measured.samples_out}"),
        ("made in", f"{measured.seconds:.0f} s"),
    ]


def _real_time(measured: Any) -> list[tuple[str, str]]:
    return [
        ("sessions", f"{measured.sessions} for {measured.seconds:.0f} s at {measured.size[0]}x{measured.size[1]}"),
        ("generator", f"{measured.generator}, with its encoder {measured.lookahead:.0f} ms of look-ahead"),
        ("opening", f"{measured.opening_seconds:.1f} s"),
        ("first frame after", f"{measured.first_frame:.0f} ms"),
        ("sound to picture, 95th percentile", f"{measured.sound_to_picture_p95:.0f} ms"),
        ("of it beyond the generator's look-ahead", f"{measured.beyond_lookahead_p95:.0f} ms"),
        ("frames a second", f"{measured.fps:.2f}, and {measured.skipped} left out"),
        ("frames over 40 ms late", f"{measured.late_share:.2%}"),
        ("lateness, 95th percentile", f"{measured.lateness_p95:.0f} ms"),
        ("drift", f"{measured.drift_frames} frames"),
        ("samples pushed, given out", f"{measured.samples_in}, {measured.samples_out}"),
        ("sound ran dry", f"{measured.gaps} times"),
        ("processor time a frame", f"{measured.processor_a_frame:.1f} ms"),
        ("interruption to closed lips, 95th percentile", f"{measured.interruption_p95:.0f} ms"),
        ("fastest landmark then, and in speech", _speeds(measured)),
        ("resident memory after a minute, at the end", _memory(measured)),
    ]


def _speeds(measured: Any) -> str:
    return f"{measured.fastest_after_interruption:.2f}, {measured.fastest_in_speech:.2f} eye distances a second"


def _memory(measured: Any) -> str:
    return f"{measured.resident_after_a_minute:.0f}, {measured.resident_at_the_end:.0f} MiB"

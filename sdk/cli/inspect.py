"""``talkstyle inspect``: what a clip can teach, before anything is learned from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdk.cli import options
from sdk.cli.options import FILE
from sdk.cli.output import emit, progress_bar, show_table
from sdk.cli.wording import said
from sdk.files import check_apart

if TYPE_CHECKING:
    from sdk.inspection import Inspection


@click.command("inspect")
@click.argument("clip", type=FILE)
@options.clip_audio
@click.option(
    "--picture", metavar="OUT.png", type=options.plot_file, help="Draw the picked frames, the mouth and the sound."
)
@click.option("--each", default=3, show_default=True, type=click.IntRange(1, 100), help="Frames for each key motion.")
@options.face
@options.detector
@options.generator
@options.device()
@options.json_debug
def command(clip: Path, picture: Path | None, as_json: bool, **settings: Any) -> None:
    """Look at CLIP as a fit would: how long, how sharp, whose lips, which key motions. Nothing is learned."""
    import sdk

    if picture is not None:
        check_apart(picture, (clip, settings["audio"]))
    with progress_bar(as_json=as_json) as on_progress:
        found = sdk.inspect(clip, on_progress=on_progress, **settings)
        if picture is not None:
            found.picture(picture)
    if as_json:
        emit({"clip": clip, "picture": picture, **found.as_dict(), "warnings": [*map(said, found.warnings)]})
        return
    for line in _lines(found):
        click.echo(line)
    picks = found.picks
    rows = [(p.template, f"{p.time:.2f} s", str(p.frame), f"{p.similarity:.2f}", f"{p.quality:.2f}") for p in picks]
    show_table(("key motion", "at", "frame", "similarity", "quality"), rows)
    for warning in found.warnings:
        click.echo(f"warning: {said(warning)}", err=True)
    if picture is not None:
        click.echo(f"The picked frames, the mouth and the sound are drawn in {picture}")


def _lines(found: Inspection) -> list[str]:
    lines = [
        f"{found.usable:.1f} of {found.duration:.1f} s show the face well enough; quality {found.quality:.2f} of 1.",
        f"The face is {found.face_width:.0f} pixels wide, turned by {abs(found.yaw):.0f} degrees, "
        f"sharpness {found.sharpness:.0f}; {found.blinks:.0f} blinks a minute.",
        f"The picture changes {found.frame_rate:.0f} times a second.",
    ]
    if len(found.shots) > 1:
        shown = {"face": "the face", "other": "another person or view, left out", "nobody": "nobody"}
        shots = [f"{one.start:.2f}-{one.end:.2f} s {shown[one.shows]}" for one in found.shots]
        lines.append(f"{len(shots)} shots: {'; '.join(shots)}.")
    if found.speech is None:
        return [*lines, "There is no sound."]
    lines.append(f"Something is heard in {100 * found.speech:.0f} % of the sound.")
    if found.offset is not None:
        side = "after" if found.offset > 0 else "before"
        lines.append(
            f"The lips come {abs(1000 * found.offset):.0f} ms {side} the sound (r {found.offset_r:.2f}; by chance "
            f"{found.offset_null:.2f}); a fit corrects that."
        )
    return lines

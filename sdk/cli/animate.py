"""``talkstyle animate``: a portrait and a sound in, a video out."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdk.cli import options
from sdk.cli.options import FILE
from sdk.cli.output import emit, progress_bar
from sdk.cli.wording import said
from sdk.data import Controls

if TYPE_CHECKING:
    from sdk.media import Signer


@click.command("animate")
@click.argument("portrait", type=FILE)
@click.argument("audio", type=FILE)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(),
    help=".mp4, .webm, or a folder (or shots/frame-%05d.png) for PNG.",
)
@options.animating
def command(
    portrait: Path,
    audio: Path,
    output: str,
    background: tuple[int, int, int] | None,
    signer: Signer | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Let PORTRAIT speak AUDIO, and write a video with the sound."""
    from sdk.animation import animate

    options.check_output(output, (portrait, audio, settings["teeth"]), background=background, signer=signer)
    controls = Controls(**{field.name: settings.pop(field.name) for field in fields(Controls)})
    with progress_bar(as_json=as_json) as on_progress:
        animation = animate(portrait, audio, controls=controls, on_progress=on_progress, **settings)
        path = animation.save(output, background=background, signer=signer, on_progress=on_progress)
    if as_json:
        emit(
            {
                "path": path,
                "frames": len(animation),
                "fps": str(animation.fps),
                "seconds": float(animation.duration),
                "size": animation.size,
                "warnings": [*map(said, animation.warnings)],
            }
        )
    else:
        seconds, fps = float(animation.duration), float(animation.fps)
        click.echo(f"{path}: {seconds:.1f} s, {len(animation)} frames at {fps:g} fps")

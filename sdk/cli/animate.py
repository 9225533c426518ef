"""``talkstyle animate``: a portrait and a sound in, a video out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from sdk.cli.options import made_with, moving, saved_as, signer_of
from sdk.cli.output import emit, options, progress_bar
from sdk.data import Controls
from sdk.errors import ConfigError

if TYPE_CHECKING:
    from sdk.tracking import FaceSelector

__all__ = ["command"]


@click.command("animate")
@click.argument("portrait", type=click.Path(path_type=Path))
@click.argument("audio", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(),
    help=".mp4, .webm, or a folder (or shots/frame-%05d.png) for PNG.",
)
@moving
@made_with
@saved_as
@options
def command(
    portrait: Path,
    audio: Path,
    output: str,
    style: tuple[str, ...],
    strength: float,
    fps: str,
    seed: int,
    mouth: float,
    brows: float,
    blink: float,
    head: float,
    face: str | None,
    teeth: Path | None,
    generator: str | None,
    encoder: str | None,
    renderer: str,
    detector: str,
    device: str,
    background: tuple[int, int, int] | None,
    sign: tuple[Path, Path] | None,
    sign_test: bool,
    as_json: bool,
) -> None:
    """Let PORTRAIT speak AUDIO, and write a video with the sound."""
    from sdk.animation import animate

    signer = signer_of(sign, test=sign_test)

    with progress_bar(as_json=as_json) as on_progress:
        animation = animate(
            portrait,
            audio,
            style=_styles(style),
            strength=strength,
            fps=fps,
            controls=Controls(mouth=mouth, brows=brows, blink=blink, head=head),
            seed=seed,
            face=_face(face),
            teeth=teeth,
            generator=generator,
            encoder=encoder,
            renderer=renderer,
            detector=detector,
            device=device,
            on_progress=on_progress,
        )
        path = animation.save(output, background=background, signer=signer, on_progress=on_progress)
    if as_json:
        emit(
            {
                "path": path,
                "frames": len(animation),
                "fps": str(animation.fps),
                "seconds": float(animation.duration),
                "size": animation.size,
                "warnings": animation.warnings,
            }
        )
    else:
        click.echo(
            f"{path}: {float(animation.duration):.1f} s, {len(animation)} frames at {float(animation.fps):g} fps"
        )


def _face(text: str | None) -> FaceSelector:
    """An index, a box, or what the SDK makes of the text."""
    from sdk.batch.jobs import read_face

    return None if text is None else cast("FaceSelector", read_face(text))


def _styles(given: tuple[str, ...]) -> str | dict[str, float] | None:
    """None, one reference, or the weights of a mix; a single reference may itself hold an equals sign."""
    weights: dict[str, float] = {}
    for text in given:
        ref, _, weight = text.rpartition("=")
        try:
            weights[ref] = float(weight)
        except ValueError:
            if len(given) == 1:
                return text
            hint = "Of several styles each needs a weight, as in --style rap=0.7."
            raise ConfigError(f"{text!r} is no style with a weight", where="--style", hint=hint) from None
    return weights or None

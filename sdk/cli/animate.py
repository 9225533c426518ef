"""``talkstyle animate``: a portrait and a sound in, an mp4 out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from sdk import defaults
from sdk.cli.output import emit, options, progress_bar
from sdk.data import Controls
from sdk.errors import ConfigError

if TYPE_CHECKING:
    from sdk.reference import Face

__all__ = ["command"]

FACTOR = click.FloatRange(0.0, 2.0)


@click.command("animate")
@click.argument("portrait", type=click.Path(path_type=Path))
@click.argument("audio", type=click.Path(path_type=Path))
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path), help="The mp4 to write.")
@click.option("--style", multiple=True, help="A style; several, as REF=WEIGHT each, are mixed.")
@click.option("--strength", default=1.0, show_default=True, help="Of the style: 0 is the base, above 1 exaggerates.")
@click.option("--fps", default="25", show_default=True, help="Frames a second, such as 29.97 or 30000/1001.")
@click.option("--seed", default=0, show_default=True, help="Decides blinks and idle motion.")
@click.option("--mouth", type=FACTOR, default=1.0, show_default=True, help="How strongly lips and jaw move.")
@click.option("--brows", type=FACTOR, default=1.0, show_default=True, help="How strongly the brows move.")
@click.option(
    "--blink", type=FACTOR, default=1.0, show_default=True, help="How often the eyes blink; 0 keeps them open."
)
@click.option("--head", type=FACTOR, default=1.0, show_default=True, help="How strongly the head moves.")
@click.option("--face", help='Which of several: "largest", an index (0 is the largest), or left,top,right,bottom.')
@click.option("--generator", help="The motion generator; the style's own where left out.")
@click.option("--renderer", default=defaults.RENDERER, show_default=True, help="The renderer.")
@click.option("--detector", default=defaults.DETECTOR, show_default=True, help="The landmark detector.")
@click.option("--device", default="auto", show_default=True, help="Where the generator runs: auto, cpu, cuda, mps.")
@options
def command(
    portrait: Path,
    audio: Path,
    output: Path,
    style: tuple[str, ...],
    strength: float,
    fps: str,
    seed: int,
    mouth: float,
    brows: float,
    blink: float,
    head: float,
    face: str | None,
    generator: str | None,
    renderer: str,
    detector: str,
    device: str,
    as_json: bool,
) -> None:
    """Let PORTRAIT speak AUDIO, and write an mp4 with the sound."""
    from sdk.animation import animate

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
            generator=generator,
            renderer=renderer,
            detector=detector,
            device=device,
            on_progress=on_progress,
        )
        path = animation.save(output, on_progress=on_progress)
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


def _face(text: str | None) -> Face:
    """An index, a box, or what the SDK makes of the text."""
    if text is None or text == "largest":
        return text
    try:
        numbers = [float(number) for number in text.split(",")]
    except ValueError:
        return text
    return int(text) if text.isdecimal() else cast("Face", tuple(numbers))


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

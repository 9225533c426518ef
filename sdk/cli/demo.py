"""``talkstyle demo``: the whole path, with nothing to download."""

from __future__ import annotations

from pathlib import Path

import click

from sdk.cli import options
from sdk.cli.options import FILE
from sdk.cli.output import emit, local_ref, progress_bar
from sdk.cli.wording import said


@click.command("demo")
@click.option(
    "--out",
    "folder",
    default="talkstyle-demo",
    show_default=True,
    metavar="DIR",
    type=FILE,
    help="Where to; made if missing, and only the demonstration's own files in it are replaced.",
)
@click.option("--quick", is_flag=True, help="A shorter reference, smaller pictures and fewer steps: a poorer style.")
@options.device()
@options.json_debug
def command(folder: Path, quick: bool, device: str, as_json: bool) -> None:
    """Render a clip of a lively speaker, learn its style from the file, and let a portrait speak with it.

    Nothing is downloaded: the portrait is the astronaut that scikit-image carries (NASA, public domain), and the speech
    was synthesised by this project.
    """
    from sdk.registry import require_extra

    require_extra("demo")  # before torch, which takes seconds
    from sdk import demo

    if not as_json:
        text = "The demonstration renders its own reference clip first, from synthesised speech and motion."
        click.echo(text, err=True)
    with progress_bar(as_json=as_json) as on_progress:
        made = demo.run(folder, device=device, on_progress=on_progress, **(demo.QUICK if quick else {}))
    training = made.style.config.training
    assert training is not None
    gain = made.style.gain
    if as_json:
        plain, styled = made.animations
        names = ("folder", "reference", "pack", "plain", "styled", "comparison")
        emit(
            {
                **{name: getattr(made, name) for name in names},
                "gain": gain,
                "training": training.model_dump(mode="json"),
                "seconds": float(styled.duration),
                "frames": len(styled),
                "warnings": [*map(said, (*made.fitted.warnings, *plain.warnings))],
            }
        )
        return
    pack = local_ref(made.pack)
    click.echo(f"""\
{made.reference}    what was learned from: rendered by the demonstration itself
{made.pack}    the style pack
{made.plain}    a new sentence without the style
{made.styled}    the same sentence with it
{made.comparison}    both over time, landmarks, and the fit's loss""")
    if gain is not None:
        click.echo(f"On frames held out, the style takes {100 * gain:.0f} % of the way from the base to the reference.")
    click.echo(f"""
With files of your own:
  talkstyle adapt YOUR-CLIP.mp4 -o ./mine
  talkstyle animate PORTRAIT.png SPEECH.wav --style ./mine -o OUT.mp4
or with the style that is there now:
  talkstyle animate PORTRAIT.png SPEECH.wav --style {pack} -o OUT.mp4""")

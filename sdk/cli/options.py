"""Options that several commands share, each declared once; ``@options.face`` gives a command ``--face``.

Those whose help differs from command to command are functions: ``@options.device("Where it runs")``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import click

from sdk import defaults
from sdk.cli.wording import note
from sdk.errors import ConfigError

if TYPE_CHECKING:
    from sdk.adapter import FitConfig

F = TypeVar("F", bound=Callable[..., Any])
Option: TypeAlias = Callable[[Any], Any]

FILE = click.Path(path_type=Path)
FACTOR = click.FloatRange(0.0, 2.0)
COMPONENTS = ("generator", "encoder", "net", "renderer", "detector", "device")


def group(*options: Option) -> Callable[[F], F]:
    """Several options as one decorator."""

    def decorate(command: F) -> F:
        made: F = reduce(lambda inner, option: option(inner), reversed(options), command)
        return made

    return decorate


def plot_file(text: str) -> Path:
    """The type of an option that names a plot's file: that it can be drawn there is checked before the work."""
    from sdk.plots import check_path
    from sdk.registry import require_extra

    require_extra("plots")
    check_path(Path(text))
    return Path(text)


def _colour(text: str) -> tuple[int, ...]:
    from PIL import ImageColor

    try:
        return ImageColor.getrgb(f"rgb({text})" if text[:1].isdecimal() else text)[:3]
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a colour: write 0,128,0, #008000 or green") from None


def _face(text: str) -> str | int | tuple[float, ...]:
    from sdk.batch.jobs import read_face

    face = read_face(text)
    if (face != "largest") if isinstance(face, str) else (isinstance(face, tuple) and len(face) != 4):
        raise click.BadParameter(f"{text!r} is not a face: write largest, an index such as 0, or left,top,right,bottom")
    return face


def _style(text: str) -> tuple[str, str, float | None]:
    """The whole text of ``REF`` or ``REF=WEIGHT``, the reference, and the weight."""
    ref, _, weight = text.rpartition("=")
    try:
        return text, ref, float(weight)
    except ValueError:
        return text, text, None


def _mix(_ctx: click.Context, _param: click.Parameter, given: tuple[tuple[str, str, float | None], ...]) -> Any:
    """None, one reference, or the weights of a mix; a single reference may itself hold an equals sign."""
    if len(given) == 1 and given[0][2] is None:
        return given[0][0]
    for text, _, weight in given:
        if weight is None:
            hint = "Of several styles each needs a weight, as in --style rap=0.7."
            raise ConfigError(f"{text!r} is not a style with a weight", where="--style", hint=hint)
    if len({ref for _, ref, _ in given}) < len(given):
        raise ConfigError("a style is given twice", where="--style", hint="Give each style one weight.")
    return {ref: weight for _, ref, weight in given} or None


json_debug = group(
    click.option("--json", "as_json", is_flag=True, callback=note, help="Print one JSON document to stdout."),
    # Read from the command line by ``sdk.cli.errors``, which must know it for command lines that click refuses too.
    click.option("--debug", is_flag=True, expose_value=False, help="Log details, and show tracebacks."),
)
"""``--json``, which the command gets as ``as_json``, and ``--debug``."""

detector = click.option("--detector", default=defaults.DETECTOR, show_default=True, help="The landmark detector.")
renderer = click.option("--renderer", default=defaults.RENDERER, show_default=True, help="The renderer.")
generator = click.option("--generator", default=defaults.GENERATOR, show_default=True, help="The motion generator.")
styles_generator = click.option("--generator", help="The motion generator; the style's own by default.")
net = click.option("--net", default=defaults.NET, show_default=True, help="The style transfer net f.")
face = click.option(
    "--face",
    type=_face,
    metavar="TEXT",
    help='Which of several: "largest", an index (0 is the largest), or left,top,right,bottom.',
)
clip_audio = click.option("--audio", type=FILE, help="The clip's sound, if it is in a separate file.")
recipe = click.option(
    "--recipe", default="default", show_default=True, help="Settings by name: default, paper, without-f ..."
)


def encoder(otherwise: str) -> Option:
    """``--encoder``, and whose is taken where it is left out."""
    return click.option("--encoder", help=f"The audio encoder; {otherwise} by default.")


def device(what: str = "Where the networks run") -> Option:
    """``--device``, and what runs there."""
    return click.option("--device", default="auto", show_default=True, help=f"{what}: auto, cpu, cuda, mps.")


def steps(of: str) -> Option:
    """``--steps`` of what; see ``fit_config``."""
    return click.option("--steps", type=click.IntRange(1, 100_000), help=f"Steps of {of}; the recipe's by default.")


def fit_config(recipe: str, steps: int | None) -> FitConfig:
    """The settings that ``--recipe`` and ``--steps`` ask for; where timing is solved for, steps are those after it."""
    from sdk.adapter import FitConfig

    config = FitConfig.recipe(recipe)
    if steps is None:
        return config
    return config.model_copy(update={"steps": steps} | ({"manner_steps": steps} if config.solved else {}))


def signing(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--sign`` and ``--sign-test``, which the command gets as ``signer``: a ``Signer`` or None.

    Both together are a ``ConfigError``, as are a chain and a key that do not serve.
    """

    @click.option("--sign", type=(FILE, FILE), metavar="CHAIN.pem KEY.pem", help="Add content credentials (C2PA).")
    @click.option("--sign-test", is_flag=True, help="Add them with a certificate that nobody trusts.")
    @wraps(command)
    def signed(*, sign: tuple[Path, Path] | None, sign_test: bool, **settings: Any) -> Any:
        if sign is not None and sign_test:
            raise ConfigError("--sign and --sign-test contradict each other", where="--sign-test", hint="Choose one.")
        signer = None
        if sign is not None or sign_test:
            from sdk.media import Signer

            signer = Signer.test() if sign is None else Signer(*sign)
        return command(signer=signer, **settings)

    return signed


allow_other_base = click.option(
    "--allow-other-base", is_flag=True, help="Take a style that was made for other weights of the base."
)


def check_output(output: str | Path, inputs: Iterable[Path | None], **how: Any) -> None:
    """Check, before the work, that a video or a folder of frames can be written there and replaces no input.

    Errors as for ``sdk.media.check_output``, whose options ``how`` are.
    """
    from sdk.files import check_apart
    from sdk.media import check_output

    check_apart(output, inputs)
    check_output(output, **how)


animating = group(
    click.option(
        "--style",
        type=_style,
        metavar="TEXT",
        callback=_mix,
        multiple=True,
        help="A style; several, as REF=WEIGHT each, are mixed.",
    ),
    click.option("--strength", default=1.0, show_default=True, help="Of the style: 0 is the base."),
    click.option("--fps", default="25", show_default=True, help="Frames a second, such as 29.97 or 30000/1001."),
    click.option("--seed", default=0, show_default=True, help="Decides blinks and idle motion."),
    click.option("--mouth", type=FACTOR, default=1.0, show_default=True, help="How strongly lips and jaw move."),
    click.option("--brows", type=FACTOR, default=1.0, show_default=True, help="How strongly the brows move."),
    click.option("--blink", type=FACTOR, default=1.0, show_default=True, help="How often the eyes blink."),
    click.option("--head", type=FACTOR, default=1.0, show_default=True, help="How strongly the head moves."),
    face,
    click.option("--teeth", type=FILE, help="Another picture of the same person, showing teeth."),
    allow_other_base,
    styles_generator,
    encoder("the style's own, or the generator's,"),
    renderer,
    detector,
    device("Where it runs"),
    click.option(
        "--background", type=_colour, metavar="COLOUR", help="Behind a transparent portrait; white in an mp4."
    ),
    signing,
    json_debug,
)
"""How a face moves, with which components, and how it is saved."""


def components_of(settings: dict[str, Any]) -> dict[str, Any]:
    """Take the components, and where they run, out of a command's options."""
    return {name: settings.pop(name) for name in COMPONENTS if name in settings}

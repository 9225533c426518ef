"""The options that ``animate`` and ``animate-many`` share."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sdk import defaults
from sdk.errors import ConfigError

if TYPE_CHECKING:
    from sdk.media import Signer

__all__ = ["made_with", "moving", "saved_as", "signer_of"]

F = TypeVar("F", bound=Callable[..., Any])

FACTOR = click.FloatRange(0.0, 2.0)
FILE = click.Path(path_type=Path)


class _Colour(click.ParamType):  # type: ignore[type-arg,unused-ignore]  # newer clicks make it generic
    """``R,G,B`` or ``#rrggbb``."""

    name = "colour"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        from PIL import ImageColor

        text = f"rgb({value})" if value[:1].isdecimal() else value
        try:
            return ImageColor.getrgb(text)[:3]
        except ValueError:
            self.fail(f"{value!r} is no colour: write 0,128,0, #008000 or green", param, ctx)


def moving(command: F) -> F:
    """How the face moves: style, rate, seed, and the four controls."""
    return _all(
        command,
        click.option("--style", multiple=True, help="A style; several, as REF=WEIGHT each, are mixed."),
        click.option("--strength", default=1.0, show_default=True, help="Of the style: 0 is the base."),
        click.option("--fps", default="25", show_default=True, help="Frames a second, such as 29.97 or 30000/1001."),
        click.option("--seed", default=0, show_default=True, help="Decides blinks and idle motion."),
        click.option("--mouth", type=FACTOR, default=1.0, show_default=True, help="How strongly lips and jaw move."),
        click.option("--brows", type=FACTOR, default=1.0, show_default=True, help="How strongly the brows move."),
        click.option("--blink", type=FACTOR, default=1.0, show_default=True, help="How often the eyes blink."),
        click.option("--head", type=FACTOR, default=1.0, show_default=True, help="How strongly the head moves."),
    )


def made_with(command: F) -> F:
    """Which face, and by which components."""
    face = 'Which of several: "largest", an index (0 is the largest), or left,top,right,bottom.'
    return _all(
        command,
        click.option("--face", help=face),
        click.option("--teeth", type=FILE, help="Another picture of the same person, showing teeth."),
        click.option("--generator", help="The motion generator; the style's own where left out."),
        click.option("--encoder", help="The audio encoder; the style's own, or the generator's, where left out."),
        click.option("--renderer", default=defaults.RENDERER, show_default=True, help="The renderer."),
        click.option("--detector", default=defaults.DETECTOR, show_default=True, help="The landmark detector."),
        click.option("--device", default="auto", show_default=True, help="Where it runs: auto, cpu, cuda, mps."),
    )


def saved_as(command: F) -> F:
    """What is written."""
    return _all(
        command,
        click.option("--background", type=_Colour(), help="Behind a transparent portrait; white in an mp4."),
        click.option("--sign", type=(FILE, FILE), metavar="CHAIN.pem KEY.pem", help="Add content credentials (C2PA)."),
        click.option("--sign-test", is_flag=True, help="Add them with a certificate that nobody trusts."),
    )


def signer_of(sign: tuple[Path, Path] | None, *, test: bool) -> Signer | None:
    """The signer that the options ask for.

    Raises:
        ConfigError: Two were asked for, or chain and key do not serve.
        ComponentUnavailable: The extra is not installed.
    """
    if sign is not None and test:
        raise ConfigError("--sign and --sign-test contradict each other", where="--sign-test", hint="Choose one.")
    if sign is None and not test:
        return None
    from sdk.media import Signer

    return Signer.test() if sign is None else Signer(*sign)


def _all(command: F, *decorators: Callable[[F], F]) -> F:
    return reduce(lambda made, decorator: decorator(made), reversed(decorators), command)

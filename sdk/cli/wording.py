"""The library's messages in the words of the command line: its ``strength=2`` is ``--strength 2`` there.

Messages of the library name a parameter as Python writes it, ``audio=``, or with a value, ``face="largest"``. For the
command that runs, ``said`` puts its own option or argument in the place of each; what it does not know, such as the
options of components, which are written ``warp,chunk=8`` here too, stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any, Final

import click

running: Final[ContextVar[click.Context | None]] = ContextVar("running", default=None)
"""The command that runs or ran last, also after click has left it."""

ELSEWHERE: Final[Mapping[str, str]] = {
    "images": "--unpaired",
    "certificates": "--sign",
    "key": "--sign",
    "signer": "--sign",
    "allow_other_base": "--allow-other-base",
}
"""Parameters that the command line calls otherwise, or that another command has to take."""

_PARAMETER: Final = re.compile(
    r"""(?<![\w.,'"/=-])(?P<name>[a-z][a-z_]*)=(?!=)(?P<value>"[^"]*"|'[^']*'|<[^>]*>|\([^()]*\)|[\w+-]+(?:[./][\w+-]+)*)?"""
)
_PLACE: Final = re.compile(r"[a-z_]+=?(, [a-z_]+=?)*")


def note(ctx: click.Context, _param: click.Parameter, value: Any) -> Any:
    """The callback of an option that every command has: keeps the command, for its words."""
    running.set(ctx)
    return value


def said(text: str) -> str:
    """A message in the words of the command that runs."""
    return _PARAMETER.sub(_translated, text)


def said_place(text: str) -> str:
    """Where an error was found, in the command's words if it names parameters (``seed``) and no file."""
    if not _PLACE.fullmatch(text) or Path(text).exists():
        return text
    return ", ".join(_word(name) or name for name in text.replace("=", "").split(", "))


def spelling(param: click.Parameter) -> str:
    """What users write: the option's longest name, or what stands for the argument in the command's help."""
    if isinstance(param, click.Option):
        return max(param.opts, key=len)
    return param.make_metavar(click.Context(click.Command(None))).strip("[].")


def _word(name: str) -> str | None:
    """The command's own word for a parameter."""
    ctx = running.get()
    if ctx is None:
        return None
    own = {param.name: param for param in ctx.command.params}
    return spelling(own[name]) if name in own else ELSEWHERE.get(name)


def _translated(found: re.Match[str]) -> str:
    word, value = _word(found["name"]), found["value"]
    if word is None:
        return found[0]
    if value is None or value == "True":
        return word
    if value[0] in "\"'" and " " not in value:
        value = value[1:-1]
    elif value[0] == "(":
        value = value[1:-1].replace(" ", "")  # a box is written left,top,right,bottom
    return f"{word} {value}"

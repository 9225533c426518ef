"""The command line: thin over the SDK, each command in a file of its own, imported only when it is called.

A new command is a module ``sdk/cli/<name>.py`` with a click command called ``command``, and a line in ``COMMANDS``.
Plugins add theirs through the entry-point group ``talkstyle.commands``, and can use ``options``, ``FILE``,
``emit``, ``progress_bar``, ``show_table`` and ``cell``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

import click

from sdk._version import __version__
from sdk.cli import options
from sdk.cli.errors import report
from sdk.cli.group import PluginGroup
from sdk.cli.options import FILE
from sdk.cli.output import cell, emit, progress_bar, show_table

__all__ = ["COMMANDS", "FILE", "cell", "emit", "main", "options", "progress_bar", "show_table", "talkstyle"]

COMMANDS: Final = {
    "demo": "Go the whole way once, with nothing to download.",
    "inspect": "Look at a clip before anything is learned from it.",
    "adapt": "Learn a style: a clip, or pictures and a sound, in, a style pack out.",
    "animate": "Let a portrait speak: a picture and a sound in, a video out.",
    "animate-many": "Make many animations in one go; what fails does not stop the rest.",
    "styles": "Find, look at, check, lock and share styles.",
    "evaluate": "Measure a style on a clip that it was not learned from.",
    "plugins": "List the parts that are installed, and check them.",
    "doctor": "Try on this machine what an animation needs, and say what to do about what fails.",
}
"""The project's own commands with the line that ``--help`` shows, so that help imports none of them."""


@click.group(
    cls=PluginGroup,
    points="talkstyle.commands",
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="talkstyle")
def talkstyle() -> None:
    """Learn how a person moves when they speak, keep it as a style, and drive any portrait with it.

    Every command takes --json, which prints one JSON document and nothing else to stdout, and --debug, which shows
    the traceback of an error.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 an error, 2 a command line that cannot be read, 130 interrupted."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    sys.exit(report(words, lambda: talkstyle.main(words, prog_name="talkstyle", standalone_mode=False)))

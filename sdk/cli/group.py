"""A click group with commands that are imported when they are called: the project's own, and those of plugins."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

import click

from sdk.errors import ComponentBroken

LAB: Final = "talkstyle-lab"
LAB_HINT: Final = f"Install it: python -m pip install {LAB}; in a checkout: python -m pip install -e ./lab"
LAB_COMMANDS: Final[Mapping[str, tuple[str, ...]]] = {
    "talkstyle.commands": ("bench", "evaluate-fits", "pretrain"),
    "talkstyle.commands.styles": ("build", "nearest"),
}
"""The commands of that distribution, by group of entry points."""

logger = logging.getLogger(__name__)


class LabCommandMissing(click.UsageError):
    """A command of talkstyle-lab was asked for, which is not installed."""

    hint = LAB_HINT


class PluginGroup(click.Group):
    """Its own commands, then those of the group of entry points ``points``; own names cannot be taken over.

    Own commands in ``lazy`` are imported from ``sdk.cli.<name>`` when they are called; its values are their help.
    """

    def __init__(self, *args: Any, points: str, lazy: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._group = points
        self._lazy = lazy or {}

    def _own(self) -> dict[str, str]:
        return dict(self._lazy) | {name: command.get_short_help_str(100) for name, command in self.commands.items()}

    @cached_property
    def _points(self) -> Mapping[str, EntryPoint]:
        """The plugins' commands by name; one whose name is taken is logged and left out."""
        own = self._own()
        found: dict[str, EntryPoint] = {}
        for point in entry_points(group=self._group):
            if point.name in own or point.name in found:
                logger.warning("%s's command %r is left out: the name is taken", _distribution(point), point.name)
            else:
                found[point.name] = point
        return dict(sorted(found.items()))

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click's signature
        """The project's own first, in their order, then the plugins'."""
        return [*self._own(), *self._points]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command; a plugin's that cannot be imported is ``ComponentBroken``."""
        if cmd_name in self._lazy:
            command: click.Command = import_module(f"sdk.cli.{cmd_name.replace('-', '_')}").command
            return command
        if cmd_name in self._points:
            return _load(self._points[cmd_name])
        if cmd_name in LAB_COMMANDS.get(self._group, ()) and not ctx.resilient_parsing:
            raise LabCommandMissing(f"the command {cmd_name!r} is part of {LAB}, which is not installed", ctx)
        return super().get_command(ctx, cmd_name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, with near matches among all commands where there is none."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand:
            raise click.NoSuchCommand(args[0], possibilities=self.list_commands(ctx), ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 the same
        """List commands without importing any."""
        plugins = {name: f"From {_distribution(point)}." for name, point in self._points.items()}
        with formatter.section("Commands"):
            formatter.write_dl([*self._own().items(), *plugins.items()])


def _load(point: EntryPoint) -> click.Command:
    where, hint = _distribution(point), "Every other command still works."
    try:
        command = point.load()
    except (Exception, SystemExit) as error:
        what = f"the command {point.name!r} cannot be imported: {type(error).__name__}: {error}"
        raise ComponentBroken(what, where=where, hint=hint) from error
    if not isinstance(command, click.Command):
        what = f"the command {point.name!r} is {type(command).__name__}, not a click command"
        raise ComponentBroken(what, where=where, hint=hint)
    return command


def _distribution(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value

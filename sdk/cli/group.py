"""A click group whose commands are imported when they are called."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Mapping
from functools import cached_property
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

import click

from sdk.errors import ComponentBroken

__all__ = ["GROUP", "LazyGroup", "PluginGroup"]

GROUP: Final = "talkstyle.commands"
"""The group of entry points, each naming a click command of a plugin."""

logger = logging.getLogger(__name__)


class PluginGroup(click.Group):
    """Its own commands, then those of plugins' entry points; its own names cannot be taken over.

    Args:
        *args: For ``click.Group``.
        points: The group of entry points.
        **kwargs: For ``click.Group``.
    """

    def __init__(self, *args: Any, points: str = GROUP, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._group = points

    def own(self) -> Mapping[str, str]:
        """The commands that no plugin brings, name to the line for ``--help``."""
        return {name: command.get_short_help_str(limit=100) for name, command in self.commands.items()}

    def load_own(self, name: str) -> click.Command:
        """One of them."""
        return self.commands[name]

    @cached_property
    def _points(self) -> Mapping[str, EntryPoint]:
        """The plugins' commands by name; one whose name is taken is logged and left out."""
        found: dict[str, EntryPoint] = {}
        for point in entry_points(group=self._group):
            if point.name in self.own() or point.name in found:
                logger.warning("%s's command %r is left out: the name is taken", _distribution(point), point.name)
            else:
                found[point.name] = point
        return found

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 click's signature
        """The project's own first, in their order, then the plugins'."""
        return [*self.own(), *sorted(self._points)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 click's signature
        """Import one command.

        Raises:
            ComponentBroken: A plugin's command could not be imported; the others still work.
        """
        if cmd_name in self.own():
            return self.load_own(cmd_name)
        point = self._points.get(cmd_name)
        return None if point is None else _load(point)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, with near matches where there is none."""
        near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1) if args else []
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if not near:
                raise
            raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 the same
        """List commands without importing any."""
        rows = [*self.own().items()]
        rows += [(name, f"From {_distribution(point)}.") for name, point in sorted(self._points.items())]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class LazyGroup(PluginGroup):
    """Commands from ``sdk.cli.<name>``, imported when they are called, and plugins' commands.

    Args:
        commands_in: The project's own commands, name to the line for ``--help``.
        *args: For ``click.Group``.
        **kwargs: For ``click.Group``.
    """

    def __init__(self, *args: Any, commands_in: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._own = commands_in

    def own(self) -> Mapping[str, str]:
        """As given, so that help imports none of them."""
        return self._own

    def load_own(self, name: str) -> click.Command:
        """Import it."""
        command: click.Command = import_module(f"sdk.cli.{name.replace('-', '_')}").command
        return command


def _load(point: EntryPoint) -> click.Command:
    hint = "Every other command still works."
    try:
        command = point.load()
    except (Exception, SystemExit) as error:
        raise ComponentBroken(
            f"the command {point.name!r} cannot be imported: {type(error).__name__}: {error}",
            where=_distribution(point),
            hint=hint,
        ) from error
    if not isinstance(command, click.Command):
        what = f"the command {point.name!r} is {type(command).__name__}, not a click command"
        raise ComponentBroken(what, where=_distribution(point), hint=hint)
    return command


def _distribution(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist is not None else point.value

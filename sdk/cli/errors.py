"""Errors as users see them: what, where and what to do next; a traceback only with ``--debug``."""

from __future__ import annotations

import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import click

from sdk.cli import wording
from sdk.cli.output import emit, error_document
from sdk.cli.signals import as_interrupts
from sdk.cli.wording import said
from sdk.errors import Cancelled, SdkError


def report(words: Sequence[str], work: Callable[[], object]) -> int:
    """Run a command, show whatever it raises, and return the exit code: what ``work`` returns if that is an integer.

    ``--json`` and ``--debug`` are read from ``words``, the command line, not by click, because they must hold for
    command lines that click refuses too.
    """
    options = words[: words.index("--")] if "--" in words else words
    as_json, debug = "--json" in options, "--debug" in options
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    logging.getLogger("sdk").setLevel(logging.DEBUG if debug else logging.WARNING)
    # A style's licence and consent are shown whenever one is loaded.
    logging.getLogger("sdk.packs").setLevel(logging.INFO)
    wording.running.set(None)
    signals: list[int] = []
    try:
        with as_interrupts() as signals, warnings.catch_warnings():
            warnings.simplefilter("default", UserWarning)  # TalkstyleWarning is one
            warnings.showwarning = lambda message, *_, **__: click.echo(f"warning: {said(str(message))}", err=True)
            result = work()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough; Python would flush once more, and complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (click.Abort, KeyboardInterrupt):
        with suppress(OSError):  # the terminal may be gone
            _show({"code": "interrupted", "what": "interrupted"}, as_json=as_json)
        return 128 + (signals or [signal.SIGINT])[0]  # as shells say it
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        usage = error.ctx.get_usage() if isinstance(error, click.UsageError) and error.ctx is not None else None
        hint = getattr(error, "hint", usage)
        _show({"code": "usage", "what": error.format_message(), "hint": hint}, as_json=as_json)
        return error.exit_code
    except Exception as error:
        if signals:  # somebody made another error of the interrupt
            return 128 + signals[0]
        if debug:
            logging.getLogger(__name__).debug("where it was raised:", exc_info=error)
        if isinstance(error, (SdkError, Cancelled)):
            _show(error_document(error), as_json=as_json)
            return 1
        from sdk.cli import faults

        what = f"unexpected {type(error).__name__}: {faults.without_paths(str(error), words)}"
        document = {"code": "unexpected", "what": what, "hint": faults.hint()}
        _show(document, as_json=as_json, report=faults.describe(error))
        return 1
    return result if isinstance(result, int) else 0


def _show(error: Mapping[str, str | None], *, as_json: bool, report: dict[str, Any] | None = None) -> None:
    """Show an error's document, and what to send in if nobody foresaw it."""
    if as_json:
        document: dict[str, Any] = {"where": None, "hint": None, **error}
        emit({"error": document if report is None else document | {"report": report}})
        return
    click.secho("error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(error["what"], err=True)
    for label, key in (("where", "where"), ("next", "hint")):
        if text := error.get(key):
            click.echo(f"  {label}: {text}", err=True)
    if report is not None:
        click.echo("  report:", err=True)
        from sdk.cli import faults

        for line in faults.lines(report):
            click.echo(f"    {line}", err=True)

"""Errors as users see them: what, where and what to do next; a traceback only with ``--debug``."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from collections.abc import Callable, Sequence

import click

from sdk.cli.output import emit
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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default", UserWarning)  # TalkstyleWarning is one
            warnings.showwarning = lambda message, *_, **__: click.echo(f"warning: {message}", err=True)
            result = work()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough; Python would flush once more, and complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (click.Abort, KeyboardInterrupt):
        return _show("interrupted", "interrupted", as_json=as_json, exit_code=130)
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return error.exit_code
    except click.ClickException as error:
        usage = error.ctx.get_usage() if isinstance(error, click.UsageError) and error.ctx is not None else None
        hint = getattr(error, "hint", usage)
        return _show("usage", error.format_message(), hint=hint, as_json=as_json, exit_code=error.exit_code)
    except Exception as error:
        if debug:
            logging.getLogger(__name__).debug("where it was raised:", exc_info=error)
        if isinstance(error, (SdkError, Cancelled)):
            return _show(error.code, error.what, where=error.where, hint=error.hint, as_json=as_json)
        what = f"unexpected {type(error).__name__}: {error}"
        hint = "This is a fault of talkstyle or of a plugin. Run it again with --debug, and report what that prints."
        return _show("unexpected", what, hint=None if debug else hint, as_json=as_json)
    return result if isinstance(result, int) else 0


def _show(
    code: str, what: str, *, as_json: bool, where: str | None = None, hint: str | None = None, exit_code: int = 1
) -> int:
    if as_json:
        emit({"error": {"code": code, "what": what, "where": where, "hint": hint}})
        return exit_code
    click.secho("error: ", fg="red", bold=True, nl=False, err=True)
    click.echo(what, err=True)
    for label, text in (("where", where), ("next", hint)):
        if text:
            click.echo(f"  {label}: {text}", err=True)
    return exit_code

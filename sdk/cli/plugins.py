"""``talkstyle plugins``: what is installed, and whether it keeps its interface."""

from __future__ import annotations

import time
from typing import Any

import click

from sdk.cli import options
from sdk.cli.output import emit, error_document, show_table
from sdk.errors import SdkError
from sdk.kinds import KINDS
from sdk.registry import Provider, components, failures, import_target, load, match, parse


def listing() -> dict[str, list[dict[str, str]]]:
    """Components and failures as plain data; nothing is imported for it."""
    return {
        "components": [
            {
                "kind": p.kind,
                "name": p.name,
                "distribution": p.distribution,
                "version": p.version,
                "license": p.component.license,
                "state": p.state,
                "reason": p.reason,
            }
            for p in components()
        ],
        "failures": [
            {key: getattr(f, key) for key in ("distribution", "version", "stage", "error")} for f in failures()
        ],
    }


@click.group("plugins", invoke_without_command=True)
@options.json_debug
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """List the parts that are installed: state, licence, and why one cannot be used."""
    if ctx.invoked_subcommand is not None:
        return
    found = listing()
    if as_json:
        emit(found)
        return
    columns = ("kind", "name", "distribution", "version", "license", "state")
    show_table(columns, [[row[key] for key in columns] for row in found["components"]])
    for row in found["components"]:
        if row["reason"]:
            click.secho(f"{row['distribution']}:{row['name']} is {row['state']}: {row['reason']}", fg="yellow")
    for failure in failures():
        click.secho(str(failure), fg="yellow")


@command.command("check")
@click.argument("name", metavar="NAME[,OPTION=VALUE]...")
@click.option("--kind", type=click.Choice(KINDS), help="Check only this kind, where several kinds have the name.")
@options.json_debug
def check_command(name: str, kind: str | None, as_json: bool) -> None:
    """Import the component NAME, run the conformance kit on it, and print its import time and speed."""
    _, config = parse(name)
    results = [_trial(provider, config) for provider in match(name, kind)]
    if as_json:
        emit({"checks": results})
    else:
        for result in results:
            _show(result)
    if any(result["error"] for result in results):
        raise SystemExit(1)


def _trial(provider: Provider, config: dict[str, Any]) -> dict[str, Any]:
    """Load one component and run the kit, timing both; what goes wrong is part of the result."""
    result: dict[str, Any] = {"kind": provider.kind, "name": provider.qualified, "version": provider.version}
    result |= {"import_seconds": None, "load_seconds": None, "frames_per_second": None, "passed": [], "error": None}
    try:
        began = time.perf_counter()
        import_target(provider)
        imported = time.perf_counter()
        component = load(provider.kind, provider.qualified, **config)
        loaded = time.perf_counter()
        result |= {"import_seconds": round(imported - began, 3), "load_seconds": round(loaded - imported, 3)}
        from sdk.testing import check

        report = check(provider.kind, component)
        result |= {"passed": list(report.passed), "frames_per_second": round(report.frames_per_second, 1)}
    except SdkError as error:
        result["error"] = error_document(error)
    return result


def _show(result: dict[str, Any]) -> None:
    click.secho(f"{result['kind']} {result['name']} {result['version']}", bold=True)
    if result["import_seconds"] is not None:
        click.echo(f"  import {result['import_seconds']:.2f} s, making it {result['load_seconds']:.2f} s")
    for name in result["passed"]:
        click.echo(f"  passed  {name}")
    if result["error"] is not None:
        click.secho("  FAILED  ", fg="red", nl=False)
        click.echo(" ".join(filter(None, (result["error"]["what"], result["error"]["hint"]))))
    else:
        click.echo(f"  {result['frames_per_second']:g} frames a second")

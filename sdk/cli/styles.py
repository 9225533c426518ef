"""``talkstyle styles``: find, look at, check, lock and share styles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from sdk import packs
from sdk.cli import options
from sdk.cli.group import PluginGroup
from sdk.cli.options import FILE
from sdk.cli.output import cell, emit, error_document, progress_bar, show_table
from sdk.errors import ConfigError, SdkError
from sdk.files import check_file

LOCK_FILE = "talkstyle.lock"


@click.group("styles", cls=PluginGroup, points="talkstyle.commands.styles", invoke_without_command=True)
@options.json_debug
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Find, look at, check, lock and share styles. Without a command: list those that ship.

    A style is a folder (./mine), the name of one that ships (rap), or on the Hugging Face Hub (me/rap, me/rap@v1).
    """
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_command, as_json=as_json)


@command.command("list")
@options.json_debug
def list_command(as_json: bool) -> None:
    """List the styles that ship."""
    found = {name: packs.read_config(folder) for name, folder in packs.shipped_styles().items()}
    if as_json:
        emit({"styles": [_described(name, config) for name, config in found.items()]})
        return
    rows = [(name, cell(config.gain, ".0%"), config.license or "-", config.summary) for name, config in found.items()]
    show_table(("name", "gain", "licence", "summary"), rows)


@command.command("show")
@click.argument("ref")
@options.json_debug
def show(ref: str, as_json: bool) -> None:
    """Say what the style REF is: terms, base, how it was made, what it brings."""
    pack = packs.StylePack.load(ref)
    config = pack.config
    if as_json:
        source = None if pack.source is None else str(pack.source)
        emit({"ref": ref, "source": source, "config": config.model_dump(mode="json", exclude_none=True)})
        return
    delta, training, kept = config.delta, config.training, config.compression
    rank = f"rank {pack.delta.rank}" if pack.delta.rank else "full"
    rows = [
        ("name", config.name),
        ("summary", config.summary or "-"),
        ("licence", config.license or "not stated"),
        ("consent", " ".join((config.consent or "not stated").split())),
        ("base", f"{config.base.component} {config.base.version}, weights {config.base.weights_sha256[:12]}"),
        ("encoder", f"{config.encoder.component} {config.encoder.version}"),
        ("size", f"{delta.bytes / 1024:.0f} KiB, {rank}, {delta.dtype}"),
        ("gain", cell(config.gain, ".0%")),
    ]
    if kept is not None and kept.gain is not None:
        rows.append(("compression kept", f"{kept.gain:.1%} of the gain"))
    if training is not None:
        rows.append(("learned from", f"{training.seconds:g} s in {training.steps} steps"))
    if config.mix:
        rows.append(("mix", ", ".join(f"{part.weight:g} x {part.name}" for part in config.mix)))
    if pack.source is not None:
        rows.append(("commit", str(pack.source.revision)))
    rows.append(("sha256", delta.sha256))
    show_table(("field", "value"), rows)


@command.command("verify")
@click.argument("refs", nargs=-1, metavar="[REF]...")
@click.option("--lock", "lock_file", type=FILE, help="Check that every style of this lock file is what was locked.")
@options.json_debug
def verify(refs: tuple[str, ...], lock_file: Path | None, as_json: bool) -> None:
    """Check styles from their files up: format, sizes, sha256, numbers, and the base where it is installed."""
    if not refs and lock_file is None:
        raise ConfigError("there is nothing to verify", where="REF, --lock", hint="Name a style, or a lock file.")
    results = [_verified(ref, ref, lambda ref=ref: packs.StylePack.load(ref)) for ref in refs]
    if lock_file is not None:
        lock = packs.Lock.read(lock_file)
        results += [_verified(s.ref, s.commit or s.ref, lambda ref=s.ref: lock.load(ref)) for s in lock.styles]
    if as_json:
        emit({"styles": results})
    else:
        for result in results:
            if result["error"] is None:
                click.echo(f"{result['ref']}: sound; {result['base']}")
            else:
                click.secho(f"{result['ref']}: {result['error']['what']}", fg="red")
                click.echo(f"  next: {result['error']['hint']}" if result["error"]["hint"] else "")
    if any(result["error"] for result in results):
        raise SystemExit(1)


def _verified(ref: str, place: str, load: Any) -> dict[str, Any]:
    """What checking one style found; an error is part of it, so that the others are checked too."""
    result: dict[str, Any] = {"ref": ref, "at": place, "sha256": None, "base": None, "error": None}
    try:
        pack = load()
        pack.verify()
        result |= {"sha256": pack.config.delta.sha256, "base": _base(pack)}
    except SdkError as error:
        result["error"] = error_document(error)
    return result


def _base(pack: packs.StylePack) -> str:
    """Whether the base that the pack names is the one that is installed."""
    from sdk.compatibility import check_compatible
    from sdk.errors import PluginError
    from sdk.registry import resolve

    named = pack.config.base
    try:
        generator = resolve("motion-generator", named.component)
    except PluginError:
        return f"its base {named.component} is not installed"
    check_compatible(generator, pack=pack)
    return f"made for the installed {named.component} {named.version}"


@command.command("lock")
@click.argument("refs", nargs=-1, required=True, metavar="REF...")
@click.option("-o", "--output", type=FILE, default=LOCK_FILE, show_default=True, help="The lock file.")
@options.json_debug
def lock(refs: tuple[str, ...], output: Path, as_json: bool) -> None:
    """Write down which commit of each style an app uses, and the sha256 of its files."""
    check_file(output)
    made = packs.Lock.make(refs)
    made.write(output)
    if as_json:
        emit({"path": output, **made.model_dump(mode="json")})
        return
    rows = [(s.ref, (s.commit or "-")[:12], s.delta_sha256[:12]) for s in made.styles]
    show_table(("style", "commit", "delta"), rows)
    click.echo(f"Locked in {output}. Check it with: talkstyle styles verify --lock {output}")


@command.command("search")
@click.argument("text", default="")
@click.option("--author", help="Only of this user or organisation.")
@click.option("--base", help="Only for this motion generator.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many at most.")
@options.json_debug
def search(text: str, author: str | None, base: str | None, limit: int, as_json: bool) -> None:
    """Find styles on the Hugging Face Hub whose names hold TEXT."""
    found = packs.search(text, author=author, base=base, limit=limit)
    if as_json:
        emit({"styles": [vars(style) for style in found]})
        return
    rows = [(s.repo_id, s.license or "-", str(s.downloads), "private" if s.private else "") for s in found]
    show_table(("style", "licence", "downloads", ""), rows)
    if not found:
        click.echo("No style is called so.")


@command.command("pull")
@click.argument("ref")
@click.option("-o", "--output", metavar="FOLDER", type=FILE, help="Also write it here, as a folder.")
@options.json_debug
def pull(ref: str, output: Path | None, as_json: bool) -> None:
    """Bring the style REF from the Hugging Face Hub into the cache, checked."""
    if packs.StyleLocation.parse(ref).kind != "hub":
        raise ConfigError("this style is not on the Hub", where=ref, hint="Write org/name or org/name@revision.")
    if output is not None:
        packs.check_target(output)
    pack = packs.StylePack.load(ref)
    if output is not None:
        pack.save(output)
    assert pack.source is not None
    if as_json:
        emit({"ref": ref, "source": str(pack.source), "commit": pack.source.revision, "path": output})
        return
    click.echo(f"{pack.name} is here: {pack.source}" + (f", and in {output}" if output is not None else ""))


@command.command("push")
@click.argument("ref", metavar="PACK")
@click.argument("repo_id", metavar="ORG/NAME")
@click.option("--license", help="As an SPDX identifier; needed unless the pack has one.")
@click.option("--consent", help="Who agreed that this style is shared, and to what; needed unless the pack says.")
@click.option("--private/--public", default=None, help="Of a new repository; the account's own default if left out.")
@click.option("--revision", help="A branch that is there.")
@click.option("--create-pr", is_flag=True, help="Open a pull request instead of a commit.")
@click.option("--tag", help="Of the commit.")
@click.option("--message", help="Of the commit.")
@click.option("--preview", is_flag=True, help="Make previews first, of a drawn face; else the folder's own are taken.")
@options.json_debug
def push(
    ref: str,
    repo_id: str,
    license: str | None,  # noqa: A002 the option's name
    consent: str | None,
    preview: bool,
    as_json: bool,
    **settings: Any,
) -> None:
    """Put the style PACK on the Hugging Face Hub as ORG/NAME, in one commit; the same pack again makes none."""
    pack = packs.StylePack.load(ref)
    packs.check_push(repo_id, license=license or pack.config.license, consent=consent or pack.config.consent)
    files = _previews(pack, ref, make=preview, as_json=as_json)
    pushed = pack.push(repo_id, license=license, consent=consent, files=files, **settings)
    if as_json:
        emit({"repo": repo_id, "commit": pushed.revision, "ref": str(pushed)})
    else:
        click.echo(f"{pack.name} is on the Hub: {pushed}")


def _previews(pack: packs.StylePack, ref: str, *, make: bool, as_json: bool) -> dict[str, bytes]:
    if make:
        from sdk.previews import previews

        with progress_bar(as_json=as_json) as on_progress:
            return previews(pack, on_progress=on_progress)
    parsed = packs.StyleLocation.parse(ref)
    return {} if parsed.kind == "hub" else packs.read_previews(parsed.folder())


def _described(name: str, config: Any) -> dict[str, Any]:
    kept = config.compression
    return {
        "name": name,
        "summary": config.summary,
        "license": config.license,
        "consent": config.consent,
        "base": config.base.component,
        "bytes": config.delta.bytes,
        "rank": None if kept is None else kept.rank,
        "gain": config.gain,
        "gain_kept": None if kept is None else kept.gain,
        "sha256": config.delta.sha256,
    }

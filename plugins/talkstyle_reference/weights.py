"""The weights that ship with the package: small safetensors files, checked against a manifest."""

from __future__ import annotations

import hashlib
import json
import os
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sdk.errors import ModelFileMissing

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

__all__ = ["SHARD_BYTES", "Weights", "has_weights", "read_notes", "read_weights", "write_weights"]

SHARD_BYTES: Final = 4_500_000
"""The most that the tensors of one file take."""

Weights: TypeAlias = str | os.PathLike[str] | None
"""Where a component's weights come from: ``"shipped"``, the package; a folder; or, with None, its seed."""

_MANIFEST: Final = "manifest.json"
_HINT: Final = "Install talkstyle again: pip install --force-reinstall --no-deps talkstyle"
_HINT_FOLDER: Final = "Give the folder weights/ of one that `talkstyle pretrain train` wrote."


def read_weights(name: str, folder: str | os.PathLike[str] = "shipped") -> dict[str, NDArray[np.float32]]:
    """Read a component's tensors, as float32.

    Args:
        name: The component's name.
        folder: A folder that ``write_weights`` filled, or ``"shipped"``: the package's own.

    Raises:
        ModelFileMissing: A file is not there, or is not the one that was written.
    """
    from safetensors.numpy import load

    files = _files(name, folder).values()
    return {key: value.astype(np.float32) for data in files for key, value in load(data).items()}


def read_notes(name: str, folder: str | os.PathLike[str] = "shipped") -> dict[str, str]:
    """Read what ``write_weights`` was given to note; errors as for ``read_weights``."""
    notes: dict[str, str] = {}
    for data in _files(name, folder).values():
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])  # safetensors: its length, then JSON
        notes |= header.get("__metadata__", {})
    return notes


def has_weights(name: str, folder: Path) -> bool:
    """Whether a folder lists a component's weights."""
    path = folder / _MANIFEST
    return path.exists() and name in json.loads(path.read_text("utf-8"))


def _files(name: str, folder: str | os.PathLike[str]) -> dict[str, bytes]:
    """A component's files, each checked against the manifest."""
    ours = folder == "shipped"
    place: Path | Traversable = resources.files("talkstyle_reference") / "weights" if ours else Path(folder)
    hint = _HINT if ours else _HINT_FOLDER
    try:
        listed = json.loads((place / _MANIFEST).read_text("utf-8"))[name]
    except (OSError, ValueError, KeyError) as error:
        where = _MANIFEST if ours else str(place)
        raise ModelFileMissing(f"no weights of {name!r} are there", where=where, hint=hint) from error
    files: dict[str, bytes] = {}
    for file, digest in listed.items():
        try:
            files[file] = (place / file).read_bytes()
        except OSError as error:
            raise ModelFileMissing(f"the weights of {name!r} are not there", where=file, hint=hint) from error
        if hashlib.sha256(files[file]).hexdigest() != digest:
            raise ModelFileMissing(f"the weights of {name!r} are damaged", where=file, hint=hint)
    return files


def write_weights(
    folder: Path,
    name: str,
    tensors: dict[str, NDArray[np.float32]],
    *,
    dtype: type[np.floating[Any]] = np.float16,
    notes: dict[str, str] | None = None,
) -> None:
    """Write a component's tensors into a folder of weights, in files of at most ``SHARD_BYTES``, and list them there.

    Args:
        folder: Where ``manifest.json`` is, or will be.
        name: The component's name.
        tensors: What to write, in the order that fills the files.
        dtype: What to store them as.
        notes: What ``read_notes`` will tell, such as which encoder they belong to.
    """
    from safetensors.numpy import save

    shards: list[dict[str, NDArray[np.floating[Any]]]] = [{}]
    size = 0
    for key, value in tensors.items():
        stored = np.ascontiguousarray(value, dtype=dtype)
        if shards[-1] and size + stored.nbytes > SHARD_BYTES:
            shards.append({})
            size = 0
        shards[-1][key] = stored
        size += stored.nbytes
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / _MANIFEST
    manifest = json.loads(path.read_text("utf-8")) if path.exists() else {}
    for old in manifest.get(name, {}):
        (folder / old).unlink(missing_ok=True)
    manifest[name] = {}
    for number, shard in enumerate(shards, 1):
        file = f"{name}.safetensors" if len(shards) == 1 else f"{name}-{number}-of-{len(shards)}.safetensors"
        data = save(shard, metadata=notes)
        (folder / file).write_bytes(data)
        manifest[name][file] = hashlib.sha256(data).hexdigest()
    path.write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", "utf-8")

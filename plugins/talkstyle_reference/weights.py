"""The weights that ship with the package: small safetensors files, checked against a manifest."""

from __future__ import annotations

import hashlib
import json
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sdk.errors import ModelFileMissing

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable
    from pathlib import Path

__all__ = ["SHARD_BYTES", "Weights", "read_weights", "write_weights"]

SHARD_BYTES: Final = 4_500_000
"""The most that the tensors of one file take."""

Weights: TypeAlias = Literal["shipped"] | None
"""Where a component's weights come from: the package, or, with None, its seed."""

_MANIFEST: Final = "manifest.json"
_HINT: Final = "Install talkstyle again: pip install --force-reinstall --no-deps talkstyle"


def read_weights(name: str, folder: Path | None = None) -> dict[str, NDArray[np.float32]]:
    """Read a component's tensors, as float32.

    Args:
        name: The component's name.
        folder: A folder that ``write_weights`` filled; the package's own where it is left out.

    Raises:
        ModelFileMissing: A file is not there, or is not the one that was shipped.
    """
    from safetensors.numpy import load

    shipped: Path | Traversable = folder or resources.files("talkstyle_reference") / "weights"
    try:
        listed = json.loads((shipped / _MANIFEST).read_text("utf-8"))[name]
    except (OSError, ValueError, KeyError) as error:
        raise ModelFileMissing(f"no weights of {name!r} are installed", where=_MANIFEST, hint=_HINT) from error
    tensors: dict[str, NDArray[np.float32]] = {}
    for file, digest in listed.items():
        try:
            data = (shipped / file).read_bytes()
        except OSError as error:
            raise ModelFileMissing(f"the weights of {name!r} are not there", where=file, hint=_HINT) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise ModelFileMissing(f"the weights of {name!r} are damaged", where=file, hint=_HINT)
        tensors |= {key: value.astype(np.float32) for key, value in load(data).items()}
    return tensors


def write_weights(
    folder: Path, name: str, tensors: dict[str, NDArray[np.float32]], *, dtype: type[np.floating[Any]] = np.float16
) -> None:
    """Write a component's tensors into a folder of weights, in files of at most ``SHARD_BYTES``, and list them there.

    Args:
        folder: Where ``manifest.json`` is, or will be.
        name: The component's name.
        tensors: What to write, in the order that fills the files.
        dtype: What to store them as.
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
        data = save(shard)
        (folder / file).write_bytes(data)
        manifest[name][file] = hashlib.sha256(data).hexdigest()
    path.write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", "utf-8")

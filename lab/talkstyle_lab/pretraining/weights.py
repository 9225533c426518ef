"""Writing of weights as ``talkstyle_reference`` reads them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save

from talkstyle_reference.weights import MANIFEST

MAX_SHARD_BYTES: Final = 4_500_000  # the most that the tensors of one file take


def has_weights(name: str, folder: Path) -> bool:
    """Whether a folder lists a component's weights."""
    path = folder / MANIFEST
    return path.exists() and name in json.loads(path.read_text("utf-8"))


def write_weights(
    folder: Path,
    name: str,
    tensors: dict[str, NDArray[np.float32]],
    *,
    dtype: type[np.floating[Any]] = np.float16,
    notes: dict[str, str] | None = None,
) -> None:
    """Write a component's tensors, in order, into files of a folder of weights, and list these in its manifest.

    The folder is made if missing. ``notes`` is what ``read_notes`` returns, such as which encoder they belong to.
    """
    shards: list[dict[str, NDArray[np.floating[Any]]]] = [{}]
    size = 0
    for key, value in tensors.items():
        stored = np.ascontiguousarray(value, dtype=dtype)
        if shards[-1] and size + stored.nbytes > MAX_SHARD_BYTES:
            shards.append({})
            size = 0
        shards[-1][key] = stored
        size += stored.nbytes
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / MANIFEST
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

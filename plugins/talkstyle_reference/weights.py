"""The weights that ship with the package: small safetensors files, checked against a manifest."""

from __future__ import annotations

import hashlib
import json
import os
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sdk.errors import ModelFileMissing

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

Weights: TypeAlias = str | os.PathLike[str] | None
"""The source of a component's weights: ``"shipped"``, the package; a folder; or None, random ones."""

MANIFEST: Final = "manifest.json"
_HINT: Final = "Install talkstyle again: pip install --force-reinstall --no-deps talkstyle"
_HINT_FOLDER: Final = "Give the folder weights/ of one that `talkstyle pretrain train` wrote."


def read_weights(name: str, folder: str | os.PathLike[str] = "shipped") -> dict[str, NDArray[np.float32]]:
    """Read a component's tensors, as float32.

    Args:
        name: The component's name.
        folder: A folder that training filled, or ``"shipped"``: the package's own.

    Raises:
        ModelFileMissing: A file is not there, or is not the one that was written.
    """
    from safetensors.numpy import load

    files = _files(name, folder).values()
    return {key: value.astype(np.float32) for data in files for key, value in load(data).items()}


def read_notes(name: str, folder: str | os.PathLike[str] = "shipped") -> dict[str, str]:
    """Read what was noted when the weights were written; errors as for ``read_weights``."""
    notes: dict[str, str] = {}
    for data in _files(name, folder).values():
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])  # safetensors: its length, then JSON
        notes |= header.get("__metadata__", {})
    return notes


def _files(name: str, folder: str | os.PathLike[str]) -> dict[str, bytes]:
    """A component's files, each checked against the manifest."""
    ours = folder == "shipped"
    place: Path | Traversable = resources.files("talkstyle_reference") / "weights" if ours else Path(folder)
    hint = _HINT if ours else _HINT_FOLDER
    try:
        listed = json.loads((place / MANIFEST).read_text("utf-8"))[name]
    except (OSError, ValueError, KeyError) as error:
        where = MANIFEST if ours else str(place)
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

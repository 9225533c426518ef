"""The three files of weights: found, or downloaded, and read without running what is in them."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NamedTuple

import torch

from sdk.errors import ModelFileMissing
from sdk.models import MODELS_VARIABLE, model_file
from sdk.places import lent_home
from sdk.progress import ProgressCallback


class WeightFile(NamedTuple):
    """A published file: its ``name``, which ends in the beginning of its sha256, and its ``content``, for people."""

    name: str
    content: str

    @property
    def url(self) -> str:
        """Where the networks' author publishes it."""
        return f"https://www.adrianbulat.com/downloads/python-fan/{self.name}"

    @property
    def sha256(self) -> str:
        """The beginning of its sha256, hex."""
        return self.name.rpartition("-")[2].partition(".")[0]


S3FD: Final = WeightFile("s3fd-619a316812.pth", "the face detector")
FAN_3D: Final = WeightFile("3DFAN4-7835d9f11d.pth.tar", "the landmarks")
DEPTH: Final = WeightFile("depth-2a464da4ea.pth.tar", "their depth")
FILES: Final = (S3FD, FAN_3D, DEPTH)


def find_weights(
    folder: str | os.PathLike[str] | None = None, on_progress: ProgressCallback | None = None
) -> dict[WeightFile, Path]:
    """Find and check the three files, in ``folder`` alone where it is given.

    By default they are downloaded into torch hub's cache, where face-alignment keeps them too.

    Raises:
        ModelFileMissing: One is missing and cannot be downloaded, or is another file; lists all three.
    """
    with lent_home():
        cache = Path(torch.hub.get_dir()) / "checkpoints"
    try:
        return {
            file: model_file(
                file.name, url=file.url, sha256=file.sha256, given=folder, cache=cache, on_progress=on_progress
            )
            for file in FILES
        }
    except ModelFileMissing as error:
        needed = ", ".join(f"{file.name} ({file.content}; sha256 {file.sha256}...) from {file.url}" for file in FILES)
        raise ModelFileMissing(
            error.what,
            where=error.where,
            hint=f"Needed are three files, about 400 MB: {needed}. Put them into {cache}, or into a folder that "
            f"{MODELS_VARIABLE} names.",
        ) from error


def read_state(path: Path) -> Mapping[str, torch.Tensor]:
    """Read a network's parameters; nothing else in the file is read or run.

    The published files are checkpoints of old trainings, which hold more than parameters, so that torch's own safe mode
    refuses them.

    Raises:
        ModelFileMissing: It is no checkpoint.
    """
    try:
        found: Any = torch.load(path, map_location="cpu", pickle_module=_TENSORS_ONLY, weights_only=False)
        found = found.get("state_dict", found)
        return {key.removeprefix("module."): tensor for key, tensor in found.items() if torch.is_tensor(tensor)}
    except Exception as error:
        raise ModelFileMissing(
            f"the model file is not a checkpoint: {type(error).__name__}: {error}", where=str(path), hint="Delete it."
        ) from error


class _Inert:
    """Stands for everything in a checkpoint that is no tensor; does nothing."""

    def __init__(self, *args: object) -> None: ...
    def __setstate__(self, state: object) -> None: ...
    def __setitem__(self, key: object, value: object) -> None: ...
    def append(self, value: object) -> None: ...
    def extend(self, values: object) -> None: ...


class _Unpickler(pickle.Unpickler):
    _REBUILDS: Final = {"_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_parameter"}

    def find_class(self, module: str, name: str) -> Any:
        is_storage = module == "torch" and name.endswith("Storage") and name.isidentifier()
        is_rebuild = module == "torch._utils" and name in self._REBUILDS
        if is_storage or is_rebuild or (module, name) == ("collections", "OrderedDict"):
            return super().find_class(module, name)
        return _Inert


_TENSORS_ONLY: Final = SimpleNamespace(
    Unpickler=_Unpickler, load=lambda file, **options: _Unpickler(file, **options).load(), __name__="tensors_only"
)

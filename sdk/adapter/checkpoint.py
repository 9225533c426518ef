"""A fit on disk: enough to continue to the same bits."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from sdk.arguments import read_path
from sdk.errors import CheckpointError
from sdk.files import atomic_file

_FORMAT = "talkstyle-checkpoint-3"
_STATE = ("step", "history")
_HINT = "Remove it, or name another with checkpoint=, and the fit begins anew."


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A fit between two steps.

    Attributes:
        step: Steps done.
        tensors: Networks and optimizers, by name.
        history: The terms of the loss, one entry a step.
    """

    step: int
    tensors: Mapping[str, Tensor]
    history: list[dict[str, float]] = field(default_factory=list)


def save_checkpoint(path: str | os.PathLike[str], checkpoint: Checkpoint, *, identity: str) -> None:
    """Write a checkpoint, whole or not at all; ``identity`` is the sha256 of everything that the fit depends on."""
    # JSON writes floats so that they read back to the same bits.
    state = {"format": _FORMAT, "identity": identity} | {name: getattr(checkpoint, name) for name in _STATE}
    with atomic_file(path) as temporary:
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in checkpoint.tensors.items()}
        save_file(tensors, temporary, metadata={"fit": json.dumps(state)})


def check_checkpoint(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read a checkpoint's state without its tensors, so that what is none is known before the work.

    Raises:
        CheckpointError: There is none, or it is damaged or of another format.
    """
    file = read_path(path)
    if not file.is_file():
        raise CheckpointError("there is no checkpoint to resume from", where=file.name, hint="Leave resume= out.")
    try:
        with safe_open(file, framework="pt") as opened:
            state: dict[str, Any] = json.loads((opened.metadata() or {})["fit"])
        if state["format"] != _FORMAT:
            what = "the checkpoint has a format that this talkstyle does not read"
            raise CheckpointError(what, where=file.name, hint=_HINT)
    except CheckpointError:
        raise
    except (SafetensorError, KeyError, ValueError, TypeError, OSError) as error:
        raise CheckpointError(f"the checkpoint cannot be read: {error}", where=file.name, hint=_HINT) from error
    return state


def load_checkpoint(path: str | os.PathLike[str], *, identity: str, device: torch.device) -> Checkpoint:
    """Read a checkpoint.

    Raises:
        CheckpointError: There is none, it is damaged, or it belongs to another fit.
    """
    file = read_path(path)
    state = check_checkpoint(file)
    try:
        with safe_open(file, framework="pt", device=str(device)) as opened:
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 safe_open is no mapping
        if state["identity"] != identity:
            raise CheckpointError(
                "the checkpoint belongs to another fit: the reference, the settings, the seed or the base differ",
                where=file.name,
                hint=_HINT,
            )
        return Checkpoint(tensors=tensors, **{name: state[name] for name in _STATE})
    except CheckpointError:
        raise
    except (SafetensorError, KeyError, ValueError, TypeError, OSError) as error:
        raise CheckpointError(f"the checkpoint cannot be read: {error}", where=file.name, hint=_HINT) from error

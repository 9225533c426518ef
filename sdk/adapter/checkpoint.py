"""A fit on disk: enough to go on from, to the same bits."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from sdk.errors import CheckpointError
from sdk.files import atomic_file

_FORMAT = "talkstyle-checkpoint-1"
_HINT = "Remove it, or give another checkpoint= or resume=, and the fit begins anew."


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A fit between two steps.

    Attributes:
        step: Steps done.
        tensors: Networks, optimizers and the best parameters so far, by name.
        best_step: The step that did best on the validation part; 0 is the base.
        best_score: Its loss there.
        history: The terms of the loss, one entry a step.
    """

    step: int
    tensors: Mapping[str, Tensor]
    best_step: int = 0
    best_score: float = float("inf")
    history: list[dict[str, float]] = field(default_factory=list)


def save_checkpoint(path: str | os.PathLike[str], snapshot: Checkpoint, *, identity: str) -> None:
    """Write a snapshot, whole or not at all.

    Args:
        path: The file.
        snapshot: What to keep.
        identity: The sha256 of everything that the fit depends on.
    """
    # JSON writes floats so that they read back to the same bits.
    state = {
        "format": _FORMAT,
        "identity": identity,
        "step": snapshot.step,
        "best_step": snapshot.best_step,
        "best_score": snapshot.best_score,
        "history": snapshot.history,
    }
    with atomic_file(path) as temporary:
        tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in snapshot.tensors.items()}
        save_file(tensors, temporary, metadata={"fit": json.dumps(state)})


def load_checkpoint(path: str | os.PathLike[str], *, identity: str, device: torch.device) -> Checkpoint:
    """Read a snapshot.

    Raises:
        CheckpointError: There is none, it is damaged, or it belongs to another fit.
    """
    place = Path(path)
    if not place.is_file():
        raise CheckpointError("there is no checkpoint to resume from", where=place.name, hint="Leave resume= out.")
    try:
        with safe_open(place, framework="pt", device=str(device)) as file:
            state = json.loads((file.metadata() or {})["fit"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 safe_open is no mapping
        if state["format"] != _FORMAT:
            raise CheckpointError("the checkpoint has a format that this talkstyle does not read", where=place.name)
        if state["identity"] != identity:
            raise CheckpointError(
                "the checkpoint belongs to another fit: the reference, the settings, the seed or the base differ",
                where=place.name,
                hint=_HINT,
            )
        return Checkpoint(
            step=state["step"],
            tensors=tensors,
            best_step=state["best_step"],
            best_score=state["best_score"],
            history=state["history"],
        )
    except CheckpointError:
        raise
    except (SafetensorError, KeyError, ValueError, TypeError, OSError) as error:
        raise CheckpointError(f"the checkpoint cannot be read: {error}", where=place.name, hint=_HINT) from error

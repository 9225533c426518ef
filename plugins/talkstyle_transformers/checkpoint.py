"""A checkpoint: found, checked, loaded. No pickle is read, and no code except transformers' own is run."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from sdk.arguments import read_path
from sdk.errors import ConfigError, ModelFileMissing
from sdk.models import MODELS_VARIABLE, models_folder
from sdk.places import hub_cache

_PATTERNS: Final = ("config.json", "preprocessor_config.json", "model*.safetensors", "model.safetensors.index.json")
_UNUSED: Final = {"masked_spec_embed"}
"""Tensors that only training needs, which some checkpoints lack."""


class CheckpointConfig(BaseModel):
    """The options of both encoders.

    Attributes:
        model: A folder with ``config.json`` and ``model.safetensors``, or a repository on the Hugging Face Hub. By
            default, the folder of the component's name in the one that TALKSTYLE_MODELS names.
        revision: A branch, tag or commit of the repository.
        local_files_only: Use no network: the repository must be in the Hub client's cache.
        layer: Which layer's features, counted from 1; negative ones from the last.
        chunk: Seconds that are encoded at once: longer is better, and later.
        context: Seconds before and after them that the network hears too.
        device: Any name that torch knows.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str | None = None
    revision: str | None = None
    local_files_only: bool = False
    layer: int = -1
    chunk: float = Field(4.0, ge=0.1, le=30.0)
    context: float = Field(1.0, ge=0.0, le=10.0)
    device: str = "cpu"


@dataclass(frozen=True)
class Checkpoint:
    """Files of a checkpoint on this machine."""

    folder: Path
    sha256: str
    """Of its configuration and weights, each file's name and contents (hex)."""
    normalised: bool
    """Whether the network was trained on sounds of zero mean and unit variance."""


def find(name: str, config: CheckpointConfig) -> Checkpoint:
    """Find and check a checkpoint of the ``model_type`` ``name``: in a folder, the Hub client's cache, or the Hub."""
    folder = _folder(name, config)
    kind = _read_json(folder / "config.json").get("model_type")
    if kind != name:
        raise ConfigError(f"the checkpoint is of the kind {kind!r}, not {name!r}", where=str(folder))
    preprocessor = folder / "preprocessor_config.json"
    settings = _read_json(preprocessor) if preprocessor.exists() else {}
    if (rate := settings.get("sampling_rate", 16_000)) != 16_000:
        raise ConfigError(f"the checkpoint takes sound at {rate} Hz, not 16000 Hz", where=str(preprocessor))
    weights = sorted(folder.glob("model*.safetensors"))
    if not weights:
        hint = "Weights are read in the safetensors format only; `save_pretrained` of transformers writes it."
        raise ModelFileMissing("the checkpoint has no model.safetensors", where=str(folder), hint=hint)
    digest = hashlib.sha256()
    for path in (folder / "config.json", *weights):
        with path.open("rb") as file:
            digest.update(path.name.encode() + hashlib.file_digest(file, "sha256").digest())
    return Checkpoint(folder, digest.hexdigest(), bool(settings.get("do_normalize", True)))


def load_model(kind: type[Any], checkpoint: Checkpoint) -> Any:
    """Load a network of transformers' class ``kind``, in ``eval`` mode."""
    from transformers.utils import logging

    shows_progress = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        model, found = kind.from_pretrained(
            checkpoint.folder,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except Exception as error:  # transformers raises many kinds for damaged files
        raise ModelFileMissing(
            f"the checkpoint cannot be read: {type(error).__name__}: {error}",
            where=str(checkpoint.folder),
            hint="Fetch its files again.",
        ) from error
    finally:
        if shows_progress:
            logging.enable_progress_bar()
    lacking = sorted(set(found["missing_keys"]) - _UNUSED)
    if lacking or found["mismatched_keys"]:
        raise ModelFileMissing(
            f"the checkpoint lacks {len(lacking)} tensors of the network, such as {lacking[:1]}",
            where=str(checkpoint.folder),
            hint="Its config.json does not belong to its weights, or they were saved in part.",
        )
    return model.eval()


def _folder(name: str, config: CheckpointConfig) -> Path:
    if config.model is None:
        models = models_folder()
        if models is not None and (models / name).is_dir():
            return models / name
        raise ModelFileMissing(
            f"the encoder {name!r} was given no checkpoint",
            hint=f"Ask for '{name},model=FOLDER-OR-REPOSITORY', or put one into a folder {name!r} in the one that the "
            f"environment variable {MODELS_VARIABLE} names.",
        )
    folder = read_path(config.model)
    if folder.is_dir():
        return folder
    if folder.is_absolute() or config.model.count("/") > 1 or config.model.startswith((".", "~")):
        raise ModelFileMissing("there is no such folder", where=config.model, hint="Give a checkpoint's folder.")
    return _from_hub(config.model, config)


def _from_hub(repository: str, config: CheckpointConfig) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    command = f"hf download {repository} " + " ".join(f"--include {pattern!r}" for pattern in _PATTERNS)
    try:
        return Path(
            snapshot_download(
                repository,
                revision=config.revision,
                cache_dir=hub_cache(repository),
                allow_patterns=list(_PATTERNS),
                local_files_only=config.local_files_only,
            )
        )
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError) as error:
        raise ModelFileMissing(
            f"the checkpoint {repository!r} is not on this machine, and cannot be fetched: {error}",
            where=config.revision and f"revision {config.revision}",
            hint=f"Where there is a network, run: {command}",
        ) from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        read = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelFileMissing(
            f"the checkpoint's {path.name} is missing or damaged", where=str(path.parent), hint="Fetch its files again."
        ) from error
    if not isinstance(read, dict):
        raise ModelFileMissing(f"the checkpoint's {path.name} holds no settings", where=str(path.parent))
    return read

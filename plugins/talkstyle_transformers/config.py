"""The options of both encoders."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CheckpointConfig(BaseModel):
    """Which checkpoint, and how it is used.

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

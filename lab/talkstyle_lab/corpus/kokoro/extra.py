"""The libraries of the extra ``kokoro``, imported when they are needed."""

from __future__ import annotations

import importlib
from typing import Any

from sdk.errors import ComponentUnavailable


def require(name: str) -> Any:
    """Import onnx or onnxruntime.

    Raises:
        ComponentUnavailable: It is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        hint = "It is needed only for the corpus's neural voices: pip install 'talkstyle-lab[kokoro]'"
        raise ComponentUnavailable(f"{name} is not installed", where="Kokoro", hint=hint) from error

"""A component as people type it: a name, and options after commas."""

from __future__ import annotations

import json
from typing import Any

from sdk.errors import ConfigError


def parse(text: str) -> tuple[str, dict[str, Any]]:
    """Split ``"hubert,model=checkpoints/large,layer=9"`` into the name and its options.

    Values are JSON or else text. A value with a comma in it has to be given to ``load`` instead.

    Raises:
        ConfigError: An option has no value, or comes twice.
    """
    name, *parts = text.split(",")
    options: dict[str, Any] = {}
    for part in parts:
        key, sign, value = part.partition("=")
        if not key or not sign or key in options:
            raise ConfigError(f"{part!r} is no option of a component", where=text, hint="Write NAME,OPTION=VALUE,...")
        try:
            options[key] = json.loads(value)
        except json.JSONDecodeError:
            options[key] = value
    return name, options

"""Style packs: how a person moves, as a small, safe, described file that can be shared and mixed.

What needs torch is imported on first use, so that listing and describing packs stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sdk.packs.applying import PerItemStyles as PerItemStyles
    from sdk.packs.applying import StyleSlot as StyleSlot
    from sdk.packs.config import PackConfig as PackConfig
    from sdk.packs.config import Reference as Reference
    from sdk.packs.config import Training as Training
    from sdk.packs.delta import Delta as Delta
    from sdk.packs.fingerprint import layout_sha256 as layout_sha256
    from sdk.packs.fingerprint import weights_sha256 as weights_sha256
    from sdk.packs.lock import Lock as Lock
    from sdk.packs.mixing import mix as mix
    from sdk.packs.pack import StylePack as StylePack
    from sdk.packs.reference import StyleRef as StyleRef

_HOME = {
    "Delta": "delta",
    "Lock": "lock",
    "PackConfig": "config",
    "PerItemStyles": "applying",
    "Reference": "config",
    "StylePack": "pack",
    "StyleRef": "reference",
    "StyleSlot": "applying",
    "Training": "config",
    "layout_sha256": "fingerprint",
    "mix": "mixing",
    "weights_sha256": "fingerprint",
}

__all__ = [
    "Delta",
    "Lock",
    "PackConfig",
    "PerItemStyles",
    "Reference",
    "StylePack",
    "StyleRef",
    "StyleSlot",
    "Training",
    "layout_sha256",
    "mix",
    "weights_sha256",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)

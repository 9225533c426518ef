"""The one hook that a plugin implements."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import pluggy

from sdk.registry.component import Component

PROJECT: Final = "talkstyle"
"""The hook marker."""

GROUP: Final = "talkstyle.plugins"
"""The group of entry points, each naming a module that implements the hook."""

hookimpl: Final = pluggy.HookimplMarker(PROJECT)
"""Marks a plugin's ``talkstyle_components``."""

_hookspec = pluggy.HookspecMarker(PROJECT)


class HookSpec:
    """The hook's signature."""

    @_hookspec
    def talkstyle_components(self) -> Iterable[Component]:  # type: ignore[empty-body]
        """Describe the plugin's components; must import nothing heavy, for every listing calls it."""

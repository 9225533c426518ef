"""The portrait renderer that needs no learned weights: it warps the picture itself."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from sdk.registry import Component

hookimpl = pluggy.HookimplMarker("talkstyle")


@hookimpl
def talkstyle_components() -> Iterable[Component]:
    """List the renderer, without importing it."""
    return [
        Component(
            kind="renderer",
            name="warp",
            target="talkstyle_warp.renderer:WarpRenderer",
            summary="Moves any portrait by a 2.5D warp with seams at the mouth and the eyes; no weights, no GPU needed",
            license="Apache-2.0",
        )
    ]

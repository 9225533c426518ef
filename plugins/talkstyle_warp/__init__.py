"""The portrait renderer without learned weights: it warps the picture. Importing this module imports no torch."""

from __future__ import annotations

from collections.abc import Iterable

from sdk.registry import Component, hookimpl


@hookimpl
def talkstyle_components() -> Iterable[Component]:
    """List the renderer."""
    return [
        Component(
            kind="renderer",
            name="warp",
            target="talkstyle_warp.renderer:WarpRenderer",
            summary="Moves any portrait by a 2.5D warp with seams at the mouth and the eyes; no weights, no GPU needed",
            license="Apache-2.0",
        )
    ]

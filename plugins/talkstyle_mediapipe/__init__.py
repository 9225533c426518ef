"""MediaPipe's face landmarks as a talkstyle plugin. Importing this module imports no MediaPipe."""

from __future__ import annotations

from collections.abc import Iterable

from sdk.registry import Component, hookimpl


@hookimpl
def talkstyle_components() -> Iterable[Component]:
    """List the landmark detector."""
    return [
        Component(
            kind="landmark-detector",
            name="mediapipe",
            target="talkstyle_mediapipe.detector:MediaPipeDetector",
            summary="478-point face mesh with depth, on the CPU, reduced to the 68 points of iBUG.",
            requires=("mediapipe>=0.10.14",),
            license="Apache-2.0",
        )
    ]

"""The face-alignment network's landmarks as a talkstyle plugin. Importing this module imports no torch."""

from __future__ import annotations

from collections.abc import Iterable

from sdk.registry import Component, hookimpl


@hookimpl
def talkstyle_components() -> Iterable[Component]:
    """List the landmark detector."""
    return [
        Component(
            kind="landmark-detector",
            name="face-alignment",
            target="talkstyle_face_alignment.detector:FaceAlignmentDetector",
            summary="68 points with depth by FAN, on faces found by S3FD; batched, best on a GPU.",
            requires=("face-alignment>=1.5",),
            license="BSD-3-Clause; weights without a stated licence, trained on data for research only",
        )
    ]

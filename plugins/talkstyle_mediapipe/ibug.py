"""From MediaPipe's 478-point face mesh to the 68 points of iBUG."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

# Mesh indices in iBUG's order. Where the mesh has no vertex at iBUG's place, the mean of the two beside it is taken.
_JAW: Final = (
    127, 234, 93, (132, 58), (58, 172), 136, 150, 176, 152, 400, 379, 365, (397, 288), (361, 288), 323, 454, 356,
)  # fmt: skip
_BROWS: Final = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)
_NOSE: Final = ((168, 6), (197, 195), 5, 4, 75, 97, 2, 326, 305)
_EYES: Final = (33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380)
_OUTER_LIPS: Final = (61, 39, 37, 0, 267, 269, 291, 321, 314, 17, 84, 91)
_INNER_LIPS: Final = (78, 82, 13, 312, 308, 317, 14, 87)

_PAIRS: Final = np.array(
    [(i, i) if isinstance(i, int) else i for i in (*_JAW, *_BROWS, *_NOSE, *_EYES, *_OUTER_LIPS, *_INNER_LIPS)]
)


def ibug_points(mesh: NDArray[np.float64]) -> NDArray[np.float64]:
    """Reduce mesh points ``[478, 3]`` to iBUG's 68, float64 ``[68, 3]``, in the same unit."""
    return np.asarray(mesh[_PAIRS].mean(axis=1))

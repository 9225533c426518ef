"""Blinks, and movements of the head."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import Motion
from sdk.geometry import canonical_face, eye_opening

SHUT_SHARE: Final = 0.7
"""The share of the usual eye opening under which an eye counts as shutting. Detectors seldom see one close fully."""

CONTEXT_SECONDS: Final = 1.0
"""Seconds either way that define the usual opening, by their upper half: eyes also narrow in a smile."""

MAX_BLINK_SECONDS: Final = 0.5
"""Eyes that stay shut for longer do not blink."""


def blinks(motion: Motion, *, neutral: NDArray[np.float32] | None = None) -> NDArray[np.intp]:
    """The frames at which blinks begin.

    Args:
        motion: At 60 Hz or slower.
        neutral: The face that moves, ``[68, 3]``; the canonical one by default.
    """
    face = canonical_face() if neutral is None else neutral
    opening = eye_opening(face + motion.expression)
    reach = max(1, round(CONTEXT_SECONDS * float(motion.rate)))
    padded = np.pad(opening, reach, mode="edge")
    usual = np.percentile(np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1), 75, axis=1)
    shut = np.concatenate([[False], opening < SHUT_SHARE * usual, [False]])
    begin, end = np.flatnonzero(~shut[:-1] & shut[1:]), np.flatnonzero(shut[:-1] & ~shut[1:])
    return begin[(end - begin) <= MAX_BLINK_SECONDS * float(motion.rate)]


def head_spread(motion: Motion) -> float:
    """The spread of the head's turning: the root of its three rotations' summed variances, in degrees."""
    return float(np.degrees(np.sqrt(motion.pose[:, :3].astype(np.float64).var(0).sum())))

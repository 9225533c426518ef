"""Sound with the motion that belongs to it, and its speed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import FloatArray
from sdk.geometry import POINTS
from talkstyle_reference.mel import SAMPLE_RATE

RATE: Final = 60
"""Frames of motion per second."""
WIDTH: Final = POINTS * 3 + 6
"""Numbers in a frame: expression, then pose."""


@dataclass(frozen=True, eq=False)
class Take:
    """Sound with the motion that belongs to it."""

    samples: FloatArray  # float32 [N] at 16 kHz
    motion: FloatArray  # float32 [T, 210], expression and pose, at 60 Hz
    closed: NDArray[np.bool_]  # bool [T], frames at which the lips must be closed


def respeed(take: Take, factor: float) -> Take:
    """Play a take ``factor`` times as fast: pitch and formants rise with the speed."""
    count = int(len(take.samples) / factor)
    samples = np.interp(np.arange(count) * factor, np.arange(len(take.samples)), take.samples).astype(np.float32)
    at = np.minimum(np.arange(-(-count * RATE // SAMPLE_RATE)) * factor, len(take.motion) - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, len(take.motion) - 1)
    share = (at - low)[:, None].astype(np.float32)
    motion = take.motion[low] * (1 - share) + take.motion[high] * share
    return Take(samples, motion, take.closed[low])

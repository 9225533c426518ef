"""Which frames of a reference are hidden from a fit that is measured on them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.adapter.config import FitConfig
from sdk.adapter.fit_data import FitData

SHORT_SECONDS: Final = 30.0
"""References with less to learn from are measured by several fits: the windows of one would tell too little."""

_WINDOWS: Final = 2  # that each fit leaves out, far apart
_MIN_FRAMES: Final = 5  # to hold out


def folds(data: FitData, config: FitConfig) -> list[NDArray[np.bool_]]:
    """The frames that each fit of a report leaves out, bool ``[T]``; none where too little could be.

    The windows are spread evenly over the reference, and no two fits share any.
    """
    frames = len(data.valid)
    several = data.paired and data.seconds < SHORT_SECONDS
    count = max(1, min(config.folds, int(1 / config.held_out))) if several and config.held_out else 1
    length = round(frames * config.held_out / _WINDOWS)
    if frames * config.held_out < 1 or frames < _MIN_FRAMES:
        return []
    stride = frames / (count * _WINDOWS)
    masks = []
    for fold in range(count):
        mask = np.zeros(frames, dtype=bool)
        for window in range(_WINDOWS):
            middle = (fold + count * window + 0.5) * stride
            start = min(max(round(middle - length / 2), 0), frames - max(length, 1))
            mask[start : start + max(length, 1)] = True
        masks.append(mask)
    return masks

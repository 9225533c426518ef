"""Another throat for a voice, and another colour, on log-mel bands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from talkstyle_reference.mel import BANDS, SILENCE


def recolour(bands: NDArray[np.float64], centres: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Give log-mel bands ``[T, 80]`` another vocal tract and colour; ``centres`` are the bands' Hz."""
    factor = rng.uniform(0.88, 1.14)
    place = np.interp(centres * factor, centres, np.arange(BANDS))
    low = np.floor(place).astype(int)
    high = np.minimum(low + 1, BANDS - 1)
    warped = bands[:, low] * (1 - (place - low)) + bands[:, high] * (place - low)
    knots = np.linspace(0, BANDS - 1, 6)
    curve = np.interp(np.arange(BANDS), knots, rng.normal(0, 0.8, len(knots)))
    return np.asarray(np.maximum(warped + curve, SILENCE))

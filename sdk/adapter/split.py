"""Which frames a fit trains on, chooses its step by, and is measured on."""

from __future__ import annotations

from dataclasses import dataclass

from sdk.adapter.config import FitConfig
from sdk.data import MOTION_RATE

MIN_VALIDATION_FRAMES = 60 * MOTION_RATE
"""References with fewer frames have no validation part: a share of them says little, and is better trained on."""

MIN_TEST_FRAMES = 5
"""References with fewer frames have no test part."""


@dataclass(frozen=True)
class Split:
    """A reference cut by time, or unordered frames by their position.

    Attributes:
        train: What is learned from.
        validation: What the best step is chosen on; None where there is too little.
        test: What the gain is measured on; None where there is too little.
    """

    train: slice
    validation: slice | None
    test: slice | None


def split(frames: int, config: FitConfig) -> Split:
    """Cut ``frames`` frames into train, validation and test, in this order."""
    if frames < MIN_TEST_FRAMES:
        return Split(slice(0, frames), None, None)
    test = max(1, round(frames * config.held_out))
    validation = round(frames * config.validation_share) if frames >= MIN_VALIDATION_FRAMES else 0
    end = frames - test - validation
    return Split(slice(0, end), slice(end, end + validation) if validation else None, slice(end + validation, frames))

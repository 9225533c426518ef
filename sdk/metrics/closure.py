"""Whether the lips meet where speech needs them to: at m, b and p."""

from __future__ import annotations

import json
import os
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sdk.arguments import read_path
from sdk.data import Motion
from sdk.errors import InputError, MediaNotFound
from sdk.geometry import canonical_face, mouth_opening

CLOSED: Final = frozenset({"M", "B", "P"})
"""ARPAbet names of what is said with closed lips."""

LABEL_RATE: Final = Fraction(30)
"""Labels a second."""

INDEX: Final = "phoneme_index.json"
MAX_BYTES: Final = 16 << 20
"""Larger files are not read."""


def read_phonemes(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Read phoneme labels: what is said at each frame of 30 a second, on the sound's clock.

    The file is a JSON list of ARPAbet names, or of numbers whose names lie in ``phoneme_index.json`` beside it, a JSON
    object from name to number.

    Raises:
        MediaNotFound: There is no such file, or no index beside a file of numbers.
        InputError: It holds something else.
    """
    file = read_path(path)
    labels = _json(file)
    if not isinstance(labels, list) or not labels:
        raise InputError("phoneme labels are a JSON list, one a frame", where=str(file))
    if all(isinstance(label, str) for label in labels):
        return tuple(label.upper() for label in labels)
    index = _json(file.with_name(INDEX))
    if not isinstance(index, dict):
        raise InputError("the index is a JSON object from name to number", where=str(file.with_name(INDEX)))
    names = {number: name.upper() for name, number in index.items() if isinstance(number, int)}
    unknown = next((label for label in labels if type(label) is not int or label not in names), None)
    if unknown is not None:
        raise InputError(f"the label {unknown!r} has no name in {INDEX}", where=str(file))
    return tuple(names[label] for label in labels)


def _json(file: Path) -> Any:
    try:
        if file.stat().st_size <= MAX_BYTES:
            return json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MediaNotFound("there is no such file of phoneme labels", where=str(file)) from error
    except (OSError, ValueError, RecursionError, TypeError) as error:
        raise InputError(f"phoneme labels cannot be read: {error}", where=str(file)) from error
    raise InputError("this is too large for phoneme labels", where=str(file))


def closure(
    motion: Motion,
    labels: tuple[str, ...],
    *,
    start: int = 0,
    valid: NDArray[np.bool_] | None = None,
    within: float = 0.0,
) -> float | None:
    """The mean opening of the mouth at m, b and p over the median opening of all frames; small is right.

    A label belongs to a video frame, and is compared with the motion at that frame's own time.

    Args:
        motion: At 60 Hz.
        labels: Of the sound, from its beginning, 30 a second.
        start: The frame (60 Hz) of the sound that ``motion`` begins at.
        valid: Which frames count; all by default.
        within: Seconds that the lips may be early or late: the smallest ratio of those lags is taken. With none, lips
            that close late do not close.

    Returns:
        The ratio; None where no such sound is labelled there.
    """
    opening = mouth_opening(canonical_face() + motion.expression)
    counted = np.ones(len(opening), dtype=bool) if valid is None else valid
    per_label = int(motion.rate / LABEL_RATE)
    frames = np.array([number * per_label - start for number, name in enumerate(labels) if name in CLOSED], int)
    reach = round(within * float(motion.rate))
    ratios = []
    for lag in range(-reach, reach + 1):
        at = frames + lag
        at = at[(at >= 0) & (at < len(opening))]
        at = at[counted[at]]
        if len(at):
            ratios.append(float(opening[at].mean() / max(float(np.median(opening[counted])), 1e-6)))
    return min(ratios, default=None)

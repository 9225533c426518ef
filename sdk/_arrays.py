"""Types of arrays, and the check of an array that comes from a caller."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sdk.errors import InputError, NotFiniteError

FloatArray: TypeAlias = NDArray[np.float32]
"""A float32 array."""

Floats: TypeAlias = NDArray[np.floating[Any]]
"""An array of floats of any width."""

Image: TypeAlias = NDArray[np.uint8]
"""An sRGB picture, uint8 ``[H, W, 3]``."""

Box: TypeAlias = tuple[float, float, float, float]
"""``(left, top, right, bottom)`` in pixels."""


def float_array(value: Any, shape: tuple[int | None, ...], name: str) -> FloatArray:
    """Take an array as read-only float32, checking its shape (``None`` is any length) and that it is finite."""
    array = np.array(value, dtype=np.float32)
    fits = array.ndim == len(shape) and all(n in (None, m) for n, m in zip(shape, array.shape, strict=True))
    if not fits:
        wanted = "[" + ", ".join("N" if n is None else str(n) for n in shape) + "]"
        raise InputError(f"{name} has shape {list(array.shape)}, not {wanted}", where=name)
    bad = ~np.isfinite(array)
    if bad.any():
        index = tuple(int(i) for i in np.argwhere(bad)[0])
        raise NotFiniteError(
            f"{name} holds {array[index]} at index {index}",
            where=name,
            hint=f"{int(bad.sum())} of {array.size} values are not finite; mend or drop them first.",
        )
    array.flags.writeable = False
    return array

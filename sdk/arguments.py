"""What callers give, read at the entrances: numbers, switches, texts, paths, arrays; a typed error for the rest."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from numbers import Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sdk.errors import ConfigError, InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "as_array",
    "instance",
    "is_array",
    "number",
    "read_path",
    "shown",
    "switch",
    "whole",
]

SHOWN_CHARACTERS = 80
"""Of a value in an error's message: arrays and files' bytes are long."""


def number(
    value: Any, name: str, *, low: float = -math.inf, high: float = math.inf, error: type[InputError] = ConfigError
) -> float:
    """Take a finite number, also one of NumPy's or PyTorch's; text is none, and neither is True.

    Raises:
        ConfigError: It is no number from ``low`` to ``high`` (another class with ``error``).
    """
    found = _scalar(value)
    if not isinstance(found, Real | Decimal) or isinstance(found, bool) or not _fits(found, low, high):
        bounds = "" if math.isinf(low) else f" from {low:g}" + ("" if math.isinf(high) else f" to {high:g}")
        hint = f"Give a number{bounds}" + (", without quotes." if isinstance(value, str | bytes) else ".")
        raise error(f"{name}={shown(value)} is not a number{bounds}", where=name, hint=hint)
    return float(found)


def whole(
    value: Any, name: str, *, low: int = 0, high: int | None = None, error: type[InputError] = ConfigError
) -> int:
    """Take a whole number, also one of NumPy's or PyTorch's, or a float such as 16000.0.

    Raises:
        ConfigError: It is none from ``low`` to ``high`` (another class with ``error``).
    """
    found = _scalar(value)
    bounds = f" from {low}" + ("" if high is None else f" to {high}")
    is_whole = isinstance(found, Real | Decimal) and not isinstance(found, bool) and _fits(found, low, high or math.inf)
    if not is_whole or found != int(found):
        raise error(
            f"{name}={shown(value)} is not a whole number{bounds}", where=name, hint=f"Give a whole number{bounds}."
        )
    return int(found)


def switch(value: Any, name: str) -> bool:
    """Take True or False; ``ConfigError`` for anything else, such as the text "no", which would count as true."""
    if not isinstance(_scalar(value), bool):
        raise ConfigError(f"{name}={shown(value)} is not a switch", where=name, hint="Give True or False.")
    return bool(value)


def instance(value: Any, kind: type, name: str, hint: str) -> Any:
    """Take an object of a class; ``ConfigError`` with the hint for anything else."""
    if not isinstance(value, kind):
        raise ConfigError(f"{name}={shown(value)} is not what is taken here", where=name, hint=hint)
    return value


def read_path(value: Any, name: str = "path", *, error: type[InputError] = ConfigError) -> Path:
    """Take a path as text or ``os.PathLike``, with ``~`` replaced; as it is for a user without a home.

    Raises:
        ConfigError: It is neither, or names no file (another class with ``error``).
    """
    try:
        if isinstance(value, bytes):
            raise TypeError("bytes")
        path = Path(os.fsdecode(value))
    except (TypeError, ValueError) as problem:
        raise error(
            f"{shown(value)} is not a path", where=name, hint="Give a path as text or as a pathlib.Path."
        ) from problem
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def is_array(value: Any) -> bool:
    """Whether this is an array of NumPy's, a tensor, or another library's that NumPy can take."""
    return not isinstance(value, type) and (hasattr(value, "__array__") or hasattr(value, "__dlpack__"))


def as_array(value: Any, name: str) -> NDArray[Any]:
    """Take numbers as an array: of NumPy's, a list, or a tensor on any device, with a gradient or in bfloat16.

    Raises:
        InputError: These are no real numbers, or no array can be made of them.
    """
    import numpy as np  # only here: listing components needs the rest of this module, and has to be quick

    try:
        if callable(getattr(value, "detach", None)):  # a tensor; torch need not be imported to know it
            value = value.detach().cpu()
            value = value.float() if "bfloat16" in str(value.dtype) else value
        array = np.asarray(value)
    except Exception as error:  # whatever another library's array raises
        what = f"no array can be made of {type(value).__name__}: {type(error).__name__}: {error}"
        raise InputError(what, where=name, hint="Give a NumPy array of numbers.") from error
    if array.dtype.kind not in "fiub":
        hint = "Give a NumPy array of numbers."
        raise InputError(f"{name} holds {array.dtype}, which is no real number", where=name, hint=hint)
    return array


def shown(value: Any) -> str:
    """A value as an error shows it, in short."""
    if is_array(value) and _dimensions(value):
        return f"{type(value).__name__} {list(getattr(value, 'shape', ()))}"
    try:
        text = repr(value)
    except Exception:  # somebody else's
        text = type(value).__name__
    return text if len(text) <= SHOWN_CHARACTERS else f"{text[: SHOWN_CHARACTERS - 3]}..."


def _dimensions(value: Any) -> int:
    return getattr(value, "ndim", 1)


def _scalar(value: Any) -> Any:
    """A number of Python's for one of NumPy's or an array without dimensions; anything else as it is."""
    if isinstance(value, int | float | Fraction | Decimal | str | bytes | Mapping):
        return value
    if is_array(value) and _dimensions(value) == 0:
        try:
            return value.item()
        except Exception:  # a tensor without data
            return value
    return value


def _fits(value: Any, low: float, high: float) -> bool:
    try:
        return math.isfinite(value) and low <= value <= high and math.isfinite(float(value))
    except (OverflowError, ValueError, TypeError, ArithmeticError):
        return False

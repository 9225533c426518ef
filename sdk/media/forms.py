"""The forms that other libraries give sound and pictures in, brought into one.

Sound: ``(array, rate)`` and, as Gradio gives it, ``(rate, array)``; tensors as torchaudio gives them; the dictionaries
of datasets, transformers and ComfyUI; torchcodec's decoders. Pictures: arrays and tensors, in bytes or from 0 to 1,
channels last or first.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow

from sdk.arguments import as_array, is_array, whole
from sdk.errors import InputError, NotFiniteError

MAX_CHANNELS: Final = 32
MAX_RATE: Final = 1_000_000
"""Samples a second, at most."""

MAX_LEVEL: Final = 16.0
"""Floats beyond it are no sound in [-1, 1] that is too loud, but whole numbers that were only cast."""

SOUND_KEYS: Final = ("array", "raw", "audio", "waveform", "samples")
RATE_KEYS: Final = ("sampling_rate", "sample_rate", "rate")

SOUND_FORMS: Final = (
    'Give a file, (array, rate), (rate, array) or {"array": ..., "sampling_rate": ...}: floats in [-1, 1], '
    "int16, int32 or uint8, of shape [N], [N, channels] or [channels, N]."
)
PICTURE_FORMS: Final = "Give uint8 or floats from 0 to 1, of shape [H, W], [H, W, 3 or 4] or [3 or 4, H, W]."


def sound_array(source: Any) -> tuple[NDArray[Any], int] | None:
    """Samples ``[N, C]`` and their rate, of any form that holds an array; None where it is none of these.

    Raises:
        InputError: It is one, and cannot be used.
    """
    if callable(getattr(source, "get_all_samples", None)):  # torchcodec's decoder
        source = source.get_all_samples()
    if hasattr(source, "sample_rate") and is_array(getattr(source, "data", None)):  # what that decodes to
        source = (source.data, source.sample_rate)
    if isinstance(source, Mapping):
        samples = next((source[key] for key in SOUND_KEYS if source.get(key) is not None), None)
        rate = next((source[key] for key in RATE_KEYS if source.get(key) is not None), None)
        if samples is None or isinstance(samples, Mapping):
            return None
        source = (samples, rate)
    elif is_array(source):
        raise InputError("the array's sample rate is missing", where="array", hint=SOUND_FORMS)
    if not isinstance(source, tuple | list) or len(source) != 2:
        return None
    many = [_is_many(part) for part in source]
    if not any(many):
        return None
    if all(many):
        raise InputError("of an array and its rate, both are arrays", where="array", hint=SOUND_FORMS)
    samples, rate = source if many[0] else reversed(source)
    return _channels_last(as_array(samples, "array")), whole(rate, "rate", low=1, high=MAX_RATE, error=InputError)


def _is_many(value: Any) -> bool:
    return isinstance(value, list | tuple) or (is_array(value) and getattr(value, "ndim", 1) > 0)


def _channels_last(samples: NDArray[Any]) -> NDArray[Any]:
    if samples.ndim == 3 and samples.shape[0] == 1:  # a batch of one
        samples = samples[0]
    if samples.ndim == 1:
        samples = samples[:, None]
    elif samples.ndim == 2 and (samples.shape[0] == 1 or samples.shape[0] <= MAX_CHANNELS < samples.shape[1]):
        samples = samples.T
    if samples.ndim != 2 or samples.shape[1] > MAX_CHANNELS or samples.shape[1] == 0:
        raise InputError(
            f"samples have shape [N], [N, channels] or [channels, N], not {list(samples.shape)}",
            where="array",
            hint=SOUND_FORMS,
        )
    kind, size = samples.dtype.kind, samples.dtype.itemsize
    if kind == "b" or (kind in "iu" and size > 4):
        what = f"samples of {samples.dtype} do not say what full scale is"
        raise InputError(what, where="array", hint="Cast them to int16 if they are 16 bit. " + SOUND_FORMS)
    if kind == "u" or (kind == "i" and size < 4):
        return samples
    peak = float(max(samples.max(initial=0), -float(samples.min(initial=0))))
    if kind == "f" and MAX_LEVEL < peak < np.inf:
        what = f"samples of {samples.dtype} are in [-1, 1], and these reach {peak:g}"
        raise InputError(what, where="array", hint="Divide them by full scale: 32768 for 16 bit.")
    if kind == "i" and 0 < peak <= 1 << 15:
        what = f"samples of {samples.dtype} reach 2147483647, and these stay within {peak:.0f}"
        raise InputError(what, where="array", hint="Cast them to int16: they seem to be 16 bit.")
    return samples


def picture_array(value: Any) -> NDArray[np.uint8]:
    """A picture as uint8 ``[H, W]``, ``[H, W, 3]`` or ``[H, W, 4]``, of an array or a tensor.

    Raises:
        InputError: Shape, dtype or values are not a picture's.
        NotFiniteError: It holds NaN or infinity.
    """
    array = as_array(value, "array")
    shape = list(array.shape)
    if array.ndim == 3 and array.shape[2] not in (1, 3, 4) and array.shape[0] in (1, 3, 4):
        array = array.transpose(1, 2, 0)
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if not (array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))) or 0 in array.shape:
        hint = "Give one picture of the batch. " if len(shape) == 4 else ""
        what = f"a picture has shape [H, W, 3 or 4] or [H, W], not {shape}"
        raise InputError(what, where="array", hint=hint + PICTURE_FORMS)
    if array.dtype.kind == "f":
        return _from_floats(array)
    if array.dtype == np.uint16:
        return np.asarray(array >> 8, dtype=np.uint8)
    if array.dtype != np.uint8:
        what = f"a picture is uint8 with values from 0 to 255, not {array.dtype}"
        raise InputError(what, where="array", hint=f"Cast it to uint8. {PICTURE_FORMS}")
    return np.asarray(array)


def picture_list(images: Any) -> list[Any] | None:
    """Pictures one by one: of a list or other iterable, a batch ``[N, ...]``, or a single one; None for a file."""
    if isinstance(images, Pillow.Image):
        return [images]
    if is_array(images):
        return list(images) if getattr(images, "ndim", 0) == 4 else [images]
    is_file = isinstance(images, str | os.PathLike | bytes | bytearray | memoryview | Mapping) or hasattr(
        images, "read"
    )
    is_pair = isinstance(images, tuple) and len(images) == 2 and images[1] is None
    return None if is_file or is_pair or not isinstance(images, Iterable) else list(images)


def _from_floats(array: NDArray[Any]) -> NDArray[np.uint8]:
    bad = ~np.isfinite(array)
    if bad.any():
        index = tuple(int(i) for i in np.argwhere(bad)[0])
        raise NotFiniteError(f"the picture holds {array[index]} at {index}", where="array")
    low, high = float(array.min()), float(array.max())
    if low < 0 or high > 1:
        what = f"a picture of floats has values from 0 to 1, and these go from {low:g} to {high:g}"
        hint = "Values from 0 to 255: round them and cast them to uint8; from -1 to 1: add 1 and halve them."
        raise InputError(what, where="array", hint=hint)
    return np.asarray((255 * array.astype(np.float32)).round(), dtype=np.uint8)

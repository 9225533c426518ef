"""A pack's files: reading them as hostile until every check has passed, and writing them to the same bytes each time.

The order of the checks is part of the format: the config, then the tensors' header alone, then the base's layout, then
the sha256, then the tensors, then whether they are finite. Nothing is read before its size is known to be bounded, and
each file is opened once, so that what was checked is what is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from sdk.errors import NotFiniteError, PackInvalid, StyleNotFound
from sdk.packs.config import (
    CONFIG,
    CONFIG_MAX_BYTES,
    DELTA,
    DELTA_MAX_BYTES,
    MAX_PARAMETERS,
    DeltaInfo,
    Dtype,
    PackConfig,
)
from sdk.packs.delta import Delta, Form, check_fits, forms, kind_of

__all__ = ["encode_delta", "read_config", "read_delta", "read_file", "read_header"]

HEADER_MAX_BYTES: Final = 1024 * 1024
MAX_TENSORS: Final = 4096
_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,100}(\.[A-Za-z0-9_]{1,100}){1,20}")
_WIDTH: Final = {"F32": 4, "F16": 2, "BF16": 2}
_DTYPES: Final[Mapping[str, torch.dtype]] = {
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
}
_TAGS: Final = {"float32": "F32", "float16": "F16", "bfloat16": "BF16"}
_AGAIN: Final = "Get the pack again from where it came, or use another."


def encode_delta(delta: Delta) -> tuple[bytes, DeltaInfo]:
    """The bytes of ``delta.safetensors``, and what the config says of them. The same tensors give the same bytes."""
    # No metadata: safetensors writes several keys in random order, and none is needed.
    data = safetensors.torch.save(dict(delta.tensors))
    info = DeltaInfo(
        kind=delta.kind,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        parameters=delta.parameters,
        dtype=cast("Dtype", str(delta.dtype).removeprefix("torch.")),
    )
    return data, info


def read_config(folder: Path, *, root: Path | None = None) -> PackConfig:
    """Read and check ``config.json``.

    Args:
        folder: The pack.
        root: Where links may lead to; the folder itself where nothing is said.

    Raises:
        StyleNotFound: There is no such file.
        PackInvalid: It is no pack's config.
        PackIncompatible: A newer version.
    """
    return PackConfig.parse(read_file(folder / CONFIG, root=root, limit=CONFIG_MAX_BYTES), where=str(folder / CONFIG))


def read_file(path: Path, *, root: Path | None = None, limit: int) -> bytes:
    """Read a whole file of a pack: a regular one, of bounded size.

    Args:
        path: The file.
        root: Where links may lead to; its folder where nothing is said.
        limit: Bytes that it may have.

    Raises:
        StyleNotFound: It is not there.
        PackInvalid: It is no regular file, leads out of the root, is too large, or cannot be read.
    """
    with _open(path, root=root or path.parent, limit=limit) as (file, size):
        return file.read(size)


def read_delta(
    folder: Path, info: DeltaInfo, *, root: Path | None = None, layout: Mapping[str, tuple[int, ...]] | None = None
) -> Delta:
    """Read and check ``delta.safetensors``.

    Args:
        folder: The pack.
        info: What the config says of the file.
        root: Where links may lead to; the folder itself where nothing is said.
        layout: The base's parameters and their shapes, where they are known.

    Raises:
        PackInvalid: The file is missing, damaged, not what the config says, or hostile.
        PackIncompatible: It does not fit the layout.
    """
    path = folder / DELTA
    where = str(path)
    try:
        opened = _open(path, root=root or folder, limit=DELTA_MAX_BYTES)
        with opened as (file, size):
            if size != info.bytes:
                raise _invalid(f"has {size} bytes, and its config says {info.bytes}", where)
            head, found = read_header(file, size, info, where=where)
            if layout is not None:
                check_fits(found, layout)
            data = head + file.read(size - len(head))
    except StyleNotFound as error:
        raise PackInvalid("the pack has no delta.safetensors", where=where, hint=_AGAIN) from error
    if len(data) != size or hashlib.sha256(data).hexdigest() != info.sha256:
        raise _invalid("was changed or damaged: its sha256 is not the one in the config", where)
    try:
        return Delta(_tensors(data, where))
    except NotFiniteError as error:
        raise _invalid(f"holds NaN or infinity in {error.where}", where) from error


def read_header(file: BinaryIO, size: int, info: DeltaInfo, *, where: str) -> tuple[bytes, dict[str, Form]]:
    """Check a safetensors header without touching the data behind it.

    Args:
        file: At its beginning.
        size: The file's, in bytes.
        info: What the config says.
        where: For errors.

    Returns:
        The bytes read (length and header), and how each parameter's delta is stored.

    Raises:
        PackInvalid: A header that is too large, no JSON, or whose names, shapes, dtypes or offsets break the format.
    """
    prefix = file.read(8)
    length = int.from_bytes(prefix, "little")
    if len(prefix) < 8 or length > min(HEADER_MAX_BYTES, size - 8):
        raise _invalid(f"has a header of {length} bytes, over what it can hold", where)
    raw = file.read(length)
    try:
        entries = json.loads(raw.decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise _invalid(f"has a header that is no sound JSON: {str(error)[:100]}", where) from error
    if not raw.startswith(b"{") or not isinstance(entries, dict):
        raise _invalid("has a header that is no JSON object", where)
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or len(metadata) > 1 or not all(isinstance(v, str) for v in metadata.values()):
        raise _invalid("has more than one metadata key", where)
    if not 1 <= len(entries) <= MAX_TENSORS:
        raise _invalid(f"has {len(entries)} tensors, not 1 to {MAX_TENSORS}", where)
    shapes: dict[str, tuple[int, ...]] = {}
    spans: list[tuple[int, int, str]] = []
    for name, entry in entries.items():
        if not _NAME.fullmatch(name):
            raise _invalid(f"names a tensor {name[:40]!r}, which no parameter can be called", where)
        shapes[name], span = _entry(name, entry, _TAGS[info.dtype], where)
        spans.append((*span, name))
    end = 0
    for begin, after, name in sorted(spans):
        if begin != end:
            raise _invalid(f"leaves a gap or overlaps before {name}", where)
        end = after
    if end != size - 8 - length:
        raise _invalid(f"has {size - 8 - length} bytes of tensors, and its header says {end}", where)
    try:
        found = forms(shapes)
    except PackInvalid as error:
        raise _invalid(f"is not a delta: {error.what}", where) from error
    parameters = sum(prod(form.shape) for form in found.values())
    if parameters > MAX_PARAMETERS or parameters != info.parameters:
        raise _invalid(f"re-weights {parameters} parameters, and its config says {info.parameters}", where)
    if kind_of(found) != info.kind:
        raise _invalid(f"is {kind_of(found)}, and its config says {info.kind}", where)
    return prefix + raw, found


def _entry(name: str, entry: Any, dtype: str, where: str) -> tuple[tuple[int, ...], tuple[int, int]]:
    """Check one tensor's entry; return its shape and its span of bytes."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise _invalid(f"describes {name} by other keys than dtype, shape and data_offsets", where)
    if entry["dtype"] != dtype:
        raise _invalid(f"stores {name} as {str(entry['dtype'])[:20]!r}, and its config says {dtype}", where)
    shape, offsets = entry["shape"], entry["data_offsets"]
    if not _integers(shape, at_most=8) or not _integers(offsets, at_most=2) or len(offsets) != 2:
        raise _invalid(f"gives {name} a shape or offsets that are no small non-negative integers", where)
    if offsets[1] - offsets[0] != prod(shape) * _WIDTH[dtype]:
        raise _invalid(f"gives {name} {offsets[1] - offsets[0]} bytes, which is not what its shape needs", where)
    return tuple(shape), (offsets[0], offsets[1])


def _integers(value: Any, *, at_most: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= at_most
        and all(type(n) is int and 0 <= n <= DELTA_MAX_BYTES for n in value)
    )


def _tensors(data: bytes, where: str) -> dict[str, Tensor]:
    try:
        return safetensors.torch.load(data)
    except (SafetensorError, ValueError, RuntimeError, OverflowError) as error:
        raise _invalid(f"cannot be read: {str(error)[:200]}", where) from error


@contextmanager
def _open(path: Path, *, root: Path, limit: int) -> Iterator[tuple[BinaryIO, int]]:
    """Open a regular file of bounded size inside ``root``; yields it with its size.

    Raises:
        StyleNotFound: It is not there.
        PackInvalid: It is no regular file, leads out of the root, is too large, or cannot be read.
    """
    try:
        real = path.resolve(strict=True)
        if not real.is_relative_to(root.resolve(strict=True)):
            raise PackInvalid(
                "a link leads out of the pack", where=str(path), hint="Copy the file itself into the pack."
            )
        # Not waiting, should it be a pipe; and not following, should it have become a link since.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        if not stat.S_ISREG(real.lstat().st_mode):
            raise PackInvalid("it is no regular file", where=str(path), hint=_AGAIN)
        handle = os.open(real, flags)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise StyleNotFound("there is no such file", where=str(path)) from error
    except PackInvalid:
        raise
    except (OSError, RuntimeError, ValueError) as error:
        raise PackInvalid(f"it cannot be opened: {error}", where=str(path), hint="Check its permissions.") from error
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise PackInvalid("it is no regular file", where=str(path), hint=_AGAIN)
        if status.st_size > limit:
            raise PackInvalid(f"it has {status.st_size} bytes, over the limit of {limit}", where=str(path), hint=_AGAIN)
        try:
            yield file, status.st_size
        except OSError as error:
            raise PackInvalid(f"it cannot be read: {error.strerror}", where=str(path), hint=_AGAIN) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands there twice")
    return found


def _invalid(what: str, where: str) -> PackInvalid:
    return PackInvalid(f"{DELTA} {what}", where=where, hint=_AGAIN)

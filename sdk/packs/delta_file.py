"""``delta.safetensors``: written to the same bytes each time, and read in an order that is part of the format.

First the header alone, then the base's layout, then the sha256, then the tensors, then whether they are finite.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import safetensors.torch
from safetensors import SafetensorError

from sdk.errors import NotFiniteError, PackInvalid, StyleNotFound
from sdk.packs.config import DELTA, DELTA_MAX_BYTES, GET_AGAIN, DeltaInfo, Dtype, unique_keys
from sdk.packs.delta import Delta, Forms
from sdk.packs.storage import open_file

HEADER_MAX_BYTES: Final = 1024 * 1024
MAX_TENSORS: Final = 4096
MAX_DIMENSIONS: Final = 8
_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,100}(\.[A-Za-z0-9_]{1,100}){1,20}")
_TAGS: Final = {"float32": "F32", "float16": "F16", "bfloat16": "BF16"}


def encode_delta(delta: Delta) -> tuple[bytes, DeltaInfo]:
    """The bytes of ``delta.safetensors``, and what the config says of them. The same tensors give the same bytes."""
    # No metadata: safetensors writes several keys in random order, and none is needed.
    data = safetensors.torch.save(dict(delta.tensors))
    info = DeltaInfo(
        kind=delta.forms.kind,
        sha256=hashlib.sha256(data).hexdigest(),
        bytes=len(data),
        parameters=delta.forms.parameters,
        dtype=cast("Dtype", str(delta.dtype).removeprefix("torch.")),
    )
    return data, info


def read_delta(
    folder: Path, info: DeltaInfo, *, root: Path | None = None, layout: Mapping[str, tuple[int, ...]] | None = None
) -> Delta:
    """Read and check the ``delta.safetensors`` of a folder against its config, and against a base's shapes, if given.

    Raises:
        PackInvalid: The file is missing, damaged, not what the config says, or hostile.
        PackIncompatible: It does not fit the layout.
    """
    path = folder / DELTA
    where = str(path)
    try:
        with open_file(path, root=root, limit=DELTA_MAX_BYTES) as (file, size):
            if size != info.bytes:
                raise _invalid(f"has {size} bytes, and its config says {info.bytes}", where)
            head, forms = _read_header(file, size, info, where)
            if layout is not None:
                forms.check_fits(layout)
            data = head + file.read(size - len(head))
    except StyleNotFound as error:
        raise PackInvalid("the pack has no delta.safetensors", where=where, hint=GET_AGAIN) from error
    if hashlib.sha256(data).hexdigest() != info.sha256:
        raise _invalid("was changed or damaged: its sha256 is not the one in the config", where)
    try:
        return Delta(safetensors.torch.load(data))
    except NotFiniteError as error:
        raise _invalid(f"holds NaN or infinity in {error.where}", where) from error
    except (SafetensorError, ValueError, RuntimeError, OverflowError) as error:
        raise _invalid(f"cannot be read: {str(error)[:200]}", where) from error


def _read_header(file: BinaryIO, size: int, info: DeltaInfo, where: str) -> tuple[bytes, Forms]:
    """The header's bytes with its length, and how each parameter is stored; loading checks the data's offsets."""
    prefix = file.read(8)
    length = int.from_bytes(prefix, "little")
    if len(prefix) < 8 or length > min(HEADER_MAX_BYTES, size - 8):
        raise _invalid(f"has a header of {length} bytes, over what it can hold", where)
    raw = file.read(length)
    try:
        entries = json.loads(raw.decode("utf-8"), object_pairs_hook=unique_keys)
    except (ValueError, RecursionError) as error:
        raise _invalid(f"has a header that is not valid JSON: {str(error)[:100]}", where) from error
    if not raw.startswith(b"{") or not isinstance(entries, dict):
        raise _invalid("has a header that is no JSON object", where)
    metadata = entries.pop("__metadata__", {})
    if not isinstance(metadata, dict) or len(metadata) > 1:
        raise _invalid("has more than one metadata key", where)
    if not 1 <= len(entries) <= MAX_TENSORS:
        raise _invalid(f"has {len(entries)} tensors, not 1 to {MAX_TENSORS}", where)
    shapes = {name: _shape(name, entry, _TAGS[info.dtype], where) for name, entry in entries.items()}
    try:
        forms = Forms.of(shapes)
    except PackInvalid as error:
        raise _invalid(f"is not a delta: {error.what}", where) from error
    if forms.parameters != info.parameters:
        raise _invalid(f"re-weights {forms.parameters} parameters, and its config says {info.parameters}", where)
    if forms.kind != info.kind:
        raise _invalid(f"is {forms.kind}, and its config says {info.kind}", where)
    return prefix + raw, forms


def _shape(name: str, entry: Any, dtype: str, where: str) -> tuple[int, ...]:
    """Check a tensor's name and entry; return its shape."""
    if not _NAME.fullmatch(name):
        raise _invalid(f"names a tensor {name[:40]!r}, which no parameter can be called", where)
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        raise _invalid(f"describes {name} by other keys than dtype, shape and data_offsets", where)
    if entry["dtype"] != dtype:
        raise _invalid(f"stores {name} as {str(entry['dtype'])[:20]!r}, and its config says {dtype}", where)
    shape = entry["shape"]
    is_short = isinstance(shape, list) and len(shape) <= MAX_DIMENSIONS
    if not is_short or not all(type(n) is int and 0 <= n <= DELTA_MAX_BYTES for n in shape):
        raise _invalid(f"gives {name} a shape that is not a short list of non-negative integers", where)
    return tuple(shape)


def _invalid(what: str, where: str) -> PackInvalid:
    return PackInvalid(f"{DELTA} {what}", where=where, hint=GET_AGAIN)

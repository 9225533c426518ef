"""Wav, CAF and AU from streams, whose header does not know how much sound follows."""

from __future__ import annotations

import io
import re
from typing import Any, BinaryIO, Final, Literal, TypeAlias, cast

_Order: TypeAlias = Literal["little", "big"]

PLACEHOLDERS: Final = (range(0x7FFF0000, 0x80010000), range(0xFFFF0000, 0x1_00000000), range(1 << 62, 1 << 64))
"""Sizes that stand for "until the end", as 0 does: the largest of 31, 32, 63 and 64 bits, give or take a header."""

MAX_CHUNKS: Final = 1000
"""Chunks to look at before the sound."""

MAX_TRAILER: Final = 1 << 18
"""Bytes at the end among which chunks behind the sound are looked for."""

TRAILERS: Final = (b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"cue ", b"JUNK", b"PAD ", b"_PMX", b"smpl", b"fact")
"""Names of chunks that stand behind the sound."""


def with_lengths(file: BinaryIO) -> BinaryIO:
    """Return the file as it is; one from a stream with the sizes that its header could not know."""
    kind = file.read(4)
    end = file.seek(0, io.SEEK_END)
    patches: dict[int, bytes] = {}
    if kind in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
        patches = _of_wav(file, end, "big" if kind == b"RIFX" else "little")
    elif kind == b"caff":
        patches = _of_caf(file, end)
    elif kind == b".snd":
        patches = _of_au(file, end)
    file.seek(0)
    return cast("BinaryIO", io.BufferedReader(_Patched(file, patches))) if patches else file


def _unknown(stated: int, begin: int, end: int) -> bool:
    """Whether a size says nothing of the sound, which begins there."""
    return stated == 0 or (begin + stated > end and any(stated in sizes for sizes in PLACEHOLDERS))


def _number(file: BinaryIO, at: int, size: int, order: _Order = "big") -> int:
    file.seek(at)
    return int.from_bytes(file.read(size), order)


def _of_wav(file: BinaryIO, end: int, order: _Order) -> dict[int, bytes]:
    """The bytes to replace, by their place; none where the header states a length."""
    chunks: dict[bytes, int] = {}  # where the contents begin
    at = 12
    for _ in range(MAX_CHUNKS):
        if at + 8 > end or b"data" in chunks:
            break
        file.seek(at)
        name = file.read(4)
        size = _number(file, at + 4, 4, order)
        chunks[name] = at + 8
        at += 8 + size + size % 2
    if b"data" not in chunks or b"fmt " not in chunks:
        return {}
    begin, wide = chunks[b"data"], chunks.get(b"ds64")  # this holds bytes of the file, bytes of the sound, samples
    stated = _number(file, begin - 4, 4, order) if wide is None else _number(file, wide + 8, 8, order)
    if not _unknown(stated, begin, end):
        return {}
    block = _number(file, chunks[b"fmt "] + 12, 2, order) or 1
    size = (_trailer(file, begin, end, order) - begin) // block * block
    if size <= 0:
        return {}
    if wide is None:
        patches = {begin - 4: (size if size < 1 << 32 else 0).to_bytes(4, order)}
    else:
        patches = {begin - 4: b"\xff" * 4, wide + 8: size.to_bytes(8, order), wide + 16: bytes(8)}
    if b"fact" in chunks:  # the count of samples, unknown too
        patches[chunks[b"fact"]] = bytes(4)
    return patches


def _of_caf(file: BinaryIO, end: int) -> dict[int, bytes]:
    at = 8
    for _ in range(MAX_CHUNKS):
        if at + 12 > end:
            break
        file.seek(at)
        name = file.read(4)
        size = _number(file, at + 4, 8)
        if name == b"data":
            block = _number(file, 36, 4) or 1  # of the description, which comes first
            edits = 4  # bytes of the sound's chunk that are no sound
            whole = edits + (end - at - 12 - edits) // block * block
            return {at + 4: whole.to_bytes(8, "big")} if whole > edits and _unknown(size, at + 12, end) else {}
        at += 12 + size
    return {}


def _of_au(file: BinaryIO, end: int) -> dict[int, bytes]:
    begin = _number(file, 4, 4)
    return {8: b"\xff" * 4} if begin < end and _unknown(_number(file, 8, 4), begin, end) else {}


def _trailer(file: BinaryIO, begin: int, end: int, order: _Order) -> int:
    """Where the sound ends: at the first of the chunks that fill the rest of the file exactly, or at the file's end."""
    start = max(begin, end - MAX_TRAILER)
    file.seek(start)
    tail = file.read(end - start)
    begins = {len(tail)}  # of chunks behind which only chunks follow
    for found in reversed([*re.finditer(b"|".join(TRAILERS), tail)]):
        size = int.from_bytes(tail[found.start() + 4 : found.start() + 8], order)
        after = found.start() + 8 + size
        if after in begins or after + size % 2 in begins:
            begins.add(found.start())
    return start + min(begins)


class _Patched(io.RawIOBase):
    """A file some of whose bytes read differently."""

    def __init__(self, file: BinaryIO, patches: dict[int, bytes]) -> None:
        self._file, self._patches = file, patches

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        at = self._file.tell()
        data = bytearray(self._file.read(len(buffer)))
        for place, new in self._patches.items():
            low, high = max(place, at), min(place + len(new), at + len(data))
            if low < high:
                data[low - at : high - at] = new[low - place : high - place]
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def close(self) -> None:
        self._file.close()
        super().close()

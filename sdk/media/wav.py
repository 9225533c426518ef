"""Wav files from streams, whose header does not know how much sound follows."""

from __future__ import annotations

import io
from typing import Any, BinaryIO, Final, Literal, NamedTuple, TypeAlias, cast

_Order: TypeAlias = Literal["little", "big"]

PLACEHOLDERS: Final = (range(0x7FFF0000, 0x80010000), range(0xFFFF0000, 0x1_00000000), range(1 << 62, 1 << 64))
"""Sizes that stand for "until the end", as 0 does: the largest of 31, 32, 63 and 64 bits, give or take a header."""

MAX_CHUNKS: Final = 1000
"""Chunks to look at before the sound."""

MAX_TRAILER: Final = 1 << 20
"""Bytes at the end among which chunks behind the sound are looked for."""

TRAILERS: Final = (b"LIST", b"id3 ", b"ID3 ", b"bext", b"iXML", b"cue ", b"JUNK", b"PAD ", b"_PMX", b"smpl", b"fact")
"""Names of chunks that stand behind the sound."""


class _Chunk(NamedTuple):
    at: int
    """Where its size stands."""
    size: int


def with_lengths(file: BinaryIO) -> BinaryIO:
    """Return the file as it is; a wav from a stream with the sizes that its header could not know."""
    order: _Order = "little"
    head = file.read(12)
    if head[:4] == b"RIFX":
        order = "big"
    if head[:4] not in (b"RIFF", b"RIFX", b"RF64", b"BW64") or head[8:] != b"WAVE":
        file.seek(0)
        return file
    end = file.seek(0, io.SEEK_END)
    chunks: dict[bytes, _Chunk] = {}
    at = 12
    for _ in range(MAX_CHUNKS):
        if at + 8 > end or b"data" in chunks:
            break
        file.seek(at)
        head = file.read(8)
        chunk = chunks[head[:4]] = _Chunk(at + 4, int.from_bytes(head[4:], order))
        at += 8 + chunk.size + chunk.size % 2
    patches = _lengths(file, chunks, end, order)
    file.seek(0)
    return cast("BinaryIO", io.BufferedReader(_Patched(file, patches))) if patches else file


def _lengths(file: BinaryIO, chunks: dict[bytes, _Chunk], end: int, order: _Order) -> dict[int, bytes]:
    """The bytes to replace, by their place; none where the header states a length."""
    if b"data" not in chunks or b"fmt " not in chunks:
        return {}
    data, wide = chunks[b"data"], chunks.get(b"ds64")
    begin = data.at + 4
    stated = data.size
    if wide is not None:  # its numbers: bytes of the file, bytes of the sound, samples
        file.seek(wide.at + 12)
        stated = int.from_bytes(file.read(8), order)
    unknown = stated == 0 or (begin + stated > end and any(stated in sizes for sizes in PLACEHOLDERS))
    if not unknown:
        return {}
    file.seek(chunks[b"fmt "].at + 4 + 12)
    block = int.from_bytes(file.read(2), order) or 1
    size = _trailer(file, begin, end, order) - begin
    size -= size % block
    if size <= 0:
        return {}
    patches = {data.at: (size if size < 1 << 32 else 0).to_bytes(4, order)}
    if wide is not None:
        patches |= {data.at: b"\xff" * 4, wide.at + 12: size.to_bytes(8, order), wide.at + 20: bytes(8)}
    if b"fact" in chunks:  # the count of samples, unknown too
        patches[chunks[b"fact"].at + 4] = bytes(4)
    return patches


def _trailer(file: BinaryIO, begin: int, end: int, order: _Order) -> int:
    """Where the sound ends: at the first of the chunks that fill the rest of the file exactly, or at the file's end."""
    start = max(begin, end - MAX_TRAILER)
    file.seek(start)
    tail = file.read(end - start)
    places = sorted(at for name in TRAILERS for at in _places(tail, name))
    for first in places:
        at = first
        while at + 8 <= len(tail) and tail[at : at + 4] in TRAILERS:
            size = int.from_bytes(tail[at + 4 : at + 8], order)
            at += 8 + size
            if at < len(tail):
                at += size % 2
        if at == len(tail):
            return start + first
    return end


def _places(text: bytes, name: bytes) -> list[int]:
    places, at = [], text.find(name)
    while at >= 0:
        places.append(at)
        at = text.find(name, at + 1)
    return places


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

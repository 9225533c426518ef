"""Sound that a face was given and has not shown yet, so that it can be heard without one."""

from __future__ import annotations

from collections import deque
from fractions import Fraction


class Unheard:
    """Pieces of int16 sound, mono, of any rates."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[bytes, int]] = deque()
        self._owed = Fraction(0)  # seconds that were heard and not taken off yet

    def add(self, audio: bytes, rate: int) -> None:
        """Remember a piece."""
        self._pieces.append((audio, rate))

    def heard(self, seconds: Fraction) -> None:
        """Forget so much of the beginning."""
        self._owed += seconds
        while self._pieces and self._owed > 0:
            audio, rate = self._pieces[0]
            length = Fraction(len(audio) // 2, rate)
            if length > self._owed:
                return
            self._pieces.popleft()
            self._owed -= length

    def clear(self) -> None:
        """Forget everything."""
        self._pieces.clear()
        self._owed = Fraction(0)

    def take(self) -> list[tuple[bytes, int]]:
        """Give out and forget what is left, without the part of the first piece that was heard."""
        pieces = list(self._pieces)
        if pieces:
            audio, rate = pieces[0]
            pieces[0] = (audio[2 * round(self._owed * rate) :], rate)
        self.clear()
        return [piece for piece in pieces if piece[0]]

"""Sound on its way into a session: from any thread, at any rate, in any pieces, and never too much."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sdk.arguments import as_array, whole
from sdk.data import FloatArray
from sdk.errors import InputError, LiveQueueFull, NotFiniteError
from sdk.media.forms import MAX_LEVEL
from sdk.media.resampling import SoundResampler

MIN_RATE, MAX_RATE = 8_000, 192_000

FULL_SCALE: Final = 32768

MIN_PIECE_SECONDS: Final = 0.01
"""Pieces shorter than this are joined before they are resampled."""

_FORMS: Final = "Give int16 as bytes or an array, or floats in [-1, 1], one channel, at 8000 to 192000 Hz."

Samples = NDArray[np.int16]


class Utterance:
    """Samples that belong together, up to a flush."""

    def __init__(self) -> None:
        self._pieces: deque[Samples] = deque()
        self.count = 0
        self.ended = False

    def add(self, samples: Samples) -> None:
        """Put samples at its end."""
        if len(samples):
            self._pieces.append(samples)
            self.count += len(samples)

    def take(self, count: int) -> Samples:
        """Take the next ``count`` samples, which must be there."""
        taken: list[Samples] = [np.zeros(0, np.int16)]
        self.count -= count
        while count:
            piece = self._pieces.popleft()
            if len(piece) > count:
                self._pieces.appendleft(piece[count:])
            taken.append(piece[:count])
            count -= len(taken[-1])
        return np.concatenate(taken)


class SoundQueue:
    """Utterances that wait to be spoken, at the session's rate; at most ``limit_seconds`` of sound."""

    def __init__(self, rate: int, *, limit_seconds: float) -> None:
        self._rate, self._limit_seconds = rate, limit_seconds
        self._lock = threading.Lock()
        self._utterances: deque[Utterance] = deque()
        self._open: Utterance | None = None
        self._pending: list[Samples | FloatArray] = []
        self._pending_rate = self._resampler_rate = rate
        self._pending_count = 0
        self._resampler: SoundResampler | None = None

    def push(self, pcm: Any, rate: int) -> None:
        """Take samples; the arguments and errors are those of ``LiveSession.push_audio``."""
        rate = whole(rate, "rate", low=MIN_RATE, high=MAX_RATE, error=InputError)
        samples = read_pcm(pcm)
        if len(samples) == 0:
            return
        with self._lock:
            if self._seconds() + len(samples) / rate > self._limit_seconds:
                raise LiveQueueFull(
                    f"{len(samples) / rate:.1f} s of sound do not fit: {self._seconds():.1f} s of at most "
                    f"{self._limit_seconds:g} s are waiting",
                    where="push_audio",
                    hint="Push again once LiveSession.queued_seconds has fallen; nothing of this piece was taken.",
                )
            if self._pending and self._pending_rate != rate:
                self._convert(end=True)
            self._pending.append(samples)
            self._pending_rate = rate
            self._pending_count += len(samples)
            if rate == self._rate or self._pending_count >= MIN_PIECE_SECONDS * rate:
                self._convert()

    def flush(self) -> None:
        """End the utterance; nothing happens where none has begun."""
        with self._lock:
            self._convert(end=True)
            if self._open is not None:
                self._open.ended, self._open = True, None

    def clear(self) -> None:
        """Drop all that waits, and begin anew."""
        with self._lock:
            self._utterances.clear()
            self._pending, self._pending_count = [], 0
            self._open = self._resampler = None

    @property
    def seconds(self) -> float:
        """How much waits."""
        with self._lock:
            return self._seconds()

    def head(self) -> Utterance | None:
        """The utterance that is first, of which samples may be taken by one thread; None if there is none."""
        with self._lock:
            self._convert()
            return self._utterances[0] if self._utterances else None

    def take(self, utterance: Utterance, count: int) -> tuple[Samples, bool]:
        """Take samples of the first utterance, which is gone after its last; tell whether these were its last."""
        with self._lock:
            if not self._utterances or self._utterances[0] is not utterance:
                return np.zeros(0, np.int16), False  # it was cleared meanwhile
            samples = utterance.take(count)
            last = utterance.ended and utterance.count == 0
            if last:
                self._utterances.popleft()
            return samples, last

    def _seconds(self) -> float:
        waiting = sum(utterance.count for utterance in self._utterances) / self._rate
        return waiting + self._pending_count / self._pending_rate

    def _convert(self, *, end: bool = False) -> None:
        """Bring what is pending to the session's rate and int16; at an ``end``, also what the resampler holds back."""
        if self._pending:
            if self._open is None:
                self._open = Utterance()
                self._utterances.append(self._open)
            for samples in self._at_own_rate():
                self._open.add(to_int16(samples))
            self._pending, self._pending_count = [], 0
        if end:
            self._finish_resampler()

    def _at_own_rate(self) -> Sequence[Samples | FloatArray]:
        """What is pending, at the session's rate."""
        if self._pending_rate == self._rate:
            return self._pending
        if self._resampler is None or self._resampler_rate != self._pending_rate:
            self._finish_resampler()
            self._resampler = SoundResampler(self._pending_rate, self._rate)
            self._resampler_rate = self._pending_rate
        return [self._resampler.push(np.concatenate([to_float(piece) for piece in self._pending]))]

    def _finish_resampler(self) -> None:
        if self._resampler is not None and self._open is not None:
            self._open.add(to_int16(self._resampler.finish()))
        self._resampler = None


def read_pcm(pcm: Any) -> Samples | FloatArray:
    """Take samples as bytes or an array: int16 or float32 ``[N]``, a copy.

    Raises:
        InputError: It is no mono sound.
        NotFiniteError: A sample is NaN or infinite.
    """
    if isinstance(pcm, bytes | bytearray | memoryview):
        data = bytes(pcm)
        if len(data) % 2:
            raise InputError(f"{len(data)} bytes are no whole number of int16 samples", where="push_audio", hint=_FORMS)
        return np.array(np.frombuffer(data, dtype="<i2"), dtype=np.int16)
    array = as_array(pcm, "pcm")
    if array.ndim == 2 and 1 in array.shape:
        array = array.reshape(-1)
    if array.ndim != 1 or (array.dtype != np.int16 and array.dtype.kind != "f"):
        what = f"samples are mono int16 or floats, [N], not {array.dtype} {list(array.shape)}"
        raise InputError(what, where="push_audio", hint=_FORMS)
    if array.dtype == np.int16:
        return array.copy()
    samples = array.astype(np.float32)
    bad = ~np.isfinite(samples)
    if bad.any():
        what = f"sample {int(bad.argmax())} of {len(samples)} is not finite"
        raise NotFiniteError(what, where="push_audio", hint="Mend the sound first.")
    if (peak := float(np.abs(samples).max(initial=0))) > MAX_LEVEL:
        what = f"samples of {array.dtype} are in [-1, 1], and these reach {peak:g}"
        raise InputError(what, where="push_audio", hint="Divide them by full scale: 32768 for 16 bit.")
    return samples


def to_float(samples: Samples | FloatArray) -> FloatArray:
    """Samples as float32 in [-1, 1]."""
    if samples.dtype == np.int16:
        return np.asarray(samples.astype(np.float32) / FULL_SCALE, dtype=np.float32)
    return np.asarray(samples, np.float32)


def to_int16(samples: Samples | FloatArray) -> Samples:
    """Samples as int16; floats beyond full scale are clipped."""
    if samples.dtype == np.int16:
        return np.asarray(samples, np.int16)
    return np.asarray(np.clip(np.rint(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1), dtype=np.int16)

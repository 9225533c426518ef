"""When each phone is spoken, from the durations that Kokoro gives its symbols."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import FloatArray
from talkstyle_lab.corpus.kokoro.spelling import BREAK, NEXT, PREVIOUS, Symbol
from talkstyle_lab.corpus.phones import PAUSE, Segment, from_ipa

RATE: Final = 24000
"""Kokoro's samples per second."""
FRAME_SAMPLES: Final = 600
"""The unit of its durations, in samples: 25 ms."""
EARLIER: Final = 0.0625
"""Seconds by which sounds come before their frames end up: measured at the closures of /p/ and /b/."""

_WINDOW: Final = 240  # samples in which loudness is measured: 10 ms
_STEP: Final = _WINDOW / RATE
_QUIET: Final = 0.015  # of the loudest speech, below which a window is silent
_MIN_PAUSE: Final = 0.06  # seconds; a shorter silence is a closure
_MIN_PHONE: Final = 0.04


def phones(symbols: Sequence[Symbol], durations: FloatArray, sound: FloatArray) -> list[Segment]:
    """Time the phones.

    A stress mark's frames belong to what follows it, those of a mark of length to what precedes. A space or
    punctuation is a pause only where nothing is heard; the silence at the end of the phone before is part of it. A
    silence that is too short for a pause is the closure of what follows.

    Args:
        symbols: What Kokoro read.
        durations: Frames of the symbols, and of the silence before and after them, ``[len(symbols) + 2]``.
        sound: What it spoke, float32 ``[N]`` at 24 kHz.
    """
    edges = np.cumsum([0.0, *durations]) * FRAME_SAMPLES / RATE - EARLIER
    end = len(sound) / RATE
    edges = np.clip(edges, 0.0, end)
    edges[-1] = end
    loud = ~_silent(sound)
    result: list[Segment] = [(PAUSE, 0.0, float(edges[1]))]
    begun: float | None = None  # where the phone to come begins, if not at its own frames
    for symbol, start, stop in zip(symbols, edges[1:-2].tolist(), edges[2:-1].tolist(), strict=True):
        if symbol.part == NEXT:
            begun = start if begun is None else begun
        elif symbol.part == PREVIOUS:
            _extend(result, stop)
        elif symbol.part == BREAK:
            quiet, heard = _quiet(loud, _faded(result, loud, start), stop)
            _extend(result, quiet)
            if heard - quiet >= _MIN_PAUSE:
                result.append((PAUSE, quiet, heard))
                quiet = heard
            begun = quiet if quiet < stop else None
        else:
            result += from_ipa(symbol.ipa, start if begun is None else begun, stop)
            begun = None
    _extend(result, _faded(result, loud, result[-1][2]))
    return [*result, (PAUSE, result[-1][2], end)]


def _extend(result: list[Segment], stop: float) -> None:
    label, start, _ = result[-1]
    result[-1] = (label, start, stop)


def _faded(result: list[Segment], loud: NDArray[np.bool_], stop: float) -> float:
    """Where the last phone's sound has died away before ``stop``: a phone keeps some of its time."""
    label, start, _ = result[-1]
    if label == PAUSE:
        return stop
    first = int(np.ceil((start + _MIN_PHONE) / _STEP))
    heard = np.flatnonzero(loud[first : int(stop / _STEP)])
    return min(stop, (first + (int(heard[-1]) + 1 if len(heard) else 0)) * _STEP)


def _silent(sound: FloatArray) -> NDArray[np.bool_]:
    """Whether each window of 10 ms is silent, ``[ceil(N / 240)]``."""
    padded = np.pad(sound.astype(np.float64), (0, -len(sound) % _WINDOW)).reshape(-1, _WINDOW)
    level = np.sqrt((padded**2).mean(axis=1))
    return np.asarray(level < _QUIET * np.percentile(level, 95))


def _quiet(loud: NDArray[np.bool_], start: float, stop: float) -> tuple[float, float]:
    """Where the longest silence between two moments begins and ends; both are ``stop`` if there is none."""
    first, last = int(np.ceil(start / _STEP - 1e-9)), int(stop / _STEP + 1e-9)
    best = (stop, stop)
    begin: int | None = None
    for window in range(first, last + 1):
        if window < last and not loud[window]:
            begin = window if begin is None else begin
        elif begin is not None:
            if (window - begin) * _STEP > best[1] - best[0]:
                # Less than a window at either end is not measured, and goes with its neighbour.
                best = (start if begin == first else begin * _STEP, stop if window == last else window * _STEP)
            begin = None
    return best

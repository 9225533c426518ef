"""Rooms: impulse responses of boxes whose first sample is the direct sound.

Early reflections by image sources (Allen & Berkley, JASA 65, 1979), then noise that decays by Eyring's formula, its
treble faster than its bass.
"""

from __future__ import annotations

import itertools
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import FloatArray
from talkstyle_lab.pretraining.augment.spectra import convolved
from talkstyle_reference.mel import SAMPLE_RATE

_SOUND_SPEED: Final = 343.0  # m/s
_ORDER: Final = 3  # of image rooms in each direction
_EARLY_SECONDS: Final = 0.04  # after the direct sound, where image sources are alone
_MAX_SECONDS: Final = 1.2
_SMALLEST: Final = np.array((1.8, 1.8, 2.1))  # m: a booth
_LARGEST: Final = np.array((10.0, 8.0, 4.5))  # a hall
_TREBLE: Final = 2000.0  # Hz, from which the decay is faster
_CELLS: Final = np.array(list(itertools.product(range(-_ORDER, _ORDER + 1), repeat=3)))
_PARITIES: Final = np.array(list(itertools.product((0, 1), repeat=3)))


def in_room(samples: FloatArray, rng: np.random.Generator) -> FloatArray:
    """A sound ``[N]`` at 16 kHz as heard in a room of random size, walls and places."""
    return convolved(samples, room_response(rng))


def room_response(rng: np.random.Generator) -> NDArray[np.float64]:
    """An impulse response at 16 kHz, ``[n]``; the direct sound is its first sample, 1."""
    size = rng.uniform(_SMALLEST, _LARGEST)
    absorbed = rng.uniform(0.1, 0.65)
    source, listener = (rng.uniform(0.4, size - 0.4) for _ in range(2))
    # Most people are recorded from less than 2 m.
    listener = source + (listener - source) * min(1.0, rng.uniform(0.3, 2.0) / np.linalg.norm(listener - source))
    return _response(size, absorbed, source, listener, rng)


def _response(
    size: NDArray[np.float64],
    absorbed: float,
    source: NDArray[np.float64],
    listener: NDArray[np.float64],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    volume, surface = size.prod(), 2 * (size[0] * size[1] + size[1] * size[2] + size[0] * size[2])
    decay_seconds = 0.161 * volume / (-surface * np.log(1 - absorbed))
    length = int(min(max(decay_seconds, 2 * _EARLY_SECONDS), _MAX_SECONDS) * SAMPLE_RATE)
    # An image's place along each axis is 2 n size + source, or mirrored 2 n size - source; a wall is passed |n| times
    # on one side and |n - p| times on the other.
    cells, parities = _CELLS[:, None], _PARITIES[None]
    images = 2 * cells * size + np.where(parities, -source, source)
    bounces = (np.abs(cells - parities) + np.abs(cells)).sum(axis=-1)
    distance = np.linalg.norm(images - listener, axis=-1)
    direct = np.linalg.norm(source - listener)
    delay = np.rint((distance - direct) / _SOUND_SPEED * SAMPLE_RATE).astype(int)
    strength = np.sqrt(1 - absorbed) ** bounces * direct / distance
    early = int(_EARLY_SECONDS * SAMPLE_RATE)
    inside = (delay < early) & (bounces > 0)
    response = np.asarray(np.bincount(delay[inside], strength[inside], minlength=length), np.float64)
    tail = _decaying_noise(length, decay_seconds, rng)
    # As loud, at the seam, as the reflections before it.
    seam = slice(early // 2, early)
    tail *= np.sqrt((response[seam] ** 2).sum() / (tail[seam] ** 2).sum())
    response[early:] = tail[early:]
    # People who are recorded are closer than the distance at which the room is as loud as they are.
    response /= max(1.0, np.sqrt((response**2).sum()))
    response[0] = 1.0
    return np.asarray(response)


def _decaying_noise(length: int, decay_seconds: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Noise that falls by 60 dB in ``decay_seconds``, its treble in 40 to 80 % of these."""
    spectrum = np.fft.rfft(rng.standard_normal(length))
    bass = np.fft.rfftfreq(length, 1 / SAMPLE_RATE) < _TREBLE
    time = np.arange(length) / SAMPLE_RATE
    treble_seconds = decay_seconds * rng.uniform(0.4, 0.8)
    low, high = (np.fft.irfft(spectrum * part, length) for part in (bass, ~bass))
    return np.asarray(low * 10 ** (-3 * time / decay_seconds) + high * 10 ** (-3 * time / treble_seconds))

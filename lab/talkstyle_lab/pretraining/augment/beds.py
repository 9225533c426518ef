"""What is heard beside a voice: noise, music of our own making, and other voices."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sdk.data import FloatArray
from talkstyle_lab.pretraining.augment.rooms import in_room
from talkstyle_lab.pretraining.augment.spectra import next_power_of_two, power
from talkstyle_reference.mel import SAMPLE_RATE

OtherVoice: TypeAlias = Callable[[np.random.Generator], FloatArray]
"""Draws another clip's sound, ``[N]`` at 16 kHz."""

_BEATS: Final = 16  # of a loop of music
_CHORDS: Final = ((0, 4, 7), (0, 3, 7), (0, 5, 7), (0, 4, 7, 11), (0, 3, 7, 10))
_ROOTS: Final = ((0, 5, 7, 5), (0, 9, 5, 7), (0, 7, 9, 5), (0, 8, 3, 10))  # semitones over the key
_BABBLERS: Final = (3, 6)


def beside(samples: FloatArray, bed: FloatArray, decibels: float) -> FloatArray:
    """A sound and a bed of the same length, ``[N]``, of which the sound is louder by ``decibels`` where it is heard."""
    loud = power(bed)
    factor = np.sqrt(power(samples) / loud) * 10 ** (-decibels / 20) if loud else 0.0
    return np.asarray(samples + np.float32(factor) * bed, np.float32)


def noise(count: int, rng: np.random.Generator) -> FloatArray:
    """Noise whose spectrum falls by 0 to 6 dB an octave, ``[count]``."""
    size = next_power_of_two(count)
    spectrum = np.fft.rfft(rng.standard_normal(size))
    spectrum *= np.maximum(np.arange(len(spectrum)) / size * SAMPLE_RATE, 50.0) ** -rng.uniform(0, 1)
    found = np.fft.irfft(spectrum, size)[:count]
    return np.asarray(found / np.sqrt(np.mean(found**2) + 1e-12), np.float32)


def one_voice(count: int, rng: np.random.Generator, other: OtherVoice) -> FloatArray:
    """Somebody who talks elsewhere in a room, again and again, ``[count]``."""
    return in_room(_fill(count, rng, other), rng)


def babble(count: int, rng: np.random.Generator, other: OtherVoice) -> FloatArray:
    """Several who talk at once, ``[count]``."""
    voices = [_fill(count, rng, other) for _ in range(int(rng.integers(*_BABBLERS)))]
    levels = [np.float32(rng.uniform(0.5, 1) / np.sqrt(power(voice) + 1e-12)) for voice in voices]
    return in_room(np.asarray(sum(a * v for a, v in zip(levels, voices, strict=True)), np.float32), rng)


def music(count: int, rng: np.random.Generator) -> FloatArray:
    """A loop of four chords with a bass, and with drums three times in four, ``[count]``."""
    beat = int(60 / rng.uniform(70, 150) * SAMPLE_RATE)
    loop = np.zeros(_BEATS * beat)
    key = 110 * 2 ** (rng.integers(0, 12) / 12)
    chord, roots = _CHORDS[rng.integers(len(_CHORDS))], _ROOTS[rng.integers(len(_ROOTS))]
    partials, plucked = rng.uniform(0.3, 0.8), rng.random() < 0.5
    for bar, root in enumerate(roots):
        at = bar * 4 * beat
        for tone in chord:
            pitch = 2 * key * 2 ** ((root + tone) / 12)
            for part in range(0, 4, 1 if plucked else 4):
                long = (1 if plucked else 4) * beat
                loop[at + part * beat :][:long] += _tone(long, pitch, partials, fades=plucked)
        for part in range(4):
            loop[at + part * beat :][:beat] += 1.5 * _tone(beat, key / 2 * 2 ** (root / 12), 0.5, fades=True)
    if rng.random() < 0.75:
        loop += rng.uniform(0.5, 2) * _drums(beat, rng)
    start = int(rng.integers(len(loop)))
    return np.take(loop, np.arange(start, start + count), mode="wrap").astype(np.float32)


def _fill(count: int, rng: np.random.Generator, other: OtherVoice) -> FloatArray:
    """Other voices one after another, from a random moment on."""
    parts: list[FloatArray] = []
    skip = int(rng.uniform(0, 2) * SAMPLE_RATE)
    while sum(map(len, parts)) < count + skip:
        parts += [other(rng), np.zeros(int(rng.uniform(0.1, 1.5) * SAMPLE_RATE), np.float32)]
    return np.concatenate(parts)[skip : skip + count]


def _tone(count: int, pitch: float, partials: float, *, fades: bool) -> NDArray[np.float64]:
    """A note with harmonics, each ``partials`` times as loud as the one below."""
    time = np.arange(count) / SAMPLE_RATE
    found = np.zeros(count)
    for number in range(1, 7):
        if number * pitch < SAMPLE_RATE / 2:
            found += partials ** (number - 1) * np.sin(2 * np.pi * number * pitch * time)
    envelope = np.minimum(1, np.minimum(time, time[::-1]) / 0.02)
    return np.asarray(found * envelope * (np.exp(-3 * time) if fades else 1))


def _drums(beat: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """A kick on two beats of a bar, a snare on the two others, a hat on every half."""
    time = np.arange(beat) / SAMPLE_RATE
    kick = 3 * np.sin(2 * np.pi * (45 * time + 6 * (1 - np.exp(-time / 0.03)))) * np.exp(-time / 0.12)
    hiss = rng.standard_normal(beat)
    snare = 1.2 * hiss * np.exp(-time / 0.08)
    hat = np.diff(hiss, prepend=0.0) * np.exp(-time / 0.025) * 0.6
    found = np.zeros(_BEATS * beat)
    for number in range(_BEATS):
        found[number * beat :][:beat] += (kick if number % 2 == 0 else snare) + hat
        half = number * beat + beat // 2
        found[half : half + beat - beat // 2] += hat[: beat - beat // 2]
    return found

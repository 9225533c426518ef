"""What every audio encoder must do."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from contextlib import suppress
from fractions import Fraction
from typing import Final

import numpy as np

from sdk.data import MOTION_RATE, Audio, FloatArray
from sdk.errors import InputError
from sdk.interfaces import AudioEncoder
from sdk.testing.report import Checks, rate, require

CHECKS: Final = Checks()

TOLERANCE: Final = 1e-3
"""As a share of the features' spread: how far a stream may differ from the whole."""


def _sound(encoder: AudioEncoder, seconds: float, seed: int = 0) -> Audio:
    """A buzz that swells like vowels, with noise: something that every encoder hears."""
    rate = encoder.sample_rate
    t = np.arange(round(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * 130 * k * t + seed) / k for k in range(1, 12))
    noise = np.random.default_rng(seed).normal(size=len(t))
    samples = 0.1 * buzz * np.sin(2 * np.pi * 1.7 * t) ** 2 + 0.01 * noise
    return Audio(np.clip(samples, -1, 1).astype(np.float32), rate)


def _frames(audio: Audio) -> int:
    return math.ceil(audio.duration * MOTION_RATE)


def _same(a: FloatArray, b: FloatArray) -> bool:
    spread = float(np.std(a)) + 1e-6
    return a.shape == b.shape and bool(np.abs(a - b).max(initial=0.0) <= TOLERANCE * spread)


@CHECKS.add("its fingerprint is a sha256 in hex, the same each time")
def _fingerprint(encoder: AudioEncoder) -> None:
    value = encoder.fingerprint()
    require(re.fullmatch("[0-9a-f]{64}", value), f"fingerprint() is {value!r}")
    require(value == encoder.fingerprint(), "fingerprint() differs from call to call")


@CHECKS.add("features are finite float32 [ceil(60 * duration), width]")
def _shape(encoder: AudioEncoder) -> None:
    for seconds in (0.0, 0.01, 0.5, 1.003, 2.0):
        audio = _sound(encoder, seconds)
        features = encoder.encode(audio)
        wanted = (_frames(audio), encoder.width)
        require(isinstance(features, np.ndarray), f"encode() returned {type(features).__name__}")
        require(features.dtype == np.float32, f"encode() returned {features.dtype}")
        require(features.shape == wanted, f"{seconds} s gave {list(features.shape)}, not {list(wanted)}")
        require(np.isfinite(features).all(), f"{seconds} s gave NaN or infinity")


@CHECKS.add("silence and full scale give finite features")
def _extremes(encoder: AudioEncoder) -> None:
    for name, level in (("silence", 0.0), ("full scale", 1.0)):
        square = level * np.sign(np.sin(np.arange(encoder.sample_rate) / 20 + 0.5))
        features = encoder.encode(Audio(square.astype(np.float32), encoder.sample_rate))
        require(np.isfinite(features).all(), f"{name} gave NaN or infinity")


@CHECKS.add("features follow the sound")
def _alive(encoder: AudioEncoder) -> None:
    features = encoder.encode(_sound(encoder, 2.0))
    require(float(features.std(axis=0).max()) > 1e-6, "every feature is constant over a changing sound")


@CHECKS.add("the same sound gives the same features")
def _deterministic(encoder: AudioEncoder) -> None:
    audio = _sound(encoder, 1.0)
    require(np.array_equal(encoder.encode(audio), encoder.encode(audio)), "two calls differ")


@CHECKS.add("a stream gives what the whole sound gives")
def _stream(encoder: AudioEncoder) -> None:
    audio = _sound(encoder, 2.03)
    whole = encoder.encode(audio)
    for sizes in ((1, 701, 5000, 33), (encoder.sample_rate,)):
        pieces = _streamed(encoder, audio, sizes)
        require(pieces.shape == whole.shape, f"a stream gave {list(pieces.shape)}, the whole {list(whole.shape)}")
        place = int(np.abs(pieces - whole).max(axis=1).argmax())
        require(_same(whole, pieces), f"a stream in pieces of {sizes} samples differs most at frame {place}")


def _streamed(encoder: AudioEncoder, audio: Audio, sizes: Sequence[int]) -> FloatArray:
    stream, start = encoder.stream(), 0
    parts: list[FloatArray] = []
    while start < len(audio.samples):
        size = sizes[len(parts) % len(sizes)]
        parts.append(stream.push(audio.samples[start : start + size]))
        start += size
    return np.concatenate([*parts, stream.finish()])


@CHECKS.add("a frame depends on no sound later than its look-ahead")
def _lookahead(encoder: AudioEncoder) -> None:
    cut = math.ceil(encoder.lookahead) + 1
    audio = _sound(encoder, cut + 1.0)
    changed = audio.samples.copy()
    changed[cut * encoder.sample_rate :] = _sound(encoder, 1.0, seed=1).samples
    before, after = encoder.encode(audio), encoder.encode(Audio(changed, encoder.sample_rate))
    # Frame k hears samples before k/60 + lookahead; those before the cut are unchanged.
    certain = math.floor((cut - Fraction(encoder.lookahead)) * MOTION_RATE)
    require(
        _same(before[:certain], after[:certain]),
        f"sound changed from {cut} s on changed features up to frame {certain - 1}, "
        f"beyond the stated {encoder.lookahead} s",
    )
    require(not np.array_equal(before, after), "another sound gave the same features")


@CHECKS.add("another sample rate is an InputError")
def _rate(encoder: AudioEncoder) -> None:
    with suppress(InputError):
        encoder.encode(Audio(np.zeros(1000, np.float32), encoder.sample_rate + 1))
        require(False, f"a sound at {encoder.sample_rate + 1} Hz was taken")


def speed(encoder: AudioEncoder) -> float:
    """Frames of features a second."""
    audio = _sound(encoder, 10.0)
    return rate(_frames(audio), lambda: encoder.encode(audio))

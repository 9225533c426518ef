"""Round trips through telephones and lossy codecs; what delay they bring is measured and removed."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from typing import Final, NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from sdk.data import FloatArray
from talkstyle_lab.pretraining.augment.spectra import filtered, next_power_of_two, resampled
from talkstyle_reference.mel import SAMPLE_RATE


class Codec(NamedTuple):
    """An encoder and a decoder of FFmpeg, and the bit rates at which artefacts are heard."""

    encoder: str
    decoder: str
    sample_format: str
    bit_rates: tuple[int, ...]  # bit/s


CODECS: Final = {
    "aac": Codec("aac", "aac", "fltp", (14_000, 20_000, 28_000, 40_000)),
    "mp3": Codec("libmp3lame", "mp3float", "fltp", (16_000, 24_000, 32_000, 40_000)),
    "opus": Codec("libopus", "libopus", "flt", (6_000, 9_000, 12_000, 16_000)),
}
"""The codecs, by name."""

TELEPHONE_RATE: Final = 8000
_TELEPHONE_BAND: Final = (300.0, 3400.0)
_EDGE: Final = 100.0  # Hz, over which the band ends
_LAW: Final = 255.0  # G.711's mu


def through_codec(samples: FloatArray, name: str, *, bit_rate: int, rate: int = SAMPLE_RATE) -> FloatArray:
    """A sound ``[N]`` at 16 kHz, coded and decoded, in step with the original.

    Args:
        samples: float32 in [-1, 1].
        name: A key of ``CODECS``.
        bit_rate: Bits per second.
        rate: The rate at which it is coded, 16000 or 8000.
    """
    given = resampled(samples, SAMPLE_RATE, rate)
    decoded, decoded_rate = _round_trip(given, CODECS[name], bit_rate, rate)
    delay = codec_delay(name, bit_rate, rate)
    moved = np.pad(decoded, (max(0, -delay), 0))[max(0, delay) :]
    found = resampled(moved, decoded_rate, SAMPLE_RATE)[: len(samples)]
    return np.pad(found, (0, len(samples) - len(found)))


def over_telephone(samples: FloatArray) -> FloatArray:
    """A sound ``[N]`` at 16 kHz over a telephone: 300 to 3400 Hz at 8 kHz, in the 8 bits of G.711's mu-law."""
    narrow = resampled(filtered(samples, _telephone_gain), SAMPLE_RATE, TELEPHONE_RATE)
    narrow = np.clip(narrow, -1, 1)
    bent = np.sign(narrow) * np.log1p(_LAW * np.abs(narrow)) / np.log1p(_LAW)
    coarse = np.rint(bent * 127) / 127
    heard = np.sign(coarse) * np.expm1(np.abs(coarse) * np.log1p(_LAW)) / _LAW
    return resampled(heard.astype(np.float32), TELEPHONE_RATE, SAMPLE_RATE)[: len(samples)]


@cache
def codec_delay(name: str, bit_rate: int, rate: int) -> int:
    """By how many samples a codec's output is late, at the rate of what it decodes: measured on noise, once.

    Opus changes its method with what it hears, and is then late by one sample at 16 kHz more or less; the others are
    late by the same always.
    """
    rng = np.random.default_rng(0)
    probe = np.convolve(rng.standard_normal(rate), np.hanning(12), "same")
    probe = (0.1 * probe / np.abs(probe).max()).astype(np.float32)
    decoded, decoded_rate = _round_trip(probe, CODECS[name], bit_rate, rate)
    expected = resampled(probe, rate, decoded_rate)
    size = next_power_of_two(len(decoded) + len(expected))
    match = np.fft.irfft(np.fft.rfft(decoded, size) * np.conj(np.fft.rfft(expected, size)), size)
    best = int(match.argmax())
    return best if best < size // 2 else best - size


def _telephone_gain(hertz: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = _TELEPHONE_BAND
    inside = np.clip(np.minimum(hertz - (low - _EDGE), (high + _EDGE) - hertz) / _EDGE, 0, 1)
    return np.asarray(0.5 - 0.5 * np.cos(np.pi * inside))


def _round_trip(samples: FloatArray, codec: Codec, bit_rate: int, rate: int) -> tuple[FloatArray, int]:
    """What is decoded, with its delay, and its rate."""
    encoder = av.CodecContext.create(codec.encoder, "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = rate, "mono", codec.sample_format
    encoder.bit_rate, encoder.time_base = bit_rate, Fraction(1, rate)
    encoder.open()
    size = encoder.frame_size
    padded = np.pad(samples, (0, -len(samples) % size + 4 * size))  # more than any delay
    packets = []
    for start in range(0, len(padded), size):
        frame = av.AudioFrame.from_ndarray(padded[None, start : start + size], codec.sample_format, "mono")
        frame.sample_rate, frame.pts = rate, start
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    decoder = av.CodecContext.create(codec.decoder, "r")
    assert isinstance(decoder, av.AudioCodecContext)
    if encoder.extradata is not None:
        decoder.extradata = encoder.extradata
    frames = [frame for packet in (*packets, None) for frame in decoder.decode(packet)]
    blocks = [frame.to_ndarray().reshape(-1) for frame in frames]
    decoded = np.concatenate([b / np.float32(32768) if b.dtype == np.int16 else b for b in blocks])
    return decoded.astype(np.float32), frames[0].sample_rate

"""How a sound is recorded: where, beside what, by which microphone, through which codec, how loud."""

from __future__ import annotations

from typing import Final

import numpy as np

from sdk.data import FloatArray
from talkstyle_lab.pretraining.augment.beds import OtherVoice, babble, beside, music, noise, one_voice
from talkstyle_lab.pretraining.augment.codecs import CODECS, TELEPHONE_RATE, over_telephone, through_codec
from talkstyle_lab.pretraining.augment.microphones import drifting, overloaded, through_microphone
from talkstyle_lab.pretraining.augment.rooms import in_room
from talkstyle_lab.pretraining.augment.spectra import power
from talkstyle_reference.mel import SAMPLE_RATE

_BEDS: Final = {"none": 0.2, "noise": 0.35, "music": 0.2, "voice": 0.15, "babble": 0.1}
_CHANNELS: Final = {"none": 0.45, "telephone": 0.1, "call": 0.1, "aac": 0.12, "mp3": 0.11, "opus": 0.12}
_LEVELS: Final = (-38.0, -14.0)  # dB of full scale, of what is heard
_BED_DECIBELS: Final = (5.0, 25.0)  # under the voice
_NOISE_DECIBELS: Final = (8.0, 45.0)


def level(samples: FloatArray, rng: np.random.Generator) -> FloatArray:
    """A sound ``[N]`` at another level, and clipped where it is too loud; silence stays silence."""
    loud = np.sqrt(power(samples))
    factor = 10 ** (rng.uniform(*_LEVELS) / 20) / loud if loud else 1.0
    return np.asarray(np.clip(samples * factor, -1, 1), np.float32)


def rerecord(samples: FloatArray, rng: np.random.Generator, other: OtherVoice) -> FloatArray:
    """Record a voice ``[N]`` at 16 kHz anew; nothing moves in time.

    Args:
        samples: float32, a voice alone.
        rng: Decides everything.
        other: Where second voices come from.
    """
    if rng.random() < 0.6:
        samples = in_room(samples, rng)
    samples = _on_bed(samples, str(rng.choice(list(_BEDS), p=list(_BEDS.values()))), rng, other)
    if rng.random() < 0.6:
        samples = through_microphone(samples, rng)
    if rng.random() < 0.15:
        samples = overloaded(samples, rng)
    if rng.random() < 0.4:
        samples = drifting(samples, rng)
    # Codecs hear the level that is recorded, so it changes before them.
    samples = level(samples, rng)
    return _transmitted(samples, str(rng.choice(list(_CHANNELS), p=list(_CHANNELS.values()))), rng)


def _on_bed(samples: FloatArray, bed: str, rng: np.random.Generator, other: OtherVoice) -> FloatArray:
    count = len(samples)
    if bed == "none":
        return samples
    if bed == "noise":
        return beside(samples, noise(count, rng), rng.uniform(*_NOISE_DECIBELS))
    decibels = rng.uniform(*_BED_DECIBELS)
    if bed == "music":
        return beside(samples, music(count, rng), decibels)
    return beside(samples, (one_voice if bed == "voice" else babble)(count, rng, other), decibels)


def _transmitted(samples: FloatArray, channel: str, rng: np.random.Generator) -> FloatArray:
    if channel == "none":
        return samples
    if channel == "telephone":
        return over_telephone(samples)
    name, rate = ("opus", TELEPHONE_RATE) if channel == "call" else (channel, SAMPLE_RATE)
    coded = through_codec(samples, name, bit_rate=int(rng.choice(CODECS[name].bit_rates)), rate=rate)
    return np.clip(coded, -1, 1)

"""Sound from anything: one channel, any rate, in constant memory."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from fractions import Fraction
from itertools import chain
from typing import Any, Final, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from sdk.arguments import number, whole
from sdk.data import Audio, FloatArray
from sdk.errors import MediaCorrupt
from sdk.media.audio_track import AudioTrack, check_finite, to_float
from sdk.media.forms import MAX_RATE, sound_array
from sdk.media.resampling import SoundResampler
from sdk.media.source import MediaInput, as_source
from sdk.warnings import warn

AudioInput: TypeAlias = MediaInput | Audio | tuple[Any, Any] | Mapping[str, Any]
"""A sound file or a video with sound (as ``MediaInput``), an ``Audio``, or an array or tensor with its rate, in either
order or as ``{"array": ..., "sampling_rate": ...}``: floats in [-1, 1], int16, int32 or uint8, of shape ``[N]``,
``[N, C]`` or ``[C, N]``."""

MIN_CHUNK_SECONDS: Final = Fraction(1, 2)

CLIPPED_LEVEL: Final = 0.99
"""A run of samples at or above this share of full scale is clipped."""

CLIPPED_SHARE_THRESHOLD: Final = 5e-4
"""The share of clipped samples from which there is a warning."""

CHANNEL_WEIGHTS: Final = {"FC": 1.0, "FL": 0.5, "FR": 0.5, "LFE": 0.0, "LFE2": 0.0}
"""How more than two channels are balanced: a voice is in the centre or the front pair, and none in the bass."""

OTHER_WEIGHT: Final = 0.35
"""The balance of every other channel, 3 dB below the front pair, as in ITU-R BS.775; also of those without a name."""


class AudioReader:
    """A sound as mono chunks; each iteration reads it again from the beginning.

    Attributes:
        name: The source's name, for errors.
        rate: Samples a second that are delivered.
        duration: Seconds as the container states them, or None; exact for arrays.
        warnings: What the caller should know; complete after an iteration to its end.
    """

    def __init__(self, track: AudioTrack | _ArrayTrack, *, rate: int) -> None:
        rate = whole(rate, "rate", low=1, high=MAX_RATE)
        self._track = track
        self._weights: FloatArray | None = None
        self.name = track.name
        self.rate = rate
        self.duration = track.duration
        self.warnings: list[str] = [*track.warnings]
        if track.rate <= 8000:
            self._note(f"the sound has a sample rate of {track.rate} Hz: nothing above {track.rate // 2} Hz is in it")

    def at(self, rate: int) -> AudioReader:
        """The same sound at another rate."""
        reader = AudioReader(self._track, rate=rate)
        reader._weights = self._weights
        return reader

    def __iter__(self) -> Iterator[FloatArray]:
        """Read from the beginning.

        Yields:
            float32 ``[n]`` in [-1, 1]; together ``round(seconds * rate)`` samples.

        Raises:
            MediaCorrupt: Damaged, cut off or empty, naming the second.
            NotFiniteError: A sample is NaN or infinite, naming the second.
        """
        if self._weights is None:
            self._weights = self._channel_weights()
        weights, samples, clipped = self._weights, 0, 0

        def mixed() -> Iterator[FloatArray]:
            nonlocal samples, clipped
            for block in _joined(self._track.blocks(), math.ceil(MIN_CHUNK_SECONDS * self._track.rate)):
                samples += block.size
                clipped += _clipped_samples(block)
                yield weights @ block

        yield from _resampled(mixed(), self._track.rate, self.rate)
        if samples and clipped / samples >= CLIPPED_SHARE_THRESHOLD:
            self._note(f"the sound is clipped: {100 * clipped / samples:.2f} % of its samples are at full scale")

    def read(self, *, limit_seconds: float | None = None) -> Audio:
        """Read the whole sound, or its first seconds, into memory."""
        limit = None if limit_seconds is None else round(number(limit_seconds, "limit_seconds", low=0) * self.rate)
        chunks: list[FloatArray] = []
        count = 0
        for chunk in self:
            chunks.append(chunk)
            count += len(chunk)
            if limit is not None and count >= limit:
                break
        return Audio(np.concatenate(chunks)[:limit], self.rate)

    def _note(self, message: str) -> None:
        if message not in self.warnings:
            self.warnings.append(message)

    def _channel_weights(self) -> FloatArray:
        """How much each channel counts, float32 ``[C]``; of two, decided from the first seconds that are not silent."""
        names = self._track.channels
        if len(names) == 1:
            return np.ones(1, dtype=np.float32)
        if len(names) > 2:
            return self._surround_weights(np.array([CHANNEL_WEIGHTS.get(name, OTHER_WEIGHT) for name in names]))
        energy, mixed, audible = np.zeros(2), 0.0, 0
        for block in self._track.blocks():
            energy += np.square(block, dtype=np.float64).sum(axis=1)
            mixed += float(np.square(block.mean(axis=0), dtype=np.float64).sum())
            audible += int((np.abs(block).max(axis=0) > 0.01).sum())
            if audible > 20 * self._track.rate:
                break
        # In phase the mix keeps all of the energy, unrelated channels keep half, one silent channel leaves a quarter.
        if mixed < 0.05 * energy.max():
            louder = int(energy.argmax())
            side = ("left", "right")[louder]
            self._note(f"the two channels are in opposite phase and would cancel: only the {side} is used")
            return np.asarray(np.eye(2)[louder], dtype=np.float32)
        return np.full(2, 0.5, dtype=np.float32)

    def _surround_weights(self, balance: NDArray[np.float64]) -> FloatArray:
        """Scale the balance so that the mix has the energy of the loudest channel, but no peak above full scale.

        So a voice keeps its level, whichever channels it is in.
        """
        energy, mixed, peak = np.zeros(len(balance)), 0.0, 0.0
        for block in self._track.blocks():
            energy += np.square(block, dtype=np.float64).sum(axis=1) * (balance > 0)
            mix = balance @ block
            mixed += float(np.square(mix).sum())
            peak = max(peak, float(np.abs(mix).max()))
        if mixed < 0.2 * float(balance**2 @ energy):  # unrelated channels keep all of this
            louder = int(energy.argmax())
            self._note(f"the channels are in opposite phase and would cancel: only channel {louder + 1} is used")
            return np.asarray(np.eye(len(balance))[louder], dtype=np.float32)
        gain = min(math.sqrt(energy.max() / mixed), 1 / peak) if mixed else 1.0
        return np.asarray(balance * gain, dtype=np.float32)


class _ArrayTrack:
    """An array ``[N, C]`` as a track."""

    name = "array"
    warnings: tuple[str, ...] = ()

    def __init__(self, samples: NDArray[Any], rate: int) -> None:
        if len(samples) == 0:
            raise MediaCorrupt("the sound is empty (0 samples)", where="array")
        self._samples, self.rate = samples, rate
        self.channels = tuple(f"channel {index}" for index in range(self._samples.shape[1]))
        self.duration = Fraction(len(samples), self.rate)

    def blocks(self) -> Iterator[FloatArray]:
        for start in range(0, len(self._samples), self.rate):
            block = to_float(self._samples[start : start + self.rate].T)
            check_finite(block, start, self.rate)
            yield block


def _resampled(blocks: Iterator[FloatArray], source: int, target: int) -> Iterator[FloatArray]:
    """Blocks ``[n]`` from one rate to another, within [-1, 1]; the count of samples is exact in the end."""
    resampler = SoundResampler(source, target)
    for samples in chain(map(resampler.push, blocks), (resampler.finish() for _ in range(1))):
        if len(samples):
            yield np.clip(samples, -1.0, 1.0)


def _joined(blocks: Iterator[FloatArray], count: int) -> Iterator[FloatArray]:
    """Join blocks ``[C, n]`` into ones of at least ``count`` samples; only the last may be shorter."""
    waiting: list[FloatArray] = []
    for block in blocks:
        waiting.append(block)
        if sum(one.shape[1] for one in waiting) >= count:
            yield np.concatenate(waiting, axis=1)
            waiting = []
    if waiting:
        yield np.concatenate(waiting, axis=1)


def _clipped_samples(block: FloatArray) -> int:
    """Count the samples of ``[C, n]`` that stand in runs at full scale."""
    full = (block >= CLIPPED_LEVEL).astype(np.int8) - (block <= -CLIPPED_LEVEL).astype(np.int8)
    repeated = np.pad((full[:, 1:] != 0) & (full[:, 1:] == full[:, :-1]), ((0, 0), (1, 1)))
    return int((repeated[:, 1:] | repeated[:, :-1]).sum())


def open_audio(source: AudioInput, *, rate: int = 16000) -> AudioReader:
    """Open a sound for reading in chunks.

    Args:
        source: Anything with sound in it. Several channels are mixed down, more than two at the level of the loudest;
            of channels in opposite phase, one is used.
        rate: Samples a second to deliver.

    Raises:
        MediaNotFound: There is no such file.
        MediaCorrupt: It is empty or in no known format.
        MediaTrackMissing: It has no sound.
        InputError: The array's shape or dtype is not that of a sound.
    """
    if isinstance(source, Audio):
        source = (source.samples, source.rate)
    array = sound_array(source)
    track = AudioTrack(as_source(cast("MediaInput", source), what="sound")) if array is None else _ArrayTrack(*array)
    return AudioReader(track, rate=rate)


def read_audio(source: AudioInput, *, rate: int = 16000, limit_seconds: float | None = None) -> Audio:
    """Read a sound as ``open_audio`` does, or its first ``limit_seconds``, into memory.

    Each of ``AudioReader.warnings`` is issued as a ``TalkstyleWarning``.

    Raises:
        MediaError: As ``open_audio``, or damaged further on, naming the second.
        NotFiniteError: A sample is NaN or infinite.
    """
    reader = open_audio(source, rate=rate)
    audio = reader.read(limit_seconds=limit_seconds)
    for message in reader.warnings:
        warn(message)
    return audio

"""Long sounds through a network that takes whole ones: windows that overlap, and features at exact times.

The network makes a feature for every ``stride`` samples, from ``field`` samples around its middle and from all other
features. It gets windows of a fixed length, counted from the sound's beginning, so that a stream and a whole file are
cut into the same windows, and memory does not grow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from sdk.data import FloatArray
from sdk.errors import NotFiniteError

FRAME_RATE: Final = 60


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a sound is cut into windows."""

    rate: int
    """Samples a second."""
    stride: int
    """Samples from one feature to the next."""
    field: int
    """Samples that a single feature takes."""
    chunk: int
    """Features of a window that are kept."""
    context: int
    """Features before and after them that are dropped."""

    @property
    def lookahead(self) -> float:
        """The most seconds of sound after a 60 Hz frame's time that it depends on."""
        # The frame lies between two features, the later of which may be the first of a chunk; or before all of them.
        between = self.stride * (self.chunk + self.context) + self.field / 2
        before = self.stride * (self.chunk + self.context - 1) + self.field
        return max(between, before) / self.rate

    def features(self, samples: int) -> int:
        """How many features a sound has; one of less than ``field`` samples is padded to one."""
        return max(1, (samples - self.field) // self.stride + 1) if samples else 0


class WindowStream:
    """60 Hz features of a sound that arrives piece by piece.

    The ``network`` makes features ``[plan.features(N), width]`` from samples ``[N]``.
    """

    def __init__(self, plan: Plan, network: Callable[[FloatArray], FloatArray], width: int) -> None:
        self._plan = plan
        self._network = network
        self._samples = np.zeros(0, np.float32)
        self._offset = 0  # of the first sample kept
        self._chunk = 0  # the next to be encoded
        self._features = np.zeros((0, width), np.float32)
        self._first = 0  # the index of the first feature kept
        self._frame = 0  # the next 60 Hz frame

    def push(self, samples: FloatArray) -> FloatArray:
        """Take samples ``[N]``; return the frames that are now certain, ``[t, D]``.

        Raises:
            NotFiniteError: A sample is NaN or infinite.
        """
        if not np.isfinite(samples).all():
            raise NotFiniteError("samples that are not finite", where="stream.push", hint="Mend the sound first.")
        plan = self._plan
        self._samples = np.concatenate([self._samples, np.asarray(samples, np.float32)])
        total = self._offset + len(self._samples)
        while total >= plan.stride * ((self._chunk + 1) * plan.chunk + plan.context - 1) + plan.field:
            self._encode_chunk(total)
        encoded = self._first + len(self._features)
        # The frames up to the last feature's middle, k / 60 <= middle, in whole numbers.
        middle = 2 * plan.stride * (encoded - 1) + plan.field
        return self._take(middle * FRAME_RATE // (2 * plan.rate) + 1 if encoded else 0)

    def finish(self) -> FloatArray:
        """Return the frames that remain, ``[t, D]``; after the last feature's middle, that feature."""
        plan = self._plan
        total = self._offset + len(self._samples)
        if total < plan.field:
            self._samples = np.pad(self._samples, (0, plan.field - total if total else 0))
        while self._chunk * plan.chunk < plan.features(total):
            self._encode_chunk(max(total, plan.field))
        return self._take(-(-total * FRAME_RATE // plan.rate))

    def _encode_chunk(self, total: int) -> None:
        """Encode the next chunk, with its context as far as there is sound."""
        plan = self._plan
        first = self._chunk * plan.chunk
        left = max(0, first - plan.context)
        end = min(plan.stride * (first + plan.chunk + plan.context - 1) + plan.field, total)
        begin = plan.stride * left - self._offset
        made = self._network(self._samples[begin : end - self._offset])
        self._features = np.concatenate([self._features, made[first - left :][: plan.chunk]])
        self._chunk += 1
        drop = max(0, plan.stride * (self._chunk * plan.chunk - plan.context) - self._offset)
        self._samples = self._samples[drop:]
        self._offset += drop

    def _take(self, end: int) -> FloatArray:
        """Frames up to ``end``, interpolated between the features around them."""
        plan = self._plan
        if end <= self._frame:
            return self._features[:0].copy()
        times = np.arange(self._frame, end) * (plan.rate / FRAME_RATE)
        places = (times - plan.field / 2) / plan.stride - self._first
        places = np.clip(places, 0, len(self._features) - 1)
        low = np.floor(places).astype(int)
        high = np.minimum(low + 1, len(self._features) - 1)
        share = (places - low)[:, None].astype(np.float32)
        frames: FloatArray = self._features[low] * (1 - share) + self._features[high] * share
        self._frame = end
        drop = max(0, min(int(low[-1]), len(self._features) - 1))
        self._features = self._features[drop:]
        self._first += drop
        return frames

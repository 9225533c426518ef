"""Where pushed sound lies on a session's endless line of samples, with silence between."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sdk.session.queue import Samples, SoundQueue, Utterance


@dataclass(frozen=True, eq=False)
class Heard:
    """A stretch of the line: its samples, how many of them were pushed, and whether an utterance ends in it."""

    samples: Samples
    spoken: int
    ends: bool


class Timeline:
    """Draws sound from a queue onto the line, and gives it out again where the pictures have come.

    An utterance that is complete, or long enough, begins at once. One that arrives as it is spoken is laid down so that
    its newest samples come last, but for a ``reserve`` that is kept against pieces that come late. Where it runs dry,
    silence follows, and it begins anew. No sample is ever left out.
    """

    def __init__(self, queue: SoundQueue, *, reserve: int) -> None:
        self._queue, self._reserve = queue, reserve
        self._laid = self._given = 0  # samples from the beginning of the line
        self._samples: Samples = np.zeros(0, np.int16)
        self._spoken: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._ends: deque[int] = deque()
        self._spoken_until = 0
        self._said = 0  # samples of the present utterance that were given out
        self._playing = False
        self._waited_for = 0  # how much of an utterance that has not begun there was, the last time
        self.gaps = 0

    def lay(self, count: int) -> Samples:
        """Lay down the next ``count`` samples, and return them."""
        samples, spoken = np.zeros(count, np.int16), np.zeros(count, np.bool_)
        utterance = self._queue.head()
        if utterance is not None:
            at, take = self._place(utterance, count)
            taken, last = self._queue.take(utterance, take)
            samples[at : at + len(taken)], spoken[at : at + len(taken)] = taken, True
            if len(taken):
                self._spoken_until = self._laid + at + len(taken)
            if last:
                self._ends.append(self._spoken_until)
                self._playing = False
        self._laid += count
        self._samples = np.concatenate([self._samples, samples])
        self._spoken = np.concatenate([self._spoken, spoken])
        return samples

    def _place(self, utterance: Utterance, count: int) -> tuple[int, int]:
        """Where in the next ``count`` samples the utterance goes on or begins, and with how many."""
        have, ended = utterance.count, utterance.ended
        if self._playing:
            if have < count and not ended:
                self._playing, self._waited_for = False, 0
                self.gaps += 1
            return 0, min(have, count)
        grown, self._waited_for = have > self._waited_for, have
        take = min(count, have if ended or not grown else max(0, have - self._reserve))
        self._playing = take > 0
        return 0 if ended else count - take, take

    def give(self, until: int) -> Heard:
        """Give out the line up to sample ``until``; the utterances that end in it end one call at a time."""
        count = until - self._given
        samples, self._samples = self._samples[:count], self._samples[count:]
        spoken, self._spoken = int(self._spoken[:count].sum()), self._spoken[count:]
        self._given = until
        self._said += spoken
        ends = bool(self._ends) and self._ends[0] <= until
        if ends:
            self._ends.popleft()
            self._said = 0
        return Heard(samples, spoken, ends)

    @property
    def ahead(self) -> int:
        """Samples that are laid down and not given out."""
        return self._laid - self._given

    @property
    def speaking(self) -> bool:
        """Whether an utterance has begun, or waits, and its end was not given out yet."""
        return self._said > 0 or bool(self._spoken.any()) or bool(self._ends) or self._queue.head() is not None

    def interrupt(self) -> int:
        """Silence all that was not given out, and drop what waits; return the samples of the utterance that were."""
        self._queue.clear()
        self._samples = np.zeros_like(self._samples)
        self._spoken = np.zeros_like(self._spoken)
        self._ends.clear()
        self._playing, self._waited_for = False, 0
        said, self._said = self._said, 0
        return said

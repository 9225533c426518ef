"""What mouths do at known phones: closed lips at m, b and p, and how far each phone opens and spreads them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from sdk.data import Audio, FloatArray, Motion
from sdk.geometry import canonical_face, mouth_opening, mouth_width
from sdk.metrics import closure, correlate
from talkstyle_lab.corpus.motion import animate_utterance
from talkstyle_lab.corpus.phones import BILABIALS, PAUSE, Segment, from_flite
from talkstyle_lab.corpus.speech import Utterance
from talkstyle_lab.corpus.style import ArticulationStyle

SPOKEN_COLUMNS: Final = ("closure", "deepest", "closing", "pauses")
"""At m, b and p: ``sdk.metrics.closure``; the least opening within 50 ms of each over the median opening, the median of
these; and the middle of the time when it is at most a tenth of the median wider, in milliseconds after the middle of
the phone, likewise. Then the mean opening in pauses of over 0.15 seconds, over that in speech."""

MAX_LAG: Final = 0.3  # seconds between a clip's lips and its sound

_LABELS_A_SECOND: Final = 30
_AROUND: Final = 3  # frames
_PAUSE: Final = 0.15  # seconds; shorter ones are between two sounds
_NO_SPEECH: Final = frozenset({"sil", "nsn", "sp", "spn"})


def segments(labels: Sequence[str], duration: float) -> tuple[Segment, ...]:
    """The corpus's phones of ``sdk.metrics.read_phonemes``' labels, gapless to ``duration``, in seconds.

    Raises:
        InputError: A label is no phone of English.
    """
    found: list[Segment] = []
    at = 0
    for label, run in groupby(labels):
        start, at = at, at + len(list(run))
        end = min(at / _LABELS_A_SECOND, duration)
        if start / _LABELS_A_SECOND < end:
            name = label.lower()
            found += from_flite(PAUSE if name in _NO_SPEECH else name, start / _LABELS_A_SECOND, end)
    if not found or found[-1][2] < duration:
        found.append((PAUSE, found[-1][2] if found else 0.0, duration))
    return tuple(found)


def articulated(audio: Audio, phones: tuple[Segment, ...]) -> Motion:
    """The corpus's articulation of known phones in the neutral style, at 60 Hz; ``audio`` is at 16 kHz."""
    sound = (np.clip(audio.samples, -1, 1) * 32767).astype(np.int16)
    style = ArticulationStyle(variability=0.0)
    utterance = Utterance(sound, phones, "labels", "en-us")
    expression, pose = animate_utterance(utterance, style, np.random.default_rng(0))
    return Motion(expression.astype(np.float32), pose.astype(np.float32))


def lag(motion: Motion, real: Motion, valid: NDArray[np.bool_]) -> float:
    """Seconds by which the mouth of ``motion`` comes after that of ``real``."""
    return correlate(_opening(motion), _opening(real), valid=valid, within=MAX_LAG).lag


def followed(motion: Motion, real: Motion, valid: NDArray[np.bool_]) -> dict[str, float]:
    """How well a motion follows a person's, lags apart: correlations of the opening and the width."""
    pairs = ((_opening(motion), _opening(real)), (_width(motion), _width(real)))
    r, width = (correlate(a, b, valid=valid, within=MAX_LAG).r for a, b in pairs)
    return {"r": r, "width r": width}


def phone_figures(motion: Motion, phones: Sequence[Segment], *, late: float = 0.0) -> dict[str, float]:
    """``SPOKEN_COLUMNS`` of a motion that comes ``late`` seconds after its phones; NaN for what is not spoken."""
    opening = _opening(motion)
    values = (*_closures(motion, opening, phones, late), _pauses(opening, motion.times - late, phones))
    return dict(zip(SPOKEN_COLUMNS, values, strict=True))


def _closures(
    motion: Motion, opening: FloatArray, phones: Sequence[Segment], late: float
) -> tuple[float, float, float]:
    median = max(float(np.median(opening)), 1e-6)
    names = ["SIL"] * (len(opening) * _LABELS_A_SECOND // 60 + 1)
    least, when = [], []
    for label, start, end in phones:
        if label not in BILABIALS:
            continue
        first, last = (round((time + late) * 60) for time in (start, end))
        for k in range(max(first // 2, 0), min(-(-last // 2), len(names))):
            names[k] = label.upper()
        near = opening[max(first - _AROUND, 0) : last + _AROUND + 1]
        if first >= _AROUND and last + _AROUND < len(opening):
            least.append(float(near.min()) / median)
            closed = np.flatnonzero(near <= near.min() + 0.1 * median)
            when.append(1000 / 60 * (float(closed.mean()) - _AROUND - (last - first) / 2))
    whole = closure(motion, tuple(names))
    if whole is None or not least:
        return (float("nan"),) * 3
    return whole, float(np.median(least)), float(np.median(when))


def _pauses(opening: FloatArray, time: NDArray[np.float64], phones: Sequence[Segment]) -> float:
    speech, quiet = np.zeros((2, len(opening)), bool)
    for label, start, end in phones:
        if label != PAUSE:
            speech |= (time >= start) & (time < end)
        elif end - start > _PAUSE:
            quiet |= (time >= start) & (time < end)
    if not quiet.any() or not speech.any():
        return float("nan")
    return float(opening[quiet].mean() / max(opening[speech].mean(), 1e-6))


def phone_means(motion: Motion, phones: Sequence[Segment], *, late: float = 0.0) -> dict[str, tuple[int, float, float]]:
    """For each phone how often it is spoken, the mean opening, and the mean width less that of all speech.

    In the deviations of the motion's own opening and width over speech, so that people can be compared.
    """
    opening, width = _opening(motion), _width(motion)
    time = motion.times - late
    spans = [(label, (time >= start) & (time < end)) for label, start, end in phones]
    spans = [(label, span) for label, span in spans if span.any()]
    speech = np.any([span for label, span in spans if label != PAUSE], axis=0)
    tracks = opening / opening[speech].std(), (width - width[speech].mean()) / width[speech].std()
    result = {}
    for label in sorted({label for label, _ in spans}):
        mine = [span for name, span in spans if name == label]
        means = [[float(track[span].mean()) for span in mine] for track in tracks]
        result[label] = (len(mine), float(np.mean(means[0])), float(np.mean(means[1])))
    return result


def _opening(motion: Motion) -> FloatArray:
    return mouth_opening(canonical_face() + motion.expression).astype(np.float32)


def _width(motion: Motion) -> FloatArray:
    return mouth_width(canonical_face() + motion.expression).astype(np.float32)


def pooled(parts: Sequence[dict[str, tuple[int, float, float]]]) -> dict[str, tuple[int, float, float]]:
    """The means of ``phone_means`` over several motions, weighted by how often each phone is spoken."""
    result = {}
    for label in sorted({name for part in parts for name in part}):
        rows: NDArray[Any] = np.array([part[label] for part in parts if label in part])
        opening, width = rows[:, 0] @ rows[:, 1:] / rows[:, 0].sum()
        result[label] = (int(rows[:, 0].sum()), float(opening), float(width))
    return result

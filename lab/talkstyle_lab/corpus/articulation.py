"""From phones to articulators over time, by dominance functions.

Each phone pulls every channel towards its target with a dominance that falls off on both sides, and the channel is
the weighted mean of all pulls (Cohen & Massaro, "Modeling coarticulation in synthetic visual speech", 1993). Lip
closure and the tuck under the teeth are timed on their own, since a mean never closes anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from talkstyle_lab.corpus.basis import BASIS_CHANNELS, displace
from talkstyle_lab.corpus.phones import BILABIALS, CHANNELS, PAUSE, PHONES, release
from talkstyle_lab.corpus.prosody import FRAME_RATE, Prosody, gaussian
from talkstyle_lab.corpus.speech import Utterance
from talkstyle_lab.corpus.style import ArticulationStyle

_LONG_PAUSE = 0.35


@dataclass(frozen=True, eq=False)
class UpperFace:
    """Brows and lids, each ``[T]``, 0 to about 1."""

    brow_inner: NDArray[np.float64]
    brow_outer: NDArray[np.float64]
    blink: NDArray[np.float64]


def articulate(
    utterance: Utterance, prosody: Prosody, style: ArticulationStyle, upper: UpperFace, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Move the face to speech: displacements from the canonical face, ``[T, 68, 3]``.

    ``rng`` varies each phone.
    """
    lips = _dominance(utterance, style, rng)
    time = np.arange(utterance.frames) / FRAME_RATE
    # Louder is wider, to both sides of the utterance's median; quiet frames are already shaped by their phones.
    loud = np.clip(gaussian(prosody.loudness, 4.0), -9.0, 9.0) / 10.0
    lips["jaw"] *= np.exp(style.effort * loud)
    smooth = style.smoothing * FRAME_RATE
    lips = {name: gaussian(track, smooth) for name, track in lips.items()}
    seal = gaussian(_envelope(utterance, time, BILABIALS, style), 0.25)
    tuck = gaussian(_envelope(utterance, time, frozenset("fv"), style), 0.4)

    channels = np.zeros((len(time), len(BASIS_CHANNELS)))
    column = {name: channels[:, i] for i, name in enumerate(BASIS_CHANNELS)}
    column["jaw"][:] = 1.35 * style.jaw * lips["jaw"]
    column["wide"][:] = 0.75 * style.lips * lips["wide"]
    column["round"][:] = 0.6 * style.lips * style.rounding * lips["round"]
    column["protrude"][:] = style.lips * style.rounding * lips["protrude"]
    column["raise_upper"][:] = style.lips * style.upper_lip * lips["raise_upper"]
    column["lower_lower"][:] = style.lips * lips["lower_lower"]
    column["press"][:] = (0.2 + 0.8 * style.firmness) * seal
    column["smile"][:] = max(style.smile, 0.0)
    column["frown"][:] = max(-style.smile, 0.0)
    column["brow_inner"][:] = upper.brow_inner
    column["brow_outer"][:] = upper.brow_outer
    column["brow_furrow"][:] = style.furrow
    column["blink"][:] = upper.blink
    column["squint"][:] = style.squint * (1 - upper.blink)
    return displace(channels, seal=seal, tuck=tuck, asymmetry=style.asymmetry)


def _dominance(
    utterance: Utterance, style: ArticulationStyle, rng: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    """The channels of ``CHANNELS`` by name, each ``[T]``."""
    phones = utterance.phones
    time = np.arange(utterance.frames) / FRAME_RATE + style.lead
    targets = np.array([PHONES[label][: len(CHANNELS)] for label, _, _ in phones])
    holds = np.array([(p.jaw_hold, p.lip_hold) for p in (PHONES[label] for label, _, _ in phones)])
    bounds = np.array([(start, end) for _, start, end in phones])
    middle, half = bounds.mean(axis=1), np.diff(bounds, axis=1)[:, 0] / 2
    for i, (label, start, end) in enumerate(phones):
        if label == PAUSE:
            targets[i, CHANNELS.index("jaw")] = style.rest_open if end - start > _LONG_PAUSE else style.pause_open
    vary = 1 + style.variability * rng.standard_normal((len(phones), 2)).clip(-2, 2)
    targets[:, 0] *= vary[:, 0]
    targets[:, 1:] *= vary[:, 1:]
    # The full pull holds over the middle half of a short phone, and over all but 50 ms at each end of a long one: held
    # vowels are reached soon and kept.
    distance = np.maximum(np.abs(time[:, None] - middle) - np.maximum(0.5 * half, half - 0.05), 0.0)
    before = time[:, None] < middle
    result = {}
    for name in CHANNELS:
        hold = holds[:, 0] if name == "jaw" else holds[:, 1]
        # Per second; lips are prepared earlier than the jaw and rounding earliest of all (anticipation).
        rise, fall = {"jaw": (17.0, 18.0), "round": (12.0, 17.0), "protrude": (12.0, 17.0)}.get(name, (14.0, 17.0))
        pull = hold * np.exp(-style.speed * np.where(before, rise, fall) * distance)
        result[name] = (pull @ targets[:, CHANNELS.index(name)]) / (pull.sum(axis=1) + 1e-9)
    return result


def _envelope(
    utterance: Utterance, time: NDArray[np.float64], labels: frozenset[str], style: ArticulationStyle
) -> NDArray[np.float64]:
    """1 while the phones in ``labels`` last, with raised-cosine flanks outside of them, ``[T]``."""
    approach, leave = 0.065 / style.speed, 0.060 / style.speed
    result = np.zeros_like(time)
    following = [label for label, _, _ in utterance.phones[1:]] + [PAUSE]
    for (label, start, end), after in zip(utterance.phones, following, strict=True):
        if label in labels:
            part = end if after in labels else release(label, start, end)
            away = np.where(time < start, (start - time) / approach, np.maximum(time - part, 0) / leave)
            result = np.maximum(result, 0.5 + 0.5 * np.cos(np.pi * np.clip(away, 0, 1)))
    return result

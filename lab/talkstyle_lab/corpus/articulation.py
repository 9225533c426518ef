"""From phones to articulators over time, by dominance functions.

Each phone pulls every channel towards its target with a dominance that falls off on both sides; the channel is the mean
weighted by dominance (Cohen & Massaro, "Modeling coarticulation in synthetic visual speech", 1993). Lip closure and the
tuck under the teeth are timed separately, because a mean never closes the lips.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from talkstyle_lab.corpus.basis import BASIS_CHANNELS, OPENING, displace
from talkstyle_lab.corpus.phones import BILABIALS, CHANNELS, PAUSE, PHONES, Segment, release
from talkstyle_lab.corpus.prosody import Prosody, gaussian
from talkstyle_lab.corpus.speech import FRAME_RATE, Utterance
from talkstyle_lab.corpus.style import ArticulationStyle

_WAIT = 0.6  # seconds in which the lips of a speaker who pauses stay open; then they come to rest
_EASY, _WIDEST = 0.18, 0.36  # how far mouths open without effort, and at most, in the face frame


def articulate(
    utterance: Utterance,
    prosody: Prosody,
    style: ArticulationStyle,
    upper: Mapping[str, NDArray[np.float64]],
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Move the face to speech: displacements from the canonical face, ``[T, 68, 3]``.

    ``upper`` has the channels of ``head.upper_face``; ``rng`` varies each phone.
    """
    lips = _dominance(utterance, style, rng)
    # The jaw opens more where the speech is louder than the utterance's median, and less where it is quieter.
    # In pauses there is no syllable to be soft.
    spoken = _spoken(utterance)
    loud = np.clip(gaussian(prosody.loudness * spoken, 4.0), -9.0, 9.0) / 10.0
    lips["jaw"] *= np.exp(style.effort * loud)
    smooth = style.smoothing * FRAME_RATE
    lips = {name: gaussian(track, smooth) for name, track in lips.items()}
    seal = gaussian(_envelope(utterance, BILABIALS, style), 0.25)
    tuck = gaussian(_envelope(utterance, frozenset("fv"), style), 0.4)

    opening = {
        "jaw": 1.35 * style.jaw * lips["jaw"],
        "raise_upper": style.lips * style.upper_lip * lips["raise_upper"],
        "lower_lower": style.lips * lips["lower_lower"],
    }
    wanted = np.sum([OPENING[name] * track for name, track in opening.items()], axis=0)
    values: dict[str, NDArray[np.float64] | float] = {
        **{name: track * _within_reach(wanted) for name, track in opening.items()},
        "wide": 0.75 * style.lips * lips["wide"],
        "round": 0.6 * style.lips * style.rounding * lips["round"],
        "protrude": style.lips * style.rounding * lips["protrude"],
        "press": (0.2 + 0.8 * style.firmness) * seal,
        "smile": max(style.smile, 0.0),
        "frown": max(-style.smile, 0.0),
        "brow_furrow": style.furrow,
        "squint": style.squint * (1 - upper["blink"]),
        **upper,
    }
    channels = np.stack(np.broadcast_arrays(*(values[name] for name in BASIS_CHANNELS)), axis=1)
    return displace(channels, seal=seal, tuck=tuck, asymmetry=style.asymmetry)


def _within_reach(opening: NDArray[np.float64]) -> NDArray[np.float64]:
    """What remains of each wanted opening of the mouth, 0 to 1: loud song or a strong jaw asks for more than there is.

    Up to ``_EASY`` all of it; openings beyond approach ``_WIDEST``.
    """
    room = _WIDEST - _EASY
    beyond = np.maximum(opening - _EASY, 0.0)
    return np.asarray(1 - (beyond + room * np.expm1(-beyond / room)) / np.maximum(opening, _EASY))


def _dominance(
    utterance: Utterance, style: ArticulationStyle, rng: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    """The channels of ``CHANNELS`` by name, each ``[T]``."""
    phones, resting = _with_rests(utterance.phones)
    time = utterance.times[:, None] + style.lead
    spoken = [PHONES[label] for label, _, _ in phones]
    targets = np.array([phone[: len(CHANNELS)] for phone in spoken])
    bounds = np.array([times for _, *times in phones])
    middle, half = bounds.mean(axis=1), np.diff(bounds, axis=1)[:, 0] / 2
    for i, (label, _, _) in enumerate(phones):
        if label == PAUSE:
            targets[i, CHANNELS.index("jaw")] = style.rest_open if resting[i] else style.pause_open
            targets[i, CHANNELS.index("wide")] *= not resting[i]
    vary = 1 + style.variability * rng.standard_normal((len(phones), 2)).clip(-2, 2)
    targets *= vary[:, [0, 1, 1, 1, 1, 1]]
    # The full pull holds over the middle half of a short phone, and over all but 50 ms at each end of a long one, so
    # that held vowels are reached early.
    distance = np.maximum(np.abs(time - middle) - np.maximum(0.5 * half, half - 0.05), 0.0)
    result = {}
    for name, target in zip(CHANNELS, targets.T, strict=True):
        hold = np.array([phone.jaw_hold if name == "jaw" else phone.lip_hold for phone in spoken])
        # Per second. Anticipation: the lips start earlier than the jaw, and rounding earliest.
        rise, fall = {"jaw": (17.0, 18.0), "round": (12.0, 17.0), "protrude": (12.0, 17.0)}.get(name, (14.0, 17.0))
        pull = hold * np.exp(-style.speed * np.where(time < middle, rise, fall) * distance)
        result[name] = (pull @ target) / (pull.sum(axis=1) + 1e-9)
    return result


def _spoken(utterance: Utterance) -> NDArray[np.bool_]:
    """Which frames are in no pause, bool ``[T]``."""
    spoken = np.ones(utterance.frames, bool)
    for label, start, end in utterance.phones:
        if label == PAUSE:
            spoken &= (utterance.times < start) | (utterance.times >= end)
    return spoken


def _with_rests(phones: Sequence[Segment]) -> tuple[list[Segment], list[bool]]:
    """The phones, long pauses in two, and which of them are rests: what is left of a pause after ``_WAIT``."""
    parts: list[Segment] = []
    resting: list[bool] = []
    for label, start, end in phones:
        border = end
        if label == PAUSE and end - start > _WAIT:
            # Before anything is said there is nothing to wait for.
            border = start + _WAIT if parts else start
        for first, last, rest in ((start, border, False), (border, end, True)):
            if first < last:
                parts.append((label, first, last))
                resting.append(rest)
    return parts, resting


def _envelope(utterance: Utterance, labels: frozenset[str], style: ArticulationStyle) -> NDArray[np.float64]:
    """1 during the phones in ``labels``, with raised-cosine flanks outside them, ``[T]``."""
    approach, leave = 0.065 / style.speed, 0.060 / style.speed
    time = utterance.times
    result = np.zeros_like(time)
    following = [label for label, _, _ in utterance.phones[1:]] + [PAUSE]
    for (label, start, end), after in zip(utterance.phones, following, strict=True):
        if label in labels:
            part = end if after in labels else release(label, start, end)
            away = np.where(time < start, (start - time) / approach, np.maximum(time - part, 0) / leave)
            result = np.maximum(result, 0.5 + 0.5 * np.cos(np.pi * np.clip(away, 0, 1)))
    return result

"""Head, brows and lids, which move with prosody rather than with phones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sdk.geometry import rotation_matrix
from talkstyle_lab.corpus.phones import PAUSE
from talkstyle_lab.corpus.prosody import Prosody, gaussian
from talkstyle_lab.corpus.speech import FRAME_RATE, Utterance
from talkstyle_lab.corpus.style import ArticulationStyle

_NECK = np.array([0.0, 1.6, 0.9])
"""The point that the head turns about, in the face frame."""


def head_pose(
    utterance: Utterance, prosody: Prosody, style: ArticulationStyle, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Move the head with the sound.

    Nods mark the stronger accents; the head rises and falls with pitch (Munhall et al., 2004); each phrase has its own
    posture, assumed during the pause before it; the rest is smooth noise.

    Returns:
        ``[T, 6]``: axis-angle (radians), translation (face-frame units). Positive x rotation looks down.
    """
    time = utterance.times
    nod = np.zeros((len(time), 3))
    side = 1.0
    for at, strength in prosody.accents:
        if strength < 0.55:
            continue
        width, since = 0.20 / style.tempo, time - at - 0.03
        # Down into the vowel, then a smaller rebound.
        pulse = np.exp(-0.5 * (since / width) ** 2) - 0.4 * np.exp(-0.5 * ((since - 2.1 * width) / (1.2 * width)) ** 2)
        side = -side if rng.random() < 0.6 else side
        nod += (strength - 0.4) / 0.6 * pulse[:, None] * (1.0, 0.30 * side * style.yaw, 0.35 * side * style.roll)
    lift = gaussian(prosody.pitch, 12 / style.tempo)
    nod[:, 0] -= 0.15 * (lift - lift.mean())
    nod = (nod - nod.mean(axis=0)) / (nod[:, 0].std() + 0.1)
    posture = _postures(utterance, style, rng)
    swing = np.stack([_band(-prosody.pitch) / 1.4, _band(prosody.pitch) / 1.2, _band(prosody.loudness) / 5.0], axis=1)
    drift = _noise(len(time), 0.5 * style.tempo, rng, axes=3)
    axes = np.array([1.0, style.yaw, style.roll])
    parts = style.nods * nod + style.sway * (0.7 * posture + 0.7 * swing) * axes + style.noise * drift * axes
    # 0.75, measured over many styles, makes the mean deviation of the axes that of the style.
    parts /= 0.75 * np.sqrt(style.nods**2 + style.sway**2 + style.noise**2)
    parts -= parts.mean(axis=0)
    # A neck's range is limited: angles saturate at 15 degrees.
    rotation = np.radians(15.0 * np.tanh(style.head * parts / 15.0))
    # Turning about the neck moves the face frame's origin, which also leans a little.
    carried = _NECK - rotation_matrix(rotation) @ _NECK
    lean = 0.004 * style.head * _noise(len(time), 0.25, rng, axes=3)
    return np.concatenate([rotation, carried * (0.7, 0.7, 0.2) + lean * (1.0, 0.6, 0.3)], axis=1)


def upper_face(
    utterance: Utterance, prosody: Prosody, style: ArticulationStyle, rng: np.random.Generator
) -> dict[str, NDArray[np.float64]]:
    """Raise the brows on emphasis and with pitch, and blink, preferably in pauses.

    Returns:
        The channels ``brow_inner``, ``brow_outer`` and ``blink``, each ``[T]``, 0 to about 1.
    """
    time = utterance.times
    raised = np.zeros_like(time)
    for at, strength in prosody.accents:
        if strength > 0.75:
            raised = np.maximum(raised, (strength - 0.5) * 2 * np.exp(-0.5 * ((time - at + 0.02) / 0.16) ** 2))
    raised += 0.12 * gaussian(np.maximum(prosody.pitch, 0.0), 10) / 2
    calm = 0.12 * _noise(len(time), 0.3, rng)[:, 0]
    brows = style.brows * gaussian(raised + calm, 2.5)
    tilt = rng.uniform(0.3, 0.7)
    blink = _blinks(utterance, style, rng)
    return {"brow_inner": 1.2 * tilt * brows, "brow_outer": 1.2 * (1 - tilt) * brows, "blink": blink}


def _pauses(utterance: Utterance) -> list[tuple[float, float]]:
    return [(s, e) for label, s, e in utterance.phones if label == PAUSE and e - s > 0.12 and s > 0]


def _blinks(utterance: Utterance, style: ArticulationStyle, rng: np.random.Generator) -> NDArray[np.float64]:
    """Lids over time: closing in 80 ms, closed 40, opening in 150; log-normal intervals."""
    pauses = [start + 0.05 for start, _ in _pauses(utterance)]
    lids = np.zeros(utterance.frames)
    spread = 0.55
    mean = np.log(60.0 / style.blinks) - spread**2 / 2
    at = rng.lognormal(mean, spread) * rng.random()
    while at < utterance.duration:
        near = [p for p in pauses if abs(p - at) < 0.7]
        moment = min(near, key=lambda p: abs(p - at)) if near and rng.random() < 0.65 else at
        since = utterance.times - moment
        lids = np.maximum(lids, np.interp(since, [-0.08, -0.05, 0.0, 0.04, 0.09, 0.19], [0, 0.25, 1, 1, 0.55, 0]))
        at = max(at, moment) + 0.3 + rng.lognormal(mean, spread)
    return lids


def _postures(utterance: Utterance, style: ArticulationStyle, rng: np.random.Generator) -> NDArray[np.float64]:
    """A posture for each phrase, ``[T, 3]``, joined by minimum-jerk moves (Flash & Hogan, 1985)."""
    borders, at = [], 0.0
    for pause in [*((start + end) / 2 for start, end in _pauses(utterance)), utterance.duration]:
        # A long phrase has more than one posture.
        while pause - at > 3.5 / style.tempo:
            at += rng.uniform(1.4, 3.0) / style.tempo
            borders.append(at)
        at = pause
        borders.append(at)
    now = rng.standard_normal(3)
    result = np.tile(now, (utterance.frames, 1))
    for start in borders:
        following = 0.3 * now + rng.standard_normal(3) * (0.8, 1.0, 1.0)
        s = np.clip((utterance.times - start + 0.3 / style.tempo) / (0.6 / style.tempo), 0, 1)
        result += (following - now) * (s**3 * (10 - 15 * s + 6 * s**2))[:, None]
        now = following
    return result


def _band(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of a signal that rises and falls within about one to five seconds."""
    return gaussian(signal, 22) - gaussian(signal, 80)


def _noise(frames: int, cutoff: float, rng: np.random.Generator, axes: int = 1) -> NDArray[np.float64]:
    """Gaussian noise below about ``cutoff`` Hz, of standard deviation 1, ``[frames, axes]``."""
    sigma = FRAME_RATE / (2 * np.pi * cutoff)
    pad = int(4 * sigma) + 1
    smooth = gaussian(rng.standard_normal((axes, frames + 2 * pad)).T, sigma)[pad : pad + frames]
    # White noise through a Gaussian of sigma frames has variance 1 / (2 sqrt(pi) sigma).
    return np.asarray(smooth * np.sqrt(2 * np.sqrt(np.pi) * sigma))

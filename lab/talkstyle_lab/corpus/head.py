"""Head, brows and lids: what moves with prosody rather than with phones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sdk.geometry import rotation_matrix
from talkstyle_lab.corpus.articulation import UpperFace
from talkstyle_lab.corpus.phones import PAUSE
from talkstyle_lab.corpus.prosody import FRAME_RATE, Prosody, gaussian
from talkstyle_lab.corpus.speech import Utterance
from talkstyle_lab.corpus.style import ArticulationStyle

_NECK = np.array([0.0, 1.6, 0.9])
"""The point that the head turns about, in the face frame."""


def head_pose(
    utterance: Utterance, prosody: Prosody, style: ArticulationStyle, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Move the head with the sound.

    Nods mark the stronger accents; pitch lifts and lowers the head (Munhall et al., 2004: head motion and pitch go
    together); each phrase has a posture of its own, taken up through the pause before it; the rest is smooth noise.

    Returns:
        ``[T, 6]``: axis-angle (radians), translation (face-frame units). Positive x rotation looks down.
    """
    time = np.arange(utterance.frames) / FRAME_RATE
    nod = np.zeros((len(time), 3))
    side = 1.0
    for at, strength in prosody.accents:
        if strength < 0.55:
            continue
        weight = (strength - 0.4) / 0.6
        width = 0.20 / style.tempo
        # Down into the vowel, then a smaller rebound.
        pulse = np.exp(-0.5 * ((time - at - 0.03) / width) ** 2) - 0.4 * np.exp(
            -0.5 * ((time - at - 0.03 - 2.1 * width) / (1.2 * width)) ** 2
        )
        side = -side if rng.random() < 0.6 else side
        nod += weight * pulse[:, None] * (1.0, 0.30 * side * style.yaw, 0.35 * side * style.roll)
    lift = gaussian(prosody.pitch, 12 / style.tempo)
    nod[:, 0] -= 0.15 * (lift - lift.mean())
    nod = (nod - nod.mean(axis=0)) / (nod[:, 0].std() + 0.1)
    posture = _postures(utterance, time, style, rng)
    swing = np.stack([_band(-prosody.pitch) / 1.4, _band(prosody.pitch) / 1.2, _band(prosody.loudness) / 5.0], axis=1)
    drift = np.stack([_noise(len(time), 0.5 * style.tempo, rng) for _ in range(3)], axis=1)
    axes = np.array([1.0, style.yaw, style.roll])
    parts = style.nods * nod + style.sway * (0.7 * posture + 0.7 * swing) * axes + style.noise * drift * axes
    # 0.75: what brings the mean of the axes' deviations to the style's own, measured over many styles.
    parts /= 0.75 * np.sqrt(style.nods**2 + style.sway**2 + style.noise**2)
    parts -= parts.mean(axis=0)
    # Necks end: beyond about 15 degrees the motion is held back.
    rotation = np.radians(15.0 * np.tanh(style.head * parts / 15.0))
    # The face frame's origin is carried along by turning about the neck, and leans a little by itself.
    carried = _NECK - rotation_matrix(rotation) @ _NECK
    lean = 0.004 * style.head * np.stack([_noise(len(time), 0.25, rng) for _ in range(3)], axis=1)
    return np.concatenate([rotation, carried * (0.7, 0.7, 0.2) + lean * (1.0, 0.6, 0.3)], axis=1)


def upper_face(utterance: Utterance, prosody: Prosody, style: ArticulationStyle, rng: np.random.Generator) -> UpperFace:
    """Raise brows on emphasis and with pitch, and blink, rather in pauses than elsewhere."""
    time = np.arange(utterance.frames) / FRAME_RATE
    raised = np.zeros_like(time)
    for at, strength in prosody.accents:
        if strength > 0.75:
            raised = np.maximum(raised, (strength - 0.5) * 2 * np.exp(-0.5 * ((time - at + 0.02) / 0.16) ** 2))
    raised += 0.12 * gaussian(np.maximum(prosody.pitch, 0.0), 10) / 2
    calm = 0.12 * _noise(len(time), 0.3, rng)
    brows = style.brows * gaussian(raised + calm, 2.5)
    tilt = rng.uniform(0.3, 0.7)
    return UpperFace(
        brow_inner=1.2 * tilt * brows, brow_outer=1.2 * (1 - tilt) * brows, blink=_blinks(utterance, time, style, rng)
    )


def _blinks(
    utterance: Utterance, time: NDArray[np.float64], style: ArticulationStyle, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Lids over time: closing in 80 ms, closed 40, opening in 150; log-normal intervals."""
    pauses = [
        start + 0.05 for label, start, end in utterance.phones if label == PAUSE and end - start > 0.12 and start > 0
    ]
    lids = np.zeros_like(time)
    spread = 0.55
    mean = np.log(60.0 / style.blinks) - spread**2 / 2
    at = rng.lognormal(mean, spread) * rng.random()
    while at < utterance.duration:
        near = [p for p in pauses if abs(p - at) < 0.7]
        moment = min(near, key=lambda p: abs(p - at)) if near and rng.random() < 0.65 else at
        since = time - moment
        lids = np.maximum(lids, np.interp(since, [-0.08, -0.05, 0.0, 0.04, 0.09, 0.19], [0, 0.25, 1, 1, 0.55, 0]))
        at = max(at, moment) + 0.3 + rng.lognormal(mean, spread)
    return lids


def _postures(
    utterance: Utterance, time: NDArray[np.float64], style: ArticulationStyle, rng: np.random.Generator
) -> NDArray[np.float64]:
    """A posture for each phrase, ``[T, 3]``, joined by minimum-jerk moves (Flash & Hogan, 1985)."""
    pauses = [(s + e) / 2 for label, s, e in utterance.phones if label == PAUSE and e - s > 0.12 and s > 0]
    borders = []
    at = 0.0
    for pause in [*pauses, utterance.duration]:
        # A long phrase is more than one posture.
        while pause - at > 3.5 / style.tempo:
            at += rng.uniform(1.4, 3.0) / style.tempo
            borders.append(at)
        at = pause
        borders.append(at)
    result = np.zeros((len(time), 3))
    now = rng.standard_normal(3)
    result += now
    for start in borders:
        following = 0.3 * now + rng.standard_normal(3) * (0.8, 1.0, 1.0)
        s = np.clip((time - start + 0.3 / style.tempo) / (0.6 / style.tempo), 0, 1)
        result += (following - now) * (s**3 * (10 - 15 * s + 6 * s**2))[:, None]
        now = following
    return result


def _band(signal: NDArray[np.float64]) -> NDArray[np.float64]:
    """What of a signal goes up and down within about one to five seconds."""
    return gaussian(signal, 22) - gaussian(signal, 80)


def _noise(frames: int, cutoff: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Gaussian noise below about ``cutoff`` Hz, of standard deviation 1, ``[frames]``."""
    sigma = FRAME_RATE / (2 * np.pi * cutoff)
    pad = int(4 * sigma) + 1
    smooth = gaussian(rng.standard_normal(frames + 2 * pad), sigma)[pad : pad + frames]
    # White noise through a Gaussian of sigma frames has variance 1 / (2 sqrt(pi) sigma).
    return np.asarray(smooth * np.sqrt(2 * np.sqrt(np.pi) * sigma))

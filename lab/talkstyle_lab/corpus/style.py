"""Articulation styles: parameters of articulation and head motion, their ranges and presets."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class ArticulationStyle:
    """A way of speaking. The defaults are neutral.

    ``jaw`` and ``lips`` span the field of Edwards et al. (JALI, 2016): with both low, speech is mumbled.
    """

    jaw: float = 1.0  # strength of the jaw
    lips: float = 1.0  # strength of the lips' movement: width, rounding, raising and lowering
    rounding: float = 1.0  # extra strength of rounding and protrusion
    upper_lip: float = 1.0  # share of the upper lip in opening
    firmness: float = 0.5  # how firmly lips press at m, b, p
    speed: float = 1.0  # sharpness of the dominance functions; below 1, sounds blend more
    smoothing: float = 0.014  # seconds, the standard deviation of the muscles' smoothing
    lead: float = 0.02  # seconds by which lips anticipate
    effort: float = 0.35  # how much louder syllables open the jaw
    variability: float = 0.06  # relative spread from one phone to the next
    pause_open: float = 0.42  # the jaw's opening in pauses, as long as the lips wait
    rest_open: float = 0.03  # the jaw's opening in silence that lasts
    smile: float = 0.0  # constant; below 0 a frown
    asymmetry: float = 0.0  # of the mouth; positive moves the person's left side more
    head: float = 3.0  # degrees, the standard deviation of the head's rotation
    nods: float = 0.5  # share of nods on accents in the head's motion
    sway: float = 0.6  # share of slow motion from phrase to phrase
    noise: float = 0.3  # share of motion without a cause in the sound
    yaw: float = 0.9  # amount of turning, relative to nodding
    roll: float = 0.6  # amount of tilting, relative to nodding
    tempo: float = 1.0  # speed of the head's motion, relative
    brows: float = 0.35  # how high brows rise on accents
    furrow: float = 0.0  # brows drawn together, constantly
    blinks: float = 18.0  # per minute
    squint: float = 0.0  # lids narrowed, constantly

    @classmethod
    def sample(cls, rng: np.random.Generator) -> ArticulationStyle:
        """Draw a style from ``RANGES``, denser in the middle; one in five lies near a preset."""
        if rng.random() < 0.2:
            centre = asdict(PRESETS[str(rng.choice(sorted(PRESETS)))])
            drawn = {n: centre[n] + 0.12 * (high - low) * rng.standard_normal() for n, (low, high) in RANGES.items()}
        else:
            drawn = {n: low + (high - low) * rng.beta(1.6, 1.6) for n, (low, high) in RANGES.items()}
        return cls(**{n: float(np.clip(value, *RANGES[n])) for n, value in drawn.items()})

    def vector(self) -> NDArray[np.float32]:
        """All parameters, scaled by ``RANGES`` to [0, 1], float32 ``[25]``, in field order."""
        ranges = ((value, *RANGES[name]) for name, value in asdict(self).items())
        return np.array([(value - low) / (high - low) for value, low, high in ranges], dtype=np.float32)


RANGES: Final[dict[str, tuple[float, float]]] = {
    "jaw": (0.45, 1.6), "lips": (0.45, 1.6), "rounding": (0.6, 1.5), "upper_lip": (0.4, 1.8), "firmness": (0.0, 1.0),
    "speed": (0.65, 1.5), "smoothing": (0.008, 0.026), "lead": (0.0, 0.04), "effort": (0.05, 0.75),
    "variability": (0.0, 0.12), "pause_open": (0.08, 0.76), "rest_open": (0.0, 0.08), "smile": (-0.4, 0.7),
    "asymmetry": (-0.25, 0.25), "head": (1.0, 6.5), "nods": (0.15, 1.0), "sway": (0.25, 1.0), "noise": (0.1, 0.6),
    "yaw": (0.4, 1.5), "roll": (0.3, 1.2), "tempo": (0.6, 1.6), "brows": (0.0, 1.0), "furrow": (0.0, 0.6),
    "blinks": (10.0, 28.0), "squint": (0.0, 0.5),
}  # fmt: skip
"""The lowest and highest value of each parameter that is sampled."""

PRESETS: Final[dict[str, ArticulationStyle]] = {
    "neutral": ArticulationStyle(),
    "lively": ArticulationStyle(
        jaw=1.25, lips=1.35, upper_lip=1.3, speed=1.15, effort=0.55, smile=0.45, head=5.0, nods=0.9, sway=0.6,
        noise=0.25, tempo=1.25, brows=0.8, blinks=20.0, pause_open=0.55,
    ),
    "calm": ArticulationStyle(
        jaw=0.8, lips=0.85, speed=0.85, smoothing=0.02, effort=0.15, smile=0.15, head=1.8, nods=0.35, sway=0.8,
        noise=0.2, tempo=0.7, brows=0.15, blinks=13.0, pause_open=0.25,
    ),
    "mumbling": ArticulationStyle(
        jaw=0.5, lips=0.5, rounding=0.75, upper_lip=0.6, firmness=0.1, speed=0.7, smoothing=0.024, effort=0.1,
        smile=-0.2, head=1.6, nods=0.25, sway=0.7, noise=0.4, tempo=0.75, brows=0.05, pause_open=0.15, squint=0.25,
    ),
    "emphatic": ArticulationStyle(
        jaw=1.5, lips=1.45, rounding=1.25, upper_lip=1.2, firmness=1.0, speed=1.35, smoothing=0.01, effort=0.65,
        smile=-0.1, head=4.5, nods=1.0, sway=0.4, noise=0.15, tempo=1.2, brows=0.6, furrow=0.4, blinks=12.0,
        pause_open=0.3,
    ),
    "rap": ArticulationStyle(
        jaw=1.05, lips=1.25, rounding=1.2, speed=1.4, smoothing=0.009, effort=0.65, asymmetry=0.12, head=5.5, nods=1.0,
        sway=0.5, noise=0.2, roll=1.0, tempo=1.5, brows=0.4, furrow=0.3, blinks=14.0, squint=0.3, pause_open=0.36,
    ),
    "ballad": ArticulationStyle(
        jaw=1.2, lips=1.0, rounding=1.15, speed=0.8, smoothing=0.022, effort=0.4, smile=0.1, head=3.8, nods=0.3,
        sway=1.0, noise=0.2, roll=1.1, tempo=0.65, brows=0.7, blinks=11.0, squint=0.3, pause_open=0.6, rest_open=0.04,
    ),
    "opera": ArticulationStyle(
        jaw=1.6, lips=1.2, rounding=1.4, upper_lip=1.3, firmness=0.8, speed=0.85, smoothing=0.02, effort=0.7, head=3.2,
        nods=0.5, sway=0.9, noise=0.15, yaw=1.1, tempo=0.75, brows=1.0, blinks=10.0, pause_open=0.7, rest_open=0.05,
    ),
}  # fmt: skip

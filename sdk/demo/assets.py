"""Synthesised speech, and the motion of a lively speaker to part of it, which come with the SDK."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
from safetensors.numpy import load_file

from sdk.animation.stages.resampler import Resampler, frame_count
from sdk.data import MOTION_RATE, Audio, Motion
from sdk.media import read_audio

__all__ = ["DemoAssets", "at_frame_rate", "load_assets"]

FOLDER: Final = Path(__file__).resolve().parent.parent / "demo_material"


@dataclass(frozen=True, eq=False)
class DemoAssets:
    """What the demonstration is made of; nobody's voice and nobody's face.

    Attributes:
        speech: What the reference says.
        motion: How the reference moves to it, 60 Hz, as long as ``speech``.
        sentence: Something new to say, in another voice.
    """

    speech: Audio
    motion: Motion
    sentence: Audio


def load_assets(*, seconds: float | None = None) -> DemoAssets:
    """Read the material.

    Args:
        seconds: Take only so much of the reference, and of the sentence.
    """
    speech = read_audio(FOLDER / "reference.flac", limit_seconds=seconds)
    arrays = load_file(FOLDER / "reference.safetensors")
    motion = Motion(arrays["expression"].astype(np.float32), arrays["pose"].astype(np.float32))
    if seconds is not None:
        motion = motion[: round(seconds * MOTION_RATE)]
    return DemoAssets(speech, motion, read_audio(FOLDER / "sentence.flac", limit_seconds=seconds))


def at_frame_rate(motion: Motion, duration: Fraction, fps: Fraction) -> Motion:
    """Read motion at a video's frames, as many as a sound of that many seconds needs."""
    resampler = Resampler(fps, frame_count(duration, fps))
    return Motion.concat([resampler.push(motion), resampler.finish()])

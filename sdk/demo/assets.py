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

FOLDER: Final = Path(__file__).with_name("data")


@dataclass(frozen=True, eq=False)
class DemoAssets:
    """What the demonstration is made of, all of it synthetic.

    Attributes:
        speech: What the reference says.
        motion: How the reference moves to it, 60 Hz, as long as ``speech``.
        sentence: Something new to say, in another voice.
    """

    speech: Audio
    motion: Motion
    sentence: Audio


def load_assets(*, seconds: float | None = None) -> DemoAssets:
    """Read the assets, or the first ``seconds`` of each."""
    speech = read_audio(FOLDER / "reference.flac", limit_seconds=seconds)
    arrays = load_file(FOLDER / "reference.safetensors")
    motion = Motion(arrays["expression"].astype(np.float32), arrays["pose"].astype(np.float32))
    if seconds is not None:
        motion = motion[: round(seconds * MOTION_RATE)]
    return DemoAssets(speech, motion, read_audio(FOLDER / "sentence.flac", limit_seconds=seconds))


def at_frame_rate(motion: Motion, duration: Fraction, fps: Fraction) -> Motion:
    """Resample motion to the frames of a video as long as a sound of ``duration`` seconds."""
    resampler = Resampler(fps, frame_count(duration, fps))
    return Motion.concat([resampler.push(motion), resampler.finish()])

"""Synthesised speech and the motion of a lively speaker, which come with the SDK, and a photograph."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image as Pillow
from safetensors.numpy import load_file

from sdk.animation.stages.resampler import Resampler, frame_count
from sdk.data import MOTION_RATE, Audio, Image, Motion
from sdk.errors import ComponentUnavailable, FaceNotFound
from sdk.interfaces import LandmarkDetector
from sdk.media import read_audio
from sdk.places import lent_home
from sdk.registry import install_line

FOLDER: Final = Path(__file__).with_name("data")

CROP_IN_FACES: Final = 2.6
"""The crop's side, in heights of the face's box: head and shoulders."""


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


def astronaut(detector: LandmarkDetector, *, size: int = 512) -> Image:
    """Crop scikit-image's astronaut to head and shoulders, uint8 ``[size, size, 3]``.

    NASA's photograph of Eileen Collins is in the public domain, and scikit-image's wheel includes it.

    Raises:
        ComponentUnavailable: scikit-image is not installed.
        FaceNotFound: The detector finds no face.
    """
    try:
        with lent_home():
            from skimage.data import astronaut as photograph
    except ImportError as error:
        what = "scikit-image, which carries the demonstration's face, is not installed"
        raise ComponentUnavailable(what, hint=f"Run: {install_line(['talkstyle[demo]'])}") from error
    pixels: Image = np.ascontiguousarray(photograph()[:, :, :3])  # type: ignore[no-untyped-call]
    (faces,) = detector.detect([pixels])
    if not faces:
        raise FaceNotFound("no face in the demonstration's photograph", hint="Try another detector.")
    left, top, right, bottom = faces[0].box
    side = min(CROP_IN_FACES * (bottom - top), *pixels.shape[:2])
    # A face sits a little above the middle of head and shoulders, and the crop stays inside the photograph.
    corner = ((left + right - side) / 2, (top + bottom) / 2 - 0.45 * side)
    x, y = (min(max(0.0, at), limit - side) for at, limit in zip(corner, pixels.shape[1::-1], strict=True))
    crop = Pillow.fromarray(pixels).resize((size, size), Pillow.Resampling.LANCZOS, box=(x, y, x + side, y + side))
    return np.asarray(crop)

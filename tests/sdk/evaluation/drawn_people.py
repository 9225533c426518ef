"""Clips of drawn people, for tests that measure a style on a clip."""

from fractions import Fraction

import numpy as np

from sdk.data import Audio, Motion
from sdk.drawing import drawn_clip
from sdk.media import open_audio, write_video
from tests.sdk.fakes import talking

FPS, SECONDS = 15, 6


def drawn_person(folder, name, *, opening, smile, pace):
    """A drawn person whose mouth opens as loudly as they speak, and its labels: lips that meet where it is silent."""
    rng = np.random.default_rng(pace)
    swell = np.abs(np.sin(np.arange(SECONDS * 16000) / 16000 * pace))
    voice = Audio(rng.normal(size=SECONDS * 16000) * (0.1 * swell + 1e-3), 16000)
    course = np.abs(np.sin(np.arange(SECONDS * FPS) / FPS * pace)).astype(np.float32)
    motion = Motion(*talking(SECONDS * FPS, opening=opening, smile=smile, loudness=course), Fraction(FPS))
    write_video(folder / f"{name}.mp4", drawn_clip(motion, size=192, seed=pace), rate=FPS, audio=open_audio(voice))
    shut = np.abs(np.sin(np.arange(SECONDS * 30) / 30 * pace)) < 0.2
    (folder / f"{name}.json").write_text("[" + ",".join('"M"' if s else '"AA"' for s in shut) + "]")
    return folder / f"{name}.mp4", folder / f"{name}.json"

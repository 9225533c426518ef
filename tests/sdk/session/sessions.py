"""Sessions of small parts, and what tests ask of their frames."""

from itertools import islice

import numpy as np

from sdk.animation import Animator
from sdk.data import Motion
from sdk.session import open_session
from tests.sdk.animation.fakes import RATE, Detector, Encoder, Generator, Renderer, portrait

MOUTH = (*range(17), *range(48, 68))


def animator(**parts):
    fakes = {"generator": Generator(), "encoder": Encoder(), "renderer": Renderer(), "detector": Detector()}
    return Animator(**fakes | parts)


def opened(*, parts=None, **options):
    """A session of fakes at the encoder's rate, as fast as possible unless it says otherwise."""
    options = {"rate": RATE, "paced": False} | options
    if options.get("clock") is not None:
        options["paced"] = True
    return open_session(animator(**parts or {}), portrait(), **options)


def speech(seconds, *, level=0.2, seed=0, rate=RATE):
    """Noise as int16, with nothing that is zero."""
    samples = level * np.random.default_rng(seed).standard_normal(round(seconds * rate))
    found = np.clip(samples * 32767, -32767, 32767).astype(np.int16)
    found[found == 0] = 1
    return found


def until_end(session, *, limit=2000):
    """The frames up to the end of an utterance."""
    frames = []
    for frame in islice(session, limit):
        frames.append(frame)
        if frame.end_of_utterance:
            return frames
    raise AssertionError(f"no end within {limit} frames")


def sound(frames):
    return np.concatenate([frame.sound for frame in frames])


def motion(frames):
    return Motion.concat([frame.motion for frame in frames])


def opening(frames):
    """How far the mouth is from rest, for each frame."""
    return np.abs(motion(frames).expression[:, MOUTH]).max(axis=(1, 2))


def speed(frames, fps=25):
    """The fastest landmark between frames, eye distances a second: ``[T - 1]``."""
    return np.linalg.norm(np.diff(motion(frames).expression, axis=0), axis=2).max(axis=1) * fps

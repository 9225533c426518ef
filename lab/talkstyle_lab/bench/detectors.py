"""How fast landmark detectors are, how long they take to start, and how far two of them agree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from sdk.data import Floats, Image
from sdk.drawing import drawn_face
from sdk.errors import ComponentBroken, FaceNotFound
from sdk.face import normalise
from sdk.media import MediaInput, VideoReader
from sdk.progress import CancelToken, ProgressCallback, Reporter
from sdk.registry import find, load, parse
from sdk.tracking import frame_interval

FRAMES: Final = 60
LARGE_SHORTER_SIDE: Final = 1080
KIND: Final = "landmark-detector"

_START = """
import json, sys, time
name, config, target = json.loads(sys.argv[1])
began = time.perf_counter()
import importlib
importlib.import_module(target.partition(":")[0])
imported = time.perf_counter()
from sdk.registry import load
from sdk.drawing import drawn_face
picture = drawn_face(256).pixels
drawn = time.perf_counter()
load("landmark-detector", name, **config).detect([picture])
print(json.dumps([imported - began, time.perf_counter() - drawn]))
"""


@dataclass(frozen=True)
class Start:
    """What a detector takes before its first answer, in a fresh process."""

    detector: str  # as named
    import_seconds: float  # importing its module
    first_seconds: float  # making it and looking at a first picture of 256 x 256 pixels, after that


@dataclass(frozen=True)
class Speed:
    """How fast a detector is on pictures of one size."""

    detector: str  # as named
    width: int  # pixels
    height: int  # pixels
    frames_per_second: float  # pictures a second, one at a time as they are decoded; decoding is not counted
    real_time: float  # that over the clip's own frames a second
    faces: float  # the share of pictures with a face


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How far two detectors agree on a clip: mean distances of all 68 points, in % of the outer eyes' distance."""

    clip: str  # its name
    frames: int  # with a face in both
    picture: float  # as found, in the picture's plane
    # After sdk.face.normalise, in three dimensions: what a fit learns from. Its head pose rests on the eight points
    # that speech hardly moves.
    expression: float
    movement: float  # with the head taken out by all 68 points, and each detector's own mean face, in three dimensions


def start(detector: str) -> Start:
    """Time a detector's start in a fresh process; ``ComponentBroken`` if that failed."""
    name, config = parse(detector)
    target = find(KIND, name).component.target
    words = [sys.executable, "-c", _START, json.dumps([name, config, target])]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ComponentBroken(f"the detector {detector!r} did not start in a fresh process: {last}")
    return Start(detector, *json.loads(done.stdout))


def speeds(
    detectors: Sequence[str],
    clip: MediaInput | None = None,
    *,
    frames: int = FRAMES,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> list[Speed]:
    """Time detectors on a clip's first frames, at their own size and with the shorter side at 1080 pixels.

    Detectors are named, with options: ``mediapipe,flip_input=true``. Without a clip, faces of 512 x 512 pixels are
    drawn, at 25 a second.
    """
    report = Reporter(on_progress, cancel)
    own, rate = _frames(clip, frames)
    large = [_large(image) for image in own]
    measured = []
    for number, name in enumerate(detectors):
        detector = load(KIND, name)
        for half, images in enumerate((own, large)):
            detector.detect(images[:1])
            seconds, found = 0.0, 0
            for index, image in enumerate(images):
                report("detect", (2 * number + half + index / len(images)) / (2 * len(detectors)), name)
                began = time.perf_counter()
                (faces,) = detector.detect([image])
                seconds += time.perf_counter() - began
                found += bool(faces)
            height, width = images[0].shape[:2]
            fps = len(images) / seconds
            measured.append(Speed(name, width, height, fps, real_time=fps / rate, faces=found / len(images)))
    report("detect", 1.0)
    return measured


def agreement(
    one: str,
    other: str,
    clips: Sequence[str | os.PathLike[str]],
    *,
    frames: int = FRAMES,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> list[Agreement]:
    """Compare two detectors on clips, by the largest face in each of their first frames.

    Raises:
        FaceNotFound: In no frame of a clip do both find a face.
    """
    report = Reporter(on_progress, cancel)
    first, second = load(KIND, one), load(KIND, other)
    results = []
    for number, clip in enumerate(clips):
        pairs = []
        for index, image in enumerate(_frames(clip, frames)[0]):
            report("compare", (number + index / frames) / len(clips), os.fspath(clip))
            (a,), (b,) = first.detect([image]), second.detect([image])
            if a and b:
                pairs.append((a[0].points, b[0].points))
        if not pairs:
            raise FaceNotFound("the two detectors never both find a face", where=os.fspath(clip))
        results.append(_agreement(Path(clip).name, *(np.stack(side) for side in zip(*pairs, strict=True))))
    report("compare", 1.0)
    return results


def _agreement(clip: str, a: Floats, b: Floats) -> Agreement:
    def share(gaps: Floats) -> float:
        return 100 * float(np.linalg.norm(gaps, axis=-1).mean())

    eyes = np.linalg.norm(a[:, 36, :2] - a[:, 45, :2], axis=-1)[:, None, None]
    moved = _upright(a) - _upright(b, towards=_upright(a))
    return Agreement(
        clip=clip,
        frames=len(a),
        picture=share(((a - b) / eyes)[..., :2]),
        expression=share(normalise(a).expression - normalise(b).expression),
        movement=share(moved - moved.mean(axis=0)),
    )


def _upright(points: Floats, towards: Floats | None = None) -> NDArray[np.float64]:
    """Faces ``[T, 68, 3]`` with the outer eyes one apart and the middle at the origin, turned and scaled onto others'.

    The similarity of all points is that of least squares (Umeyama, PAMI 1991).
    """
    shape = np.asarray(points, dtype=np.float64) - points.mean(axis=1, keepdims=True)
    if towards is None:
        return np.asarray(shape / np.linalg.norm(shape[:, 36] - shape[:, 45], axis=-1)[:, None, None])
    u, s, vt = np.linalg.svd(shape.transpose(0, 2, 1) @ towards)
    sign = np.ones_like(s)
    sign[:, 2] = np.sign(np.linalg.det(u @ vt))
    scale = (s * sign).sum(axis=1) / (shape**2).sum(axis=(1, 2))
    return np.asarray(scale[:, None, None] * shape @ ((u * sign[:, None, :]) @ vt))


def _frames(clip: MediaInput | None, count: int) -> tuple[list[Image], float]:
    """The first frames, and frames a second."""
    if clip is None:
        drawings = [drawn_face(512, seed=seed).pixels for seed in range(min(count, 6))]
        return [drawings[k % len(drawings)] for k in range(count)], 25.0
    frames = list(islice(VideoReader(clip), count))
    return [frame.image for frame in frames], float(1 / frame_interval([Fraction(frame.time) for frame in frames]))


def _large(image: Image) -> Image:
    height, width = image.shape[:2]
    scale = LARGE_SHORTER_SIDE / min(height, width)
    size = (round(width * scale), round(height * scale))
    return np.asarray(PIL.Image.fromarray(image).resize(size, PIL.Image.Resampling.BICUBIC))

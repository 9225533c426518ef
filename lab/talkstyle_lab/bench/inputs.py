"""What is said of doubtful inputs: turned portraits, and references that are slow, cut or of several people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import PIL.Image

from sdk import defaults
from sdk.data import Image
from sdk.errors import InputError
from sdk.interfaces import LandmarkDetector
from sdk.media import ImageInput, MediaInput, VideoReader, read_image, write_video
from sdk.progress import CancelToken, ProgressCallback, Reporter
from sdk.registry import resolve
from sdk.tracking import load_clip, load_portrait
from talkstyle_lab.bench import timing

SIDE: Final = 256
FPS: Final = 30
FRAMES: Final = 200
"""Of each clip; a shorter one is played forwards and backwards."""
TILTS: Final = (30, 45, 60, 150)
"""Degrees clockwise by which portraits are tilted too."""


@dataclass(frozen=True)
class PortraitRow:
    """What became of a portrait: how it was given, degrees clockwise by which it was turned, score, what was said."""

    portrait: str
    mirrored: bool
    given: int
    turned: int | None
    score: float | None
    said: str


@dataclass(frozen=True, kw_only=True)
class ReferenceRow:
    """What became of a reference: seconds usable and in all, pictures a second, whom each shot shows, what was said."""

    reference: str
    usable: float
    seconds: float
    rate: float | None
    shots: str
    said: str


def run_portraits(
    portraits: Mapping[str, ImageInput],
    *,
    detector: str | LandmarkDetector = defaults.DETECTOR,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> list[PortraitRow]:
    """Load each portrait turned by quarters and tilted, plain and mirrored."""
    report, found = Reporter(on_progress, cancel), resolve("landmark-detector", detector)
    rows = []
    for number, (name, source) in enumerate(portraits.items()):
        report("look", number / len(portraits), name)
        pixels = read_image(source).pixels
        for mirrored in (False, True):
            plain = np.ascontiguousarray(pixels[:, ::-1]) if mirrored else pixels
            for degrees in (0, 90, 180, 270, *TILTS):
                turned, score, said = _taken(_tilted(plain, degrees), found)
                rows.append(PortraitRow(name, mirrored, degrees, turned, score, said))
    return rows


def run_references(
    clip: MediaInput,
    other: MediaInput,
    *,
    detector: str | LandmarkDetector = defaults.DETECTOR,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> list[ReferenceRow]:
    """Make doubtful references of two clips of different people, and load each as a fit would.

    Their pictures are cropped to a square of 256 pixels and taken as 30 frames a second.
    """
    report, found = Reporter(on_progress, cancel), resolve("landmark-detector", detector)
    made = list(_references(_square_frames(clip), _square_frames(other)))
    rows = []
    with timing.scratch_folder() as folder:
        for number, (name, frames, fps) in enumerate(made):
            report("look", number / len(made), name)
            path = Path(folder) / "reference.mp4"
            write_video(path, frames, rate=fps)
            rows.append(_reference_row(name, path, float(len(frames) / fps), found))
    return rows


def _taken(pixels: Image, detector: LandmarkDetector) -> tuple[int | None, float | None, str]:
    try:
        portrait, warnings = load_portrait(pixels, detector=detector)
    except InputError as error:
        return None, None, f"{type(error).__name__}: {error.what}"
    # A quarter turn counterclockwise, k times, gives the picture that was taken.
    turns = next(k for k in range(4) if np.array_equal(np.rot90(pixels, k), portrait.pixels))
    return -90 * turns % 360, portrait.landmarks.score, "; ".join(warnings)


def _reference_row(name: str, path: Path, seconds: float, detector: LandmarkDetector) -> ReferenceRow:
    try:
        track = load_clip(path, detector=detector)
    except InputError as error:
        said = f"{type(error).__name__}: {error.what}"
        return ReferenceRow(reference=name, usable=0.0, seconds=seconds, rate=None, shots="", said=said)
    return ReferenceRow(
        reference=name,
        usable=float(track.valid.sum()) / 60,
        seconds=seconds,
        rate=track.rate,
        shots=", ".join(f"{shot.start:.1f}-{shot.end:.1f} {shot.shows}" for shot in track.shots),
        said="; ".join(track.warnings),
    )


def _tilted(image: Image, degrees: int) -> Image:
    if degrees % 90 == 0:
        return np.ascontiguousarray(np.rot90(image, -degrees // 90))
    return np.asarray(PIL.Image.fromarray(image).rotate(-degrees, PIL.Image.Resampling.BICUBIC))


def _square_frames(clip: MediaInput) -> list[Image]:
    frames = []
    for frame in islice(VideoReader(clip), FRAMES):
        height, width = frame.image.shape[:2]
        side = min(height, width)
        left, top = (width - side) // 2, (height - side) // 4
        frames.append(_resized(frame.image[top : top + side, left : left + side]))
    return (frames + frames[::-1] * (FRAMES // len(frames)))[:FRAMES]


def _resized(image: Image, width: int = SIDE, height: int = SIDE) -> Image:
    picture = PIL.Image.fromarray(np.ascontiguousarray(image))
    return np.asarray(picture.resize((width, height), PIL.Image.Resampling.BICUBIC))


def _closer(image: Image, scale: float) -> Image:
    """The middle of a picture, or for a ``scale`` under 1 the whole of it, smaller, in the upper left corner."""
    if scale < 1:
        small = np.full_like(image, 90)
        side = round(SIDE * scale)
        small[:side, :side] = _resized(image, side, side)
        return small
    start = round(SIDE * (1 - 1 / scale) / 2)
    return _resized(image[start : SIDE - start, start : SIDE - start])


def _faded(one: Sequence[Image], other: Sequence[Image]) -> list[Image]:
    shares = (np.arange(len(one)) + 1) / (len(one) + 1)
    return [((1 - k) * a + k * b).astype(np.uint8) for a, b, k in zip(one, other, shares, strict=True)]


def _beside(one: Sequence[Image], other: Sequence[Image]) -> list[Image]:
    return [np.hstack([a, b]) for a, b in zip(one, other, strict=True)]


def _references(a: list[Image], b: list[Image]) -> Iterator[tuple[str, list[Image], Fraction]]:
    """Doubtful references: name, frames, frames a second."""
    card = np.full_like(a[0], 30)
    card[100:150, 40:210] = 220
    rng = np.random.default_rng(0)
    slides = [_resized(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8), 512, 512) for _ in range(4)]

    def beside_slide(k: int) -> Image:
        page = slides[k // 40].copy()
        page[SIDE:, SIDE:] = a[k]
        return page

    flash = [np.asarray(image // 2 + 125, dtype=np.uint8) for image in a[80:83]]
    clips: dict[str, list[Image]] = {
        "as it is": a[:180],
        "2 frames a second, repeated": [a[k // 15 * 15] for k in range(180)],
        "15 frames a second, repeated": [a[k // 2 * 2] for k in range(180)],
        "a still": [a[0]] * 180,
        "stands still for 2 s": a[:60] + [a[60]] * 60 + a[60:120],
        "a cut to somebody else": a[:110] + b[:70],
        "shot and reverse shot": a[:60] + b[:45] + a[60:110] + b[45:80],
        "eight shots of a second": [(b if k // 30 % 2 else a)[30 * (k // 60) + k % 30] for k in range(240)],
        "a cross-fade to somebody else": a[:100] + _faded(a[100:120], b[:20]) + b[20:80],
        "a title card first": [card] * 60 + a[:120],
        "a title card within": a[:90] + [card] * 30 + a[90:150],
        "from black": _faded([np.zeros_like(card)] * 20, a[:20]) + a[20:160],
        "a closer view": a[:90] + [_closer(image, 1.25) for image in a[90:180]],
        "a farther view": a[:90] + [_closer(image, 0.6) for image in a[90:180]],
        "jump cuts": a[:60] + a[90:150] + a[20:80],
        "jump cuts, closer each second time": a[:50] + [_closer(image, 1.2) for image in a[70:120]] + a[130:180],
        "a slow zoom": [_closer(image, 1 + k / 500) for k, image in enumerate(a[:150])],
        "a flash": a[:80] + flash + a[83:160],
        "slides beside the speaker": [beside_slide(k) for k in range(160)],
        "a split screen": _beside(a[:120], b[:120]),
        "turned by 90": [_tilted(image, 90) for image in a[:150]],
        "turned by 180": [_tilted(image, 180) for image in a[:150]],
        "turned by 270": [_tilted(image, 270) for image in a[:150]],
        "mirrored, turned by 180": [_tilted(image[:, ::-1], 180) for image in a[:150]],
    }
    yield from ((name, frames, Fraction(FPS)) for name, frames in clips.items())
    yield "2 frames a second", a[:180:15], Fraction(2)
    yield "8 frames a second", a[:176:4], Fraction(8)
    yield "15 frames a second", a[:180:2], Fraction(15)

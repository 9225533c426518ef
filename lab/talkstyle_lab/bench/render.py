"""How well a renderer follows motion: portraits are driven, their landmarks detected again, and compared."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from statistics import median
from typing import Any, Final

import numpy as np
import PIL.Image
import torch
from numpy.typing import NDArray

from sdk import defaults
from sdk.data import Motion, Portrait
from sdk.drawing import drawn_face
from sdk.errors import ConfigError, FaceNotFound
from sdk.face import retarget
from sdk.geometry import eye_opening, mouth_opening
from sdk.interfaces import LandmarkDetector, Renderer
from sdk.media import read_image, write_video
from sdk.progress import CancelToken, ProgressCallback, Reporter
from sdk.registry import accepts, resolve
from sdk.tracking import load_portrait
from talkstyle_lab.bench import timing
from talkstyle_lab.bench.contact_sheets import ContactSheets
from talkstyle_lab.bench.driving import CYCLE, FPS, Driver, cycle, follow, largest
from talkstyle_lab.bench.rigidity import Rigidity, around, change, psnr

logger = logging.getLogger(__name__)

SKIN_EVERY_FRAMES: Final = 4  # skin is compared in every fourth frame
SHUT_THRESHOLD: Final = 0.1  # of the open eye: eyes meant to be open by less are meant to be shut

REPEATS: Final = 5  # of each measurement of speed; the median counts


@dataclass(frozen=True, kw_only=True)
class RenderRow:
    """One portrait driven by one motion. Errors are in percent of the portrait's face width."""

    portrait: str  # which
    clip: str  # what drove it
    points_mean: float  # distance of all 68 points found from where they are meant to be, mean
    points_p95: float  # the same, 95th percentile
    mouth_mean: float  # of the mouth's 20 points
    mouth_p95: float  # the same, 95th percentile
    mouth_r: float | None  # correlation of the mouth's opening, meant and found; None where it does not change
    mouth_slope: float | None  # found over meant, by least squares
    eye_r: float | None  # as for the mouth, and so is the slope
    eye_slope: float | None
    # Eye opening found over the open eye's (90th percentile), median of the frames in which the eyes are meant to be
    # shut; None where they never are.
    blink: float | None
    ssim: float  # forehead and cheeks against the portrait's own; see rigidity.Rigidity
    psnr: float  # the same in decibels
    around: float  # mean change of a ring around the head, levels of 255; see rigidity.around
    missed: int  # frames in which no face was found


@dataclass(frozen=True, kw_only=True)
class RenderSpeed:
    """How fast a drawn face is rendered at one size, beside its encoding."""

    size: int  # pixels along each side
    over_encoding: float  # time to render and encode over that to encode alone
    cpu_over_encoding: float  # the same in processor time, which a busy machine does not change
    fps: float  # frames a second, rendered and encoded
    render_ms: float  # processor time of rendering alone, milliseconds a frame


@dataclass(frozen=True, kw_only=True)
class RenderBench:
    """What was measured."""

    rows: tuple[RenderRow, ...]  # every portrait with every motion
    speeds: tuple[RenderSpeed, ...]  # by size
    renderer: str
    detector: str

    def mean(self) -> dict[str, float | None]:
        """Each figure's mean over the rows that have it."""
        columns = {field.name: [getattr(row, field.name) for row in self.rows] for field in fields(RenderRow)[2:]}
        known = {name: [value for value in column if value is not None] for name, column in columns.items()}
        return {name: float(np.mean(values)) if values else None for name, values in known.items()}

    def as_dict(self) -> dict[str, Any]:
        """The figures, for files."""
        return {**asdict(self), "mean": self.mean()}


def run_render(
    portraits: Sequence[str | os.PathLike[str]] = (),
    *,
    clips: Sequence[str | os.PathLike[str]] = (CYCLE,),
    frames: int = 120,
    size: int = 640,
    speeds: Sequence[int] = (512, 1024),
    out: str | os.PathLike[str] | None = None,
    detector: str | LandmarkDetector = defaults.DETECTOR,
    renderer: str | Renderer = defaults.RENDERER,
    device: str | torch.device = "auto",
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> RenderBench:
    """Drive portraits, detect again, and compare with what was meant.

    What is meant is what the renderer's own ``landmarks(prepared, motion)`` says where it has one, float32
    ``[T, 68, 3]`` in pixels, as its limits and scales are its own business; else ``sdk.face.retarget``.

    Without ``portraits``, three drawn faces are driven. ``clips`` show one face each; ``"cycle"`` is a synthetic
    motion, and with none the speed alone is measured. Of a clip, every other frame from its beginning is used,
    ``frames`` in all. Pictures are shrunk to ``size`` pixels along their longer side. ``speeds`` are sizes of a drawn
    face whose speed is measured. Contact sheets and videos go to the folder ``out``.

    Raises:
        ConfigError: Too few frames.
        FaceNotFound: A picture or a clip shows no face, or no rendered frame does.
        SdkError: As ``load_portrait`` and ``read_image``.
    """
    if frames < 8:
        raise ConfigError(f"frames={frames} is too few", where="frames", hint="Give 8 or more; blinks need 40.")
    report = Reporter(on_progress, cancel)
    landmark_detector: LandmarkDetector = resolve("landmark-detector", detector)
    placed = isinstance(renderer, str) and accepts("renderer", renderer, "device")
    loaded_renderer: Renderer = resolve("renderer", renderer, **({"device": device} if placed else {}))
    loaded = load_portraits(portraits, size, landmark_detector) if clips else {}
    prepared = {name: loaded_renderer.prepare(portrait) for name, portrait in loaded.items()}
    landmarks: Callable[[Any, Motion], NDArray[np.float32]] | None = getattr(loaded_renderer, "landmarks", None)
    rows, sheets = [], None if out is None else ContactSheets(Path(out))
    for clip in clips:
        if clip == CYCLE:
            driver = Driver(CYCLE, cycle(frames), [])
        else:
            driver = follow(clip, Path(clip).stem, frames, detector=landmark_detector, report=report)
        for name, portrait in loaded.items():
            report("render", None, f"{name}, {driver.name}")
            meant = (
                landmarks(prepared[name], driver.motion) if landmarks else retarget(driver.motion, portrait.landmarks)
            )
            rendered = loaded_renderer.render(prepared[name], [driver.motion])
            rows.append(_compare(name, driver, portrait, meant, rendered, landmark_detector, sheets, report))
            logger.info("%s", rows[-1])
        if sheets is not None:
            sheets.save_clip(driver)
    if sheets is not None:
        sheets.save_sheets()
    taken = tuple(_speed(loaded_renderer, side, min(frames, 60), report) for side in speeds)
    return RenderBench(rows=tuple(rows), speeds=taken, renderer=loaded_renderer.name, detector=landmark_detector.name)


def load_portraits(
    paths: Sequence[str | os.PathLike[str]], size: int, detector: LandmarkDetector
) -> dict[str, Portrait]:
    """The portraits by name; drawn faces with the landmarks that the detector finds, not those they were drawn by."""
    pictures: dict[str, NDArray[np.uint8]] = {}
    for path in map(Path, paths):
        picture = read_image(path)
        pixels: NDArray[np.uint8] = picture.pixels
        if picture.alpha is not None:
            pixels = np.concatenate([pixels, picture.alpha[..., None]], axis=-1)
        if max(pixels.shape[:2]) > size:
            image = PIL.Image.fromarray(pixels)
            image.thumbnail((size, size), PIL.Image.Resampling.LANCZOS)
            pixels = np.asarray(image)
        pictures[path.stem if path.stem not in pictures else f"{path.stem}-{len(pictures)}"] = pixels
    if not paths:
        pictures = {f"drawn-{seed}": drawn_face(min(size, 512), seed=seed).pixels for seed in (1, 2, 3)}
    return {name: load_portrait(pixels, detector=detector)[0] for name, pixels in pictures.items()}


def _compare(
    name: str,
    driver: Driver,
    portrait: Portrait,
    meant: NDArray[np.float32],
    rendered: Iterable[NDArray[np.uint8]],
    detector: LandmarkDetector,
    sheets: ContactSheets | None,
    report: Reporter,
) -> RenderRow:
    """Look at each frame as it comes: none is kept."""
    rigidity = Rigidity(portrait.pixels, portrait.landmarks.points)
    found: dict[int, NDArray[np.float32]] = {}
    likenesses, changes = [], []
    height, width = portrait.pixels.shape[:2]
    ring = around((height, width), portrait.landmarks.points)
    for number, frame in enumerate(rendered):
        report("render", (number + 1) / len(meant), f"{name}, {driver.name}")
        picture = np.ascontiguousarray(frame[..., :3])
        if sheets is not None:
            sheets.film(name, portrait, picture)
        if number % SKIN_EVERY_FRAMES == 0:
            likenesses.append(rigidity(picture, meant[number]))
            changes.append(change(portrait.pixels, picture, ring))
        face = largest(detector, picture)
        if face is not None:
            found[number] = face.points
    if len(found) < 2:
        hint = "Look at the frames: give a folder by out=."
        raise FaceNotFound(f"no face in what was rendered, driven by {driver.name}", where=name, hint=hint)
    got, want = np.stack(list(found.values()))[..., :2], meant[list(found)][..., :2]
    error = 100 * np.linalg.norm(got - want, axis=-1) / portrait.landmarks.width
    mouth_r, mouth_slope = _agreement(mouth_opening(want), mouth_opening(got))
    eyes_meant, eyes_found = eye_opening(want), eye_opening(got)
    eye_r, eye_slope = _agreement(eyes_meant, eyes_found)
    return RenderRow(
        portrait=name,
        clip=driver.name,
        points_mean=float(error.mean()),
        points_p95=float(np.percentile(error, 95)),
        mouth_mean=float(error[:, 48:].mean()),
        mouth_p95=float(np.percentile(error[:, 48:], 95)),
        mouth_r=mouth_r,
        mouth_slope=mouth_slope,
        eye_r=eye_r,
        eye_slope=eye_slope,
        blink=_left_open(eyes_meant, eyes_found),
        ssim=float(np.mean([one.ssim for one in likenesses])),
        psnr=psnr(float(np.mean([one.mse for one in likenesses]))),
        around=float(np.mean(changes)),
        missed=len(meant) - len(found),
    )


def _agreement(meant: NDArray[np.float64], found: NDArray[np.float64]) -> tuple[float | None, float | None]:
    """Correlation and slope; None where nothing changes."""
    a, b = meant - meant.mean(), found - found.mean()
    if a.std() < 1e-3 or b.std() < 1e-9:
        return None, None
    return float((a * b).mean() / (a.std() * b.std())), float((a * b).mean() / (a**2).mean())


def _left_open(meant: NDArray[np.float64], found: NDArray[np.float64]) -> float | None:
    """How far open eyes are found that are meant to be shut; None where none are."""
    shut = meant < SHUT_THRESHOLD * np.percentile(meant, 90)
    return float(np.median(found[shut]) / np.percentile(found, 90)) if shut.any() else None


def _speed(renderer: Renderer, size: int, frames: int, report: Reporter) -> RenderSpeed:
    """Encode alone, render alone, and both, by turns, so that a busy moment falls on all of them."""
    prepared, motion = renderer.prepare(drawn_face(size, seed=1)), cycle(frames)
    pictures = list(renderer.render(prepared, [motion]))
    with timing.scratch_folder() as folder:
        path = Path(folder) / "speed.mp4"
        work: dict[str, Callable[[], object]] = {
            "encode": lambda: write_video(path, pictures, rate=FPS),
            "render": lambda: sum(1 for _ in renderer.render(prepared, [motion])),
            "both": lambda: write_video(path, renderer.render(prepared, [motion]), rate=FPS),
        }
        taken: dict[str, list[tuple[float, float]]] = {what: [] for what in work}
        for turn in range(REPEATS):
            for what, do in work.items():
                report("speed", (turn + 1) / REPEATS, f"{what} at {size}")
                wall, cpu = time.perf_counter(), time.process_time()
                do()
                taken[what].append((time.perf_counter() - wall, time.process_time() - cpu))
    wall_of, cpu_of = ({what: median(t[k] for t in times) for what, times in taken.items()} for k in (0, 1))
    return RenderSpeed(
        size=size,
        over_encoding=wall_of["both"] / wall_of["encode"],
        cpu_over_encoding=cpu_of["both"] / cpu_of["encode"],
        fps=frames / wall_of["both"],
        render_ms=1000 * cpu_of["render"] / frames,
    )

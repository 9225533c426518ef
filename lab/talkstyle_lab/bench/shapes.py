"""In what shape a renderer opens mouths, and what besides the lids moves in a blink."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from sdk import defaults
from sdk.animation import Animator
from sdk.data import Image, Motion, Portrait
from sdk.demo import load_assets
from sdk.drawing import drawn_face
from sdk.errors import ConfigError, FaceNotFound
from sdk.face import retarget
from sdk.geometry import canonical_face
from sdk.interfaces import LandmarkDetector, Renderer
from sdk.media import AudioInput, read_audio
from sdk.progress import CancelToken, ProgressCallback, Reporter
from sdk.registry import accepts, resolve
from talkstyle_lab.bench.contact_sheets import ShapeSheets
from talkstyle_lab.bench.driving import CYCLE, FPS, Driver, cycle, follow, largest
from talkstyle_lab.bench.openings import (
    LID_PAIRS,
    brows_way,
    brows_way_in_pictures,
    eye_gap,
    lip_gap_ratio,
    opening,
    plain,
)
from talkstyle_lab.bench.people_shapes import PERSON, mesh_openings, person_blink, widest_frames
from talkstyle_lab.bench.render import load_portraits

BASE: Final = "base"  # the motion without a style
SECONDS: Final = 10.0  # of speech, at most
BLINKS: Final = 8  # full blinks, in as many poses, whose mean is taken: a detector trembles
POSE: Final = 0.04  # radians, and outer-eye distances, that these poses differ by at most
HALVES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)  # closures that are pictured


@dataclass(frozen=True, kw_only=True)
class MouthRow:
    """The shape of one portrait's mouth under one motion, in the widest 15 % of the frames.

    Ratios are of the inner lips' gaps beside the middle to that in the middle; ``half`` and ``quarter`` are those of
    ``openings.Opening``. The first rows are those of the people in the clips, by whom the portraits are driven.
    """

    portrait: str
    motion: str
    asked: float  # the ratio in the motion, on the canonical face
    meant: float  # the same in the landmarks that the renderer aims at
    found: float | None  # the same in the landmarks detected again; None if no face was
    half: float | None  # in the pixels; None if the mouth opens too little
    quarter: float | None


@dataclass(frozen=True, kw_only=True)
class BlinkRow:
    """One portrait that only blinks. Ways are in percent of the opening of its eyes."""

    portrait: str
    brows_found: float  # mean way of the brows' points from open eyes to shut ones, detected again
    brows_seen: float | None  # the same of the pixels at these points; None of people
    left_open: float  # the opening of the shut eyes over that of the open ones, detected again


@dataclass(frozen=True, kw_only=True)
class ShapesBench:
    """What was measured."""

    mouths: tuple[MouthRow, ...]
    blinks: tuple[BlinkRow, ...]
    renderer: str
    detector: str


def run_shapes(
    portraits: Sequence[str | os.PathLike[str]] = (),
    *,
    styles: Sequence[str] = (BASE,),
    strengths: Sequence[float] = (1.0,),
    speech: AudioInput | None = None,
    clips: Sequence[str | os.PathLike[str]] = (),
    frames: int = 120,
    size: int = 640,
    out: str | os.PathLike[str] | None = None,
    detector: str | LandmarkDetector = defaults.DETECTOR,
    renderer: str | Renderer = defaults.RENDERER,
    device: str | torch.device = "auto",
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> ShapesBench:
    """Let portraits speak in some styles, drive them by people in clips, let them blink, and measure what is seen.

    ``"base"`` is the motion without a style; ``strengths`` are those of the other styles. ``speech`` is the
    demonstration's sentence by default. ``clips``, ``frames``, ``size`` and portraits are those of ``run_render``.
    Pictures of the widest mouths and of closing eyes go to the folder ``out``.

    Raises:
        ConfigError: Too few frames.
        FaceNotFound: A picture or a clip shows no face, or a portrait that blinks does not.
        SdkError: As ``sdk.animate``.
    """
    if frames < 8:
        raise ConfigError(f"frames={frames} is too few", where="frames", hint="Give 8 or more.")
    report = Reporter(on_progress, cancel)
    found: LandmarkDetector = resolve("landmark-detector", detector)
    placed = isinstance(renderer, str) and accepts("renderer", renderer, "device")
    loaded: Renderer = resolve("renderer", renderer, **({"device": device} if placed else {}))
    faces = load_portraits(portraits, size, found)
    sheets = None if out is None else ShapeSheets(Path(out))
    drivers = [_driver(clip, frames, found, report) for clip in clips]
    mouths = [_person(driver) for driver in drivers if driver.pictures]
    blinks = [
        BlinkRow(
            portrait=f"{PERSON} {driver.name}", brows_found=blink.brows, brows_seen=None, left_open=blink.left_open
        )
        for driver in drivers
        if driver.pictures and (blink := person_blink(driver.motion)) is not None
    ]
    motions = [*_spoken(styles, strengths, speech, report), *((driver.name, driver.motion) for driver in drivers)]
    for name, portrait in faces.items():
        bare = plain(portrait)
        prepared = (loaded.prepare(portrait), loaded.prepare(bare))
        for number, (label, motion) in enumerate(motions):
            report("mouths", number / len(motions), f"{name}, {label}")
            mouths.append(_mouth(name, label, motion, portrait, prepared, loaded, found, sheets))
    for number, (name, portrait) in enumerate(faces.items()):
        report("blinks", number / len(faces), name)
        blinks.append(_blink(name, portrait, loaded, found, sheets))
    if sheets is not None:
        sheets.save()
    return ShapesBench(mouths=tuple(mouths), blinks=tuple(blinks), renderer=loaded.name, detector=found.name)


def _spoken(
    styles: Sequence[str], strengths: Sequence[float], speech: AudioInput | None, report: Reporter
) -> Iterator[tuple[str, Motion]]:
    """The motion of the speech in each style at each strength, with the name of both."""
    sound = load_assets().sentence if speech is None else read_audio(speech, limit_seconds=SECONDS)
    animator, face = Animator(), drawn_face(256, seed=1)
    for style in styles:
        for strength in (1.0,) if style == BASE else strengths:
            report("generate", None, style)
            worn = None if style == BASE else style
            animation = animator.animate(face, sound, style=worn, strength=strength, fps=FPS)
            yield (style if style == BASE else f"{style} {strength:g}"), animation.motion


def _driver(clip: str | os.PathLike[str], frames: int, detector: LandmarkDetector, report: Reporter) -> Driver:
    if clip == CYCLE:
        return Driver(CYCLE, cycle(frames), [])
    return follow(clip, Path(clip).stem, frames, detector=detector, report=report)


def _person(driver: Driver) -> MouthRow:
    """The mouth of the person in a clip, of whose pixels MediaPipe's mesh, if it is there, stands in."""
    widest = widest_frames(driver.motion)
    ratio = float(np.nanmean(lip_gap_ratio(canonical_face() + driver.motion.expression[widest])))
    shapes = mesh_openings([driver.pictures[k] for k in widest])
    return MouthRow(
        portrait=PERSON,
        motion=driver.name,
        asked=ratio,
        meant=ratio,
        found=ratio,
        half=float(np.mean([seen.half for seen in shapes])) if shapes else None,
        quarter=float(np.mean([seen.quarter for seen in shapes])) if shapes else None,
    )


def _meant(renderer: Renderer, prepared: Any, portrait: Portrait, motion: Motion) -> NDArray[np.float32]:
    """Where the landmarks should be, as ``run_render`` has it."""
    aims = getattr(renderer, "landmarks", None)
    return retarget(motion, portrait.landmarks) if aims is None else aims(prepared, motion)


def _mouth(
    name: str,
    label: str,
    motion: Motion,
    portrait: Portrait,
    prepared: tuple[Any, Any],
    renderer: Renderer,
    detector: LandmarkDetector,
    sheets: ShapeSheets | None,
) -> MouthRow:
    shape, widest = canonical_face() + motion.expression, widest_frames(motion)
    wide = Motion(motion.expression[widest], motion.pose[widest], motion.rate)
    meant = _meant(renderer, prepared[0], portrait, wide)
    pictures = list(renderer.render(prepared[0], [wide]))
    again = [face.points for face in (largest(detector, _rgb(picture)) for picture in pictures) if face is not None]
    shapes = [
        seen
        for frame, points in zip(renderer.render(prepared[1], [wide]), meant, strict=True)
        if (seen := opening(frame, points)) is not None
    ]
    if sheets is not None:
        sheets.mouth(name, _rgb(pictures[-1]), meant[-1])
    return MouthRow(
        portrait=name,
        motion=label,
        asked=float(np.nanmean(lip_gap_ratio(shape[widest]))),
        meant=float(np.nanmean(lip_gap_ratio(meant))),
        found=float(np.nanmean(lip_gap_ratio(np.stack(again)))) if again else None,
        half=float(np.mean([seen.half for seen in shapes])) if shapes else None,
        quarter=float(np.mean([seen.quarter for seen in shapes])) if shapes else None,
    )


def _closing(closures: Sequence[float], poses: NDArray[np.float32]) -> Motion:
    """Faces whose lids close by shares of the canonical eye, and of which nothing else but the pose changes."""
    face = canonical_face()
    expression = np.zeros((len(closures), 68, 3), np.float32)
    share = np.asarray(closures)[:, None]
    for upper, lower in LID_PAIRS:
        gap = face[lower] - face[upper]
        expression[:, upper], expression[:, lower] = 0.88 * share * gap, -0.12 * share * gap
    return Motion(expression, poses, FPS)


def _blink(
    name: str, portrait: Portrait, renderer: Renderer, detector: LandmarkDetector, sheets: ShapeSheets | None
) -> BlinkRow:
    prepared = renderer.prepare(portrait)
    pose = np.random.default_rng(0).uniform(-POSE, POSE, (BLINKS, 6)).astype(np.float32)
    pose[:, 5] = 0.0
    # Open eyes and shut ones by turns, in the same pose; the portrait's own pose first.
    pose[0] = 0.0
    frames = list(renderer.render(prepared, [_closing([0.0, 1.0] * BLINKS, np.repeat(pose, 2, axis=0))]))
    faces = [largest(detector, _rgb(frame)) for frame in frames]
    pairs = [(a.points, b.points) for a, b in zip(faces[::2], faces[1::2], strict=True) if a and b]
    if not pairs:
        hint = "Look at the frames: give a folder by out=."
        raise FaceNotFound("no face in what was rendered", where=name, hint=hint)
    opened = float(np.mean([eye_gap(before) for before, _ in pairs]))
    shut = float(np.mean([eye_gap(after) for _, after in pairs]))
    way = np.mean([brows_way(before, after) for before, after in pairs], axis=0)
    seen = brows_way_in_pictures(frames[0], frames[1], portrait.landmarks.points)
    if sheets is not None:
        still = np.zeros((len(HALVES), 6), np.float32)
        for frame in renderer.render(prepared, [_closing(HALVES, still)]):
            sheets.eyes(name, _rgb(frame), portrait.landmarks.points)
    return BlinkRow(
        portrait=name,
        brows_found=float(100 * np.linalg.norm(way, axis=-1).mean() / opened),
        brows_seen=float(100 * np.linalg.norm(seen, axis=-1).mean() / eye_gap(portrait.landmarks.points)),
        left_open=shut / opened,
    )


def _rgb(frame: Image) -> Image:
    return np.ascontiguousarray(frame[..., :3])

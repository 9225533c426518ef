"""The demonstration, step by step."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch

from sdk import defaults, plots
from sdk.adapter import FitConfig, FitResult, StyleAdapter
from sdk.animation import Animation, animate
from sdk.data import Image, Landmarks, Motion
from sdk.demo.assets import astronaut, at_frame_rate, load_assets
from sdk.errors import FaceNotFound, OutputError
from sdk.files import check_file, make_folder
from sdk.geometry import canonical_face, mouth_opening
from sdk.interfaces import LandmarkDetector, Renderer
from sdk.media import ImageInput, VideoReader, open_audio, write_video
from sdk.packs import StylePack
from sdk.progress import CancelToken, Progress, ProgressCallback, Reporter
from sdk.registry import require_extra, resolve
from sdk.tracking import load_portrait

FPS: Final = Fraction(25)
FILES: Final = ("reference.mp4", "plain.mp4", "styled.mp4", "comparison.png")

QUICK: Final[Mapping[str, Any]] = {"size": 384, "seconds": 6.0, "config": FitConfig(steps=25)}
"""Arguments of ``run`` that take a third of the time, for a poorer style."""


@dataclass(frozen=True, eq=False)
class Demo:
    """What the demonstration wrote, and what it found on the way.

    Attributes:
        folder: Everything is in it.
        reference: The clip that the style was learned from, rendered by the demonstration itself.
        pack: The style pack.
        plain: The portrait saying a new sentence without the style.
        styled: The same with the style.
        comparison: A picture of both, and of the reference: curves and landmarks.
        style: The pack, loaded again from its folder.
        fitted: The result of the fit.
        animations: Without the style, and with it.
    """

    folder: Path
    reference: Path
    pack: Path
    plain: Path
    styled: Path
    comparison: Path
    style: StylePack
    fitted: FitResult
    animations: tuple[Animation, Animation]


def run(
    folder: str | os.PathLike[str],
    /,
    *,
    portrait: ImageInput | None = None,
    size: int = 512,
    seconds: float | None = None,
    seed: int = 0,
    config: FitConfig | None = None,
    detector: str | LandmarkDetector = defaults.DETECTOR,
    renderer: str | Renderer = defaults.RENDERER,
    device: str | torch.device = "auto",
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Demo:
    """Render a reference clip, learn its style from the file, and let a portrait speak without and with it.

    Args:
        folder: The output folder, created if missing. Files of an earlier demonstration are replaced, others kept.
        portrait: A picture with one face; scikit-image's astronaut by default.
        size: Pixels along each side of the astronaut.
        seconds: Use only the first seconds of the reference and of the new sentence: quicker, but it learns less.
        seed: For the fit, blinks and idle motion.
        config: Settings of the fit.
        detector: A landmark detector or its name.
        renderer: A renderer or its name.
        device: Where the networks run.
        on_progress: Called between steps.
        cancel: Stops the work between steps.

    Raises:
        ComponentUnavailable: The extra ``demo``, or without the astronaut ``plots``, is not installed.
        OutputError: The folder cannot be written to, or holds something else under one of the names.
        SdkError: A step failed; what was finished before it stays.
    """
    require_extra("demo" if portrait is None else "plots")
    place = make_folder(folder)
    pack = place / "pack"
    if pack.exists() and not (pack / "config.json").is_file():
        hint = "Move it, or choose a new folder."
        raise OutputError("what stands where the style pack should go is none", where=str(pack), hint=hint)
    reference, plain, styled, picture = (place / name for name in FILES)
    for file in (reference, plain, styled, picture):
        check_file(file)
    report = Reporter(_named(on_progress, "prepare"), cancel)
    report("prepare")
    adapter = StyleAdapter(detector=detector, device=device, config=config)
    given = astronaut(adapter.detector, size=size) if portrait is None else portrait
    subject, _ = load_portrait(given, detector=adapter.detector)
    renderer = cast("Renderer", resolve("renderer", renderer))
    assets = load_assets(seconds=seconds)

    report = Reporter(_named(on_progress, "reference.mp4"), cancel)
    motion = at_frame_rate(assets.motion, assets.speech.duration, FPS)
    frames = renderer.render(renderer.prepare(subject), [motion])
    write_video(reference, _watched(frames, len(motion), report), rate=FPS, audio=open_audio(assets.speech))

    style = adapter.fit(
        reference,
        name="demo",
        summary="A lively way of speaking, synthesised for the demonstration.",
        license="apache-2.0",
        consent="Synthesised: it is nobody's.",
        seed=seed,
        on_progress=on_progress,
        cancel=cancel,
    )
    assert adapter.last is not None
    style = StylePack.load(style.save(pack))

    shared: dict[str, Any] = {"fps": FPS, "seed": seed, "renderer": renderer, "device": device, "cancel": cancel}
    animations = animate(subject, assets.sentence, **shared), animate(subject, assets.sentence, style=style, **shared)
    for animation, file in zip(animations, (plain, styled), strict=True):
        animation.save(file, on_progress=_named(on_progress, file.name), cancel=cancel)
    report = Reporter(_named(on_progress, "comparison.png"), cancel)
    report("draw")
    motions = (animations[0].motion, animations[1].motion)
    _draw_comparison(picture, adapter.last, (plain, styled), motions, adapter.detector)
    report("draw", 1.0)
    return Demo(place, reference, pack, plain, styled, picture, style, adapter.last, animations)


def _watched(frames: Iterable[Image], count: int, report: Reporter) -> Iterator[Image]:
    for done, frame in enumerate(frames):
        yield frame
        report("render", (done + 1) / count)


def _named(on_progress: ProgressCallback | None, stage: str) -> ProgressCallback | None:
    """The same callback with the file's name as the stage, so that each file has a progress bar of its own."""
    if on_progress is None:
        return None

    def renamed(progress: Progress) -> None:
        on_progress(replace(progress, stage=stage))

    return renamed


def _draw_comparison(
    path: Path, fitted: FitResult, videos: tuple[Path, Path], motions: tuple[Motion, Motion], detector: LandmarkDetector
) -> None:
    """Draw mouth openings over time, landmarks found in the videos, and the loss.

    ``videos`` and ``motions`` are of a new sentence, without the style and with it.
    """
    drawn = plots.figure(14, 11)
    grid = drawn.add_gridspec(3, 3, height_ratios=(1, 1, 1.3))
    plots.openings(
        drawn.add_subplot(grid[0, :]),
        real=fitted.motion,
        plain=fitted.base,
        styled=fitted.styled,
        title="The reference's own words",
    )
    plots.openings(drawn.add_subplot(grid[1, :]), plain=motions[0], styled=motions[1], title="A new sentence")
    # The frame in which the style opens the mouth widest: the same moment in both videos.
    moment = int(np.argmax(mouth_opening(canonical_face() + motions[1].expression)))
    for column, (name, video) in enumerate(zip(("without the style", "with the style"), videos, strict=True)):
        frame, found = _seen(video, moment, detector)
        title = f"{name}, {moment / float(motions[1].rate):.2f} s"
        plots.landmarks(drawn.add_subplot(grid[2, column]), frame, found, title=title)
    plots.loss(drawn.add_subplot(grid[2, 2]), fitted.history, title="The fit")
    plots.save(drawn, path)


def _seen(video: Path, number: int, detector: LandmarkDetector) -> tuple[Image, Landmarks]:
    """A frame of a video, and the face that is found in it."""
    frame = next(islice(VideoReader(video), number, None)).image
    (faces,) = detector.detect([frame])
    if not faces:
        raise FaceNotFound("no face in a frame that was just made", where=f"{video.name}, frame {number}")
    return frame, faces[0]

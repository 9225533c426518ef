"""Speed as ratios of measurements on the same machine, which can be compared between machines."""

from __future__ import annotations

import platform
import statistics
import time
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from sdk import defaults
from sdk.adapter import FitConfig, StyleAdapter
from sdk.animation import Animation, animate
from sdk.data import Audio
from sdk.demo import at_frame_rate, load_assets
from sdk.drawing import drawn_clip, drawn_face
from sdk.interfaces import LandmarkDetector, Renderer
from sdk.media import AudioInput, ImageInput, MediaInput, open_audio, read_audio, write_video
from sdk.packs import StylePack
from sdk.progress import CancelToken, Progress, ProgressCallback, Reporter
from sdk.registry import resolve
from talkstyle_lab.bench import timing

FPS: Final = 25
MAX_SOUND_SECONDS: Final = 10.0  # animated at most: the frames are held in memory, to be encoded alone
REPEATS: Final = 3  # of short measurements; the median counts


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What was measured."""

    fit_over_reference: float  # seconds of StyleAdapter.fit, decoding and detecting included, over the reference's
    generation_over_real_time: float  # seconds from sound to motion over the sound's; under 1 is faster than real time
    animate_over_encoding: float  # frames a second of animate into an mp4, over those of encoding the same frames alone
    reference_seconds: float  # how long the reference is
    fit_seconds: dict[str, float]  # what the fit took, by stage
    sound_seconds: float  # how long the animated sound is
    animate_fps: float  # frames a second into an mp4
    encoding_fps: float  # the same frames' encoding alone
    size: tuple[int, int]  # the frames' width and height
    machine: dict[str, Any]  # processor, cores, threads, device


def run(
    reference: MediaInput | None = None,
    /,
    *,
    audio: AudioInput | None = None,
    portrait: ImageInput | None = None,
    speech: AudioInput | None = None,
    seconds: float | None = None,
    config: FitConfig | None = None,
    detector: str | LandmarkDetector = defaults.DETECTOR,
    renderer: str | Renderer = defaults.RENDERER,
    device: str | torch.device = "auto",
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> Bench:
    """Measure a fit, generation and rendering. Networks are loaded before a clock starts.

    Without a reference, a drawn face speaks the demonstration's, or ``seconds`` of it; without a portrait, a drawn face
    is animated; without speech (of which 10 s are used at most), to the demonstration's sentence. Errors are those of
    ``sdk.adapt`` and ``sdk.animate``.
    """
    report = Reporter(on_progress, cancel)
    report("prepare")
    adapter = StyleAdapter(detector=detector, device=device, config=config)
    renderer = resolve("renderer", renderer)
    # Some components load what they need at the first call.
    adapter.detector.detect([drawn_face(256).pixels])
    adapter.encoder.encode(Audio(np.zeros(adapter.encoder.sample_rate, np.float32), adapter.encoder.sample_rate))
    sound = load_assets().sentence if speech is None else read_audio(speech, limit_seconds=MAX_SOUND_SECONDS)
    with timing.scratch_folder() as folder:
        if reference is None:
            reference = drawn_reference(Path(folder) / "reference.mp4", seconds, report)
        style, duration, stages = _fit(adapter, reference, audio, on_progress, cancel)
        pixels = drawn_face(512).pixels if portrait is None else portrait
        parts = ("generator", "encoder", "detector", "device")
        components: dict[str, Any] = {name: getattr(adapter, name) for name in parts}

        def animated() -> Animation:
            return animate(pixels, sound, style=style, fps=FPS, renderer=renderer, cancel=cancel, **components)

        report("generate")
        generation = statistics.median(timing.seconds(partial(getattr, animated(), "motion")) for _ in range(REPEATS))
        report("animate")
        animation = animated()
        whole = timing.seconds(partial(animation.save, Path(folder) / "animated.mp4"))
        frames = list(animation)
        report("encode")
        encode = partial(write_video, Path(folder) / "encoded.mp4", frames, rate=FPS, audio=open_audio(sound))
        alone = timing.seconds(encode)
    return Bench(
        fit_over_reference=sum(stages.values()) / duration,
        generation_over_real_time=generation / float(sound.duration),
        animate_over_encoding=alone / whole,
        reference_seconds=duration,
        fit_seconds=stages,
        sound_seconds=float(sound.duration),
        animate_fps=len(frames) / whole,
        encoding_fps=len(frames) / alone,
        size=animation.size,
        machine={
            **timing.machine(),
            "system": platform.system(),
            "threads": torch.get_num_threads(),
            "device": str(adapter.device),
            "python": platform.python_version(),
            "torch": torch.__version__,
        },
    )


def drawn_reference(path: Path, seconds: float | None, report: Reporter) -> Path:
    """A clip of a drawn face, speaking the demonstration's reference."""
    report("draw")
    assets = load_assets(seconds=seconds)
    motion = at_frame_rate(assets.motion, assets.speech.duration, Fraction(FPS))
    write_video(path, drawn_clip(motion, size=320), rate=FPS, audio=open_audio(assets.speech))
    return path


def _fit(
    adapter: StyleAdapter,
    reference: MediaInput,
    audio: AudioInput | None,
    on_progress: ProgressCallback | None,
    cancel: CancelToken | None,
) -> tuple[StylePack, float, dict[str, float]]:
    """The style, the reference's seconds, and the seconds that each stage of the fit took."""
    began: list[tuple[str, float]] = []

    def clock(progress: Progress) -> None:
        began.append((progress.stage, time.perf_counter()))
        if on_progress is not None:
            on_progress(progress)

    pack = adapter.fit(reference, audio=audio, name="bench", on_progress=clock, cancel=cancel)
    stages: dict[str, float] = {}
    for (stage, start), (_, end) in pairwise([*began, ("", time.perf_counter())]):
        stages[stage] = stages.get(stage, 0.0) + end - start
    assert pack.config.training is not None
    return pack, pack.config.training.references[0].length, stages

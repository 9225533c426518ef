"""Whether memory stays as it is, however long the sound, and whether picture and sound end together."""

from __future__ import annotations

import sys
import time
import wave
from dataclasses import dataclass
from fractions import Fraction
from itertools import count, cycle
from pathlib import Path
from typing import Final

import av
import numpy as np
import torch

from sdk import defaults
from sdk.animation import animate
from sdk.demo import load_assets
from sdk.drawing import drawn_face
from sdk.errors import ConfigError
from sdk.interfaces import Renderer
from sdk.progress import CancelToken, Progress, ProgressCallback
from talkstyle_lab.bench import timing

SETTLED_SECONDS: Final = 60  # of video, after which memory is read first: by then everything has been allocated once
PAUSE_SECONDS: Final = 0.7  # of silence after each sentence

MIB: Final = 1 << 20


@dataclass(frozen=True, kw_only=True)
class MemoryBench:
    """What was measured."""

    resident_after_a_minute: float  # MiB, once a minute of video was made
    resident_at_the_end: float  # MiB, after the last frame
    resident_at_most: float  # MiB, between the two
    video_end: float  # second at which the file's pictures end
    sound_end: float  # second at which its sound ends
    sound_seconds: float  # how long the given sound is
    frames: int  # how many pictures were made
    fps: str  # of them a second of video
    size: tuple[int, int]  # their width and height
    seconds: float  # what it took


def run_memory(
    *,
    minutes: float = 60.0,
    size: int = 256,
    fps: int | float | str | Fraction = 25,
    suffix: str = ".mp4",
    renderer: str | Renderer = defaults.RENDERER,
    device: str | torch.device = "auto",
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> MemoryBench:
    """Animate a drawn face, ``size`` pixels wide, to synthesised speech, and watch this process's memory.

    Raises:
        ConfigError: There is no minute to compare with, or this system does not report a process's memory.
    """
    if not minutes > SETTLED_SECONDS / 60:
        raise ConfigError(f"minutes={minutes} is too short", where="minutes", hint="Give more than one.")
    resident()  # raises now if it cannot be read
    readings: list[float] = []
    with timing.scratch_folder() as folder:
        sound, video = Path(folder) / "sound.wav", Path(folder) / f"video{suffix}"
        seconds = _speak(sound, minutes * 60)
        began = time.perf_counter()
        animation = animate(drawn_face(size), sound, fps=fps, renderer=renderer, device=device, cancel=cancel)
        every = max(1, round(animation.fps))
        frames = count(1)

        def watch(progress: Progress) -> None:
            done = next(frames)
            if done >= SETTLED_SECONDS * animation.fps and (
                done % every == 0 or done == len(animation) or not readings
            ):
                readings.append(resident())
            if on_progress is not None:
                on_progress(progress)

        animation.save(video, on_progress=watch)
        took = time.perf_counter() - began
        video_end, sound_end = _end(video, "video"), _end(video, "audio")
    return MemoryBench(
        resident_after_a_minute=readings[0],
        resident_at_the_end=readings[-1],
        resident_at_most=max(readings),
        video_end=video_end,
        sound_end=sound_end,
        sound_seconds=seconds,
        frames=len(animation),
        fps=str(animation.fps),
        size=animation.size,
        seconds=took,
    )


def resident() -> float:
    """This process's memory in MiB: what it holds now, and where the system does not tell that, its peak so far.

    Raises:
        ConfigError: The system tells neither.
    """
    if sys.platform == "win32":
        hint = "Run this measurement on Linux or macOS."
        raise ConfigError("this system does not tell a process's memory without further packages", hint=hint)
    import resource

    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize() / MIB
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (MIB if sys.platform == "darwin" else 1024)


def _speak(path: Path, seconds: float) -> float:
    """Write sentences one after the other, never holding more than one; return the exact length."""
    assets = load_assets()
    rate = assets.sentence.rate
    silence = np.zeros(round(PAUSE_SECONDS * rate), np.float32)
    parts = [(np.concatenate([one.samples, silence]) * 32767).astype("<i2") for one in (assets.sentence, assets.speech)]
    left = total = round(seconds * rate)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        for part in cycle(parts):
            file.writeframes(part[:left].tobytes())
            left -= len(part)
            if left <= 0:
                break
    return total / rate


def _end(path: Path, kind: str) -> float:
    """The second at which the last frame of a track ends, by the timestamps of its packets."""
    end = Fraction(0)
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        step = 1 / stream.average_rate if kind == "video" else Fraction(0)
        for packet in container.demux(stream):
            if packet.pts is not None:
                last = Fraction(packet.duration or 0) * packet.time_base or step
                end = max(end, packet.pts * packet.time_base + last)
    return float(end)

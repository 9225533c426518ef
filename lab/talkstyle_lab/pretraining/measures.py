"""How well unadapted generators follow people in clips, which are never trained on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from sdk import defaults
from sdk.data import Audio, FloatArray, Motion
from sdk.generation import generate
from sdk.geometry import canonical_face, mouth_opening, mouth_width
from sdk.interfaces import AudioEncoder
from sdk.media import read_audio
from sdk.metrics import Correlation, correlate
from sdk.progress import ProgressCallback, Reporter
from sdk.registry import load
from sdk.tracking import load_clip
from talkstyle_lab.pretraining.generator import GENERATORS
from talkstyle_reference.apc import ApcEncoder
from talkstyle_reference.generators import Generator
from talkstyle_reference.mel import SAMPLE_RATE, MelEncoder, log_mel

COLUMNS: Final = ("clip", "generator", "opening", "null", "lag", "width", "loudness", "std", "speed", "silence")
"""Correlations of opening and width; the null and lag (s) of the first; loudness's own correlation with it; ratios of
the opening's standard deviation and speed to the real ones; the largest opening in digital silence."""

_MAX_LAG_SECONDS: Final = 0.3  # between a clip's lips and its sound


def load_generator(
    name: str, weights: Path | None = None, *, encoder: AudioEncoder | None = None
) -> tuple[AudioEncoder, Generator]:
    """A generator, named as its weights are, such as ``"tcn-apc"``, with its encoder; from a folder or as shipped.

    An encoder is given where it is neither ``mel`` nor ``apc``; the name is then ``"tcn"`` or ``"lstm"``.
    """
    kind = max((kind for kind in GENERATORS if f"{name}-".startswith(f"{kind}-")), key=len)
    features = name[len(kind) + 1 :]
    folder = weights or "shipped"
    if encoder is None:
        encoder = ApcEncoder(folder) if features == ApcEncoder.name else MelEncoder(folder)
    return encoder, GENERATORS[kind](folder, encoder=encoder.name)


def measure(
    clips: Iterable[tuple[Path, Path]],
    generators: Sequence[str],
    *,
    weights: Path | None = None,
    encoder: AudioEncoder | None = None,
    on_progress: ProgressCallback | None = None,
) -> list[dict[str, Any]]:
    """Measure generators, named as for ``load_generator``, on videos with their sounds.

    Returns:
        A row for each clip and generator, with ``COLUMNS``, then one for each generator with the means.
    """
    report = Reporter(on_progress)
    detector = load("landmark-detector", defaults.DETECTOR)
    made = {name: load_generator(name, weights, encoder=encoder) for name in generators}
    silence = Audio(np.zeros(2 * SAMPLE_RATE, np.float32), SAMPLE_RATE)
    rows: list[dict[str, Any]] = []
    for video, sound in clips:
        track = load_clip(video, detector=detector, report=report)
        audio = read_audio(sound, rate=SAMPLE_RATE)
        real = track.motion()
        loudness = _follows(_loudness(audio), _opening(real), track.valid).r
        for name, (encoder, generator) in made.items():
            motion = _generated(encoder, generator, audio)
            opening = _follows(_opening(motion), _opening(real), track.valid)
            width = _follows(_width(motion), _width(real), track.valid)
            quiet = _opening(_generated(encoder, generator, silence))[30:]
            figures = (
                *(opening.r, opening.null, opening.lag, width.r, loudness),
                float(_opening(motion).std() / _opening(real)[track.valid].std()),
                _speed(_opening(motion)) / _speed(_opening(real)),
                float(quiet.max()),
            )
            rows.append(dict(zip(COLUMNS, (video.stem, name, *figures), strict=True)))
    means: list[dict[str, Any]] = []
    for name in generators:
        mine = [row for row in rows if row["generator"] == name]
        means.append(
            {"clip": "mean", "generator": name} | {c: float(np.mean([r[c] for r in mine])) for c in COLUMNS[2:]}
        )
    return rows + means


def _generated(encoder: AudioEncoder, generator: Generator, audio: Audio) -> Motion:
    return generate(generator, encoder.encode(audio), device=torch.device("cpu"))


def _follows(generated: FloatArray, real: FloatArray, valid: NDArray[np.bool_]) -> Correlation:
    frames = min(len(generated), len(real))
    return correlate(generated[:frames], real[:frames], valid=valid[:frames], within=_MAX_LAG_SECONDS)


def _opening(motion: Motion) -> FloatArray:
    return mouth_opening(canonical_face() + motion.expression).astype(np.float32)


def _width(motion: Motion) -> FloatArray:
    return mouth_width(canonical_face() + motion.expression).astype(np.float32)


def _loudness(audio: Audio) -> FloatArray:
    """Mean log power over bands at 60 Hz, smoothed over five frames."""
    frames = -(-len(audio.samples) * 60 // SAMPLE_RATE)
    level = log_mel(audio.samples, 0, 2 * frames).mean(axis=1).reshape(frames, 2).mean(axis=1)
    return np.convolve(level, np.ones(5) / 5, "same").astype(np.float32)


def _speed(values: FloatArray) -> float:
    return float(np.abs(np.diff(values)).mean())

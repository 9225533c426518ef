"""How people's mouths move, beside the corpus's, the base's and the styles': the same figures of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from sdk import defaults
from sdk.data import Motion
from sdk.errors import ConfigError
from sdk.generation import generate
from sdk.geometry import canonical_face, mouth_opening, mouth_width
from sdk.media import read_audio
from sdk.metrics import speed
from sdk.packs import StylePack, styled
from sdk.progress import ProgressCallback, Reporter
from sdk.registry import load
from sdk.tracking import load_clip
from talkstyle_lab.corpus.motion import read_shard
from talkstyle_lab.pretraining.tracks import sessions

COLUMNS: Final = (
    "who", "opening", "spread", "widest", "speed", "rate", "jitter", "width", "wide open", "lip shape", "upper lip",
    "chin",
)  # fmt: skip
"""The opening's mean, standard deviation and 95th percentile; the mouth's mean speed as in ``sdk.metrics.speed``; the
opening's own speed over its standard deviation, and the share of its variance that is faster than 15 Hz, in percent;
the width's standard deviation, and its mean in the widest 15 % of openings over that in the narrowest; of the widest 15
%, the gap beside the middle over the gap in it, and the upper lip's and the chin's parts. Eye distances, and seconds.
"""

CORPUS_UTTERANCES: Final = 60
_WIDEST: Final = 85  # percentile
_FAST: Final = 15.0  # Hz


def measure_people(
    clips: Iterable[tuple[Path, Path]],
    *,
    generator: str = defaults.GENERATOR,
    corpus: Path | None = None,
    styles: Mapping[str, Path] | None = None,
    on_progress: ProgressCallback | None = None,
) -> list[dict[str, Any]]:
    """Measure people in videos, and what is generated on their sounds.

    Args:
        clips: Videos with their sounds.
        generator: The base.
        corpus: A corpus, of which some utterances are measured.
        styles: Styles to apply to the base, by name.
        on_progress: Called between clips.

    Returns:
        A row for each clip, one with the people's means, one for the corpus, the base and each style, with ``COLUMNS``.
    """
    report = Reporter(on_progress)
    detector = load("landmark-detector", defaults.DETECTOR)
    base = load("motion-generator", generator)
    encoder = load("audio-encoder", base.encoder)
    rows, features = [], []
    for video, sound in clips:
        track = load_clip(video, detector=detector, report=report)
        rows.append({"who": video.stem} | mouth_figures(track.motion()[track.valid]))
        features.append(encoder.encode(read_audio(sound, rate=encoder.sample_rate)))
    if not rows:
        raise ConfigError("there is no clip to measure", where="people", hint="Give at least one.")
    rows.append(_mean("people", rows))
    if corpus is not None:
        report("corpus")
        entries = islice((entry for part in sessions(corpus, "train") for entry in part), CORPUS_UTTERANCES)
        shards = [read_shard(corpus / entry["file"]) for entry in entries if entry["delivery"] != "silence"]
        rows.append(_mean("corpus", [mouth_figures(Motion(one.expression, one.pose)) for one in shards]))
    for name, model in {
        "base": base,
        **{n: styled(base, StylePack.load(p)) for n, p in (styles or {}).items()},
    }.items():
        report("generate", message=name)
        made = [generate(model.eval(), one, device=torch.device("cpu")) for one in features]
        rows.append(_mean(name, [mouth_figures(one) for one in made]))
    return rows


def mouth_figures(motion: Motion) -> dict[str, float]:
    """The figures of one motion, by the names in ``COLUMNS``."""
    face = canonical_face() + motion.expression
    opening, width = mouth_opening(face), mouth_width(face)
    wide = opening >= np.percentile(opening, _WIDEST)
    narrow = opening <= np.percentile(opening, 100 - _WIDEST)
    middle = _gap(face, 62, 66)
    beside = (_gap(face, 61, 67) + _gap(face, 63, 65)) / 2
    raised = -(motion.expression[:, 62, 1] - motion.expression[narrow, 62, 1].mean())
    chin = motion.expression[:, 8, 1] - motion.expression[narrow, 8, 1].mean()
    lowered = motion.expression[:, 66, 1] - motion.expression[narrow, 66, 1].mean()
    return {
        "opening": float(opening.mean()),
        "spread": float(opening.std()),
        "widest": float(np.percentile(opening, 95)),
        "speed": speed(motion),
        "rate": float(np.abs(np.diff(opening)).mean() * motion.rate / max(opening.std(), 1e-6)),
        "jitter": 100 * _jitter(opening, float(motion.rate)),
        "width": float(width.std()),
        "wide open": float(width[wide].mean() / width[narrow].mean()),
        "lip shape": float(beside[wide].mean() / max(middle[wide].mean(), 1e-6)),
        "upper lip": float(raised[wide].mean() / max((raised + lowered)[wide].mean(), 1e-6)),
        "chin": float(chin[wide].mean() / max((raised + lowered)[wide].mean(), 1e-6)),
    }


def _jitter(course: NDArray[np.float64], rate: float) -> float:
    """The share of a course's variance that is faster than ``_FAST``."""
    power = np.abs(np.fft.rfft((course - course.mean()) * np.hanning(len(course)))) ** 2
    return float(power[np.fft.rfftfreq(len(course), 1 / rate) > _FAST].sum() / max(power[1:].sum(), 1e-12))


def _gap(face: NDArray[Any], upper: int, lower: int) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(face[:, lower] - face[:, upper], axis=-1), np.float64)


def _mean(who: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"who": who} | {name: float(np.mean([row[name] for row in rows])) for name in COLUMNS[1:]}

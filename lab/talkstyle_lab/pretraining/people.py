"""How people's mouths move, beside the corpus's, the base's and the styles': the same figures of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from sdk import defaults
from sdk.data import Audio, Motion
from sdk.errors import ConfigError
from sdk.generation import generate
from sdk.geometry import canonical_face, mouth_opening, mouth_width
from sdk.media import read_audio
from sdk.metrics import read_phonemes, speed
from sdk.packs import StylePack, styled
from sdk.progress import ProgressCallback, Reporter
from sdk.registry import load
from sdk.tracking import load_clip
from talkstyle_lab.corpus.motion import read_shard
from talkstyle_lab.corpus.phones import Segment
from talkstyle_lab.corpus.speech import FRAME_RATE, RATE
from talkstyle_lab.pretraining.labelled import (
    SPOKEN_COLUMNS,
    articulated,
    followed,
    lag,
    phone_figures,
    phone_means,
    pooled,
    segments,
)
from talkstyle_lab.pretraining.tracks import sessions

COLUMNS: Final = (
    "who", "opening", "spread", "widest", "speed", "rate", "jitter", "width", "wide open", "lip shape", "upper lip",
    "chin", "brows",
)  # fmt: skip
"""The opening's mean, standard deviation and 95th percentile; the mouth's mean speed as in ``sdk.metrics.speed``; the
opening's own speed over its standard deviation, and the share of its variance that is faster than 15 Hz, in percent;
the width's standard deviation, and its mean in the widest 15 % of openings over that in the narrowest; of the widest 15
%, the gap beside the middle over the gap in it, and the upper lip's and the chin's parts; the standard deviation of the
brows' height. Eye distances, and seconds."""

SPOKEN: Final = ("who", *SPOKEN_COLUMNS, "r", "width r")
"""Of the clips whose phones are known: closed lips, as in ``labelled``, and correlations with the person's opening and
width, lags up to 0.3 s apart. A person's own lag is taken off first; what is generated is compared as it is."""

PHONES: Final = (
    "phone", "n", *(f"{what}: {who}" for what in ("opening", "width") for who in ("people", "labels", "base")),
)  # fmt: skip
"""Each phone's mean opening and width, in deviations of each motion's own over speech."""

CORPUS_UTTERANCES: Final = 60
_WIDEST: Final = 85  # percentile
_FAST: Final = 15.0  # Hz


class Clip(NamedTuple):
    """A video, its sound, and labels of its phones for ``sdk.metrics.read_phonemes``, if there are any."""

    video: Path
    sound: Path
    labels: Path | None = None


class Tables(NamedTuple):
    """Rows with ``COLUMNS``; with ``SPOKEN``, and with ``PHONES``, of the clips with labels."""

    mouths: list[dict[str, Any]]
    spoken: list[dict[str, Any]]
    phones: list[dict[str, Any]]


class _Heard(NamedTuple):
    """A clip, read."""

    name: str
    audio: Audio
    real: Motion
    valid: NDArray[np.bool_]
    phones: tuple[Segment, ...]


def measure_people(
    clips: Iterable[Clip],
    *,
    share: float = 1.0,
    generator: str = defaults.GENERATOR,
    corpus: Path | None = None,
    styles: Mapping[str, Path] | None = None,
    on_progress: ProgressCallback | None = None,
) -> Tables:
    """Measure people in videos, and what is generated on their sounds.

    Args:
        clips: What is measured.
        share: How much of each clip, from its beginning, so that the rest stays unseen.
        generator: The base.
        corpus: A corpus, of which some utterances are measured.
        styles: Styles to apply to the base, by name.
        on_progress: Called between clips.

    Returns:
        A row for each clip, one with the people's means, one for the corpus's articulation of the labels, one for the
        corpus, the base and each style.
    """
    report = Reporter(on_progress)
    base = load("motion-generator", generator)
    encoder = load("audio-encoder", base.encoder)
    heard = [_read(clip, share, report) for clip in clips]
    if not heard:
        raise ConfigError("there is no clip to measure", where="people", hint="Give at least one.")
    labelled = [one for one in heard if one.phones]
    said = [articulated(one.audio, one.phones)[: len(one.real)] for one in labelled]
    late = [-lag(motion, one.real, one.valid) for motion, one in zip(said, labelled, strict=True)]
    mouths = [{"who": one.name} | mouth_figures(one.real[one.valid]) for one in heard]
    mouths.append(_mean("people", mouths, COLUMNS))
    closed = [phone_figures(one.real, one.phones, late=late[k]) for k, one in enumerate(labelled)]
    spoken = [{"who": one.name} | row for one, row in zip(labelled, closed, strict=True)]
    spoken += [_mean("people", closed, SPOKEN)] if labelled else []

    def add(who: str, made: Mapping[str, Motion]) -> None:
        mouths.append(_mean(who, [mouth_figures(motion) for motion in made.values()], COLUMNS))
        rows = [
            phone_figures(made[one.name], one.phones) | followed(made[one.name], one.real, one.valid)
            for one in labelled
        ]
        spoken.extend([_mean(who, rows, SPOKEN)] if rows else [])

    if labelled:
        add("labels", {one.name: motion for one, motion in zip(labelled, said, strict=True)})
    if corpus is not None:
        report("corpus")
        entries = islice((entry for part in sessions(corpus, "train") for entry in part), CORPUS_UTTERANCES)
        shards = [read_shard(corpus / entry["file"]) for entry in entries if entry["delivery"] != "silence"]
        moved = [(Motion(one.expression, one.pose), one.utterance.phones) for one in shards]
        mouths.append(_mean("corpus", [mouth_figures(motion) for motion, _ in moved], COLUMNS))
        spoken.append(_mean("corpus", [phone_figures(motion, phones) for motion, phones in moved], SPOKEN))
    features = {one.name: encoder.encode(one.audio) for one in heard}
    models = {"base": base} | {n: styled(base, StylePack.load(p)) for n, p in (styles or {}).items()}
    phones: list[dict[str, Any]] = []
    for name, model in models.items():
        report("generate", message=name)
        made = {
            one.name: generate(model.eval(), features[one.name], device=torch.device("cpu"))[: len(one.real)]
            for one in heard
        }
        add(name, made)
        if name == "base" and labelled:
            phones = _phones(labelled, late, said, [made[one.name] for one in labelled])
    return Tables(mouths, spoken, phones)


def _read(clip: Clip, share: float, report: Reporter) -> _Heard:
    """The first ``share`` of a clip, and all of its sound: what comes after the part decides how the part ends."""
    track = load_clip(clip.video, detector=load("landmark-detector", defaults.DETECTOR), report=report)
    audio = read_audio(clip.sound, rate=RATE)
    frames = min(round(share * len(track.valid)), len(audio.samples) * FRAME_RATE // RATE)
    duration = len(audio.samples) / RATE
    phones = () if clip.labels is None else segments(read_phonemes(clip.labels), duration)
    return _Heard(clip.video.stem, audio, track.motion()[:frames], track.valid[:frames], phones)


def _phones(
    labelled: Sequence[_Heard], late: Sequence[float], said: Sequence[Motion], made: Sequence[Motion]
) -> list[dict[str, Any]]:
    """Rows with ``PHONES``."""
    people = pooled([phone_means(one.real, one.phones, late=late[k]) for k, one in enumerate(labelled)])
    labels, base = (
        pooled([phone_means(motion, one.phones) for motion, one in zip(motions, labelled, strict=True)])
        for motions in (said, made)
    )
    rows = []
    for label, (times, *_) in people.items():
        if label in labels and label in base:
            means = (part[label][k] for k in (1, 2) for part in (people, labels, base))
            rows.append(dict(zip(PHONES, (label, times, *means), strict=True)))
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
        "brows": float(motion.expression[:, 17:27, 1].mean(axis=1).std()),
    }


def _jitter(course: NDArray[np.float64], rate: float) -> float:
    """The share of a course's variance that is faster than ``_FAST``."""
    power = np.abs(np.fft.rfft((course - course.mean()) * np.hanning(len(course)))) ** 2
    return float(power[np.fft.rfftfreq(len(course), 1 / rate) > _FAST].sum() / max(power[1:].sum(), 1e-12))


def _gap(face: NDArray[Any], upper: int, lower: int) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(face[:, lower] - face[:, upper], axis=-1), np.float64)


def _mean(who: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> dict[str, Any]:
    """The means of what the rows have; NaN where none has a value."""
    result: dict[str, Any] = {"who": who}
    for name in columns[1:]:
        values = [row[name] for row in rows if name in row and np.isfinite(row[name])]
        result[name] = float(np.mean(values)) if values else float("nan")
    return result

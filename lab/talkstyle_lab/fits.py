"""Fits of several clips with several seeds, in one table: how good the fit itself is.

Each clip's first 60 % is learned from, the rest is measured on. Paired fits get the clip's own sound; unpaired ones get
stills of that first part, in no order, and the next clip's sound.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
import torch

from sdk import defaults
from sdk.adapter import FitConfig, StyleAdapter
from sdk.data import Image, Landmarks, Motion
from sdk.errors import ConfigError
from sdk.evaluation import HELD_OUT, EvaluationClip
from sdk.interfaces import LandmarkDetector, StyleTransferNet
from sdk.media import MediaInput, VideoReader, read_audio
from sdk.metrics import nearest_style, read_phonemes
from sdk.packs import StylePack, styled
from sdk.progress import CancelToken, ProgressCallback, Reporter
from sdk.registry import resolve

Values: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

STILLS: Final = 24  # stills that an unpaired fit gets, evenly spread over the first part

SHARES: Final = {"sld_share": ("sld_known", "real"), "sld_share_held_out": ("sld", "real before")}
"""Figures that are a share of the way from the base: in which figure, and to which row."""


@dataclass(frozen=True, kw_only=True)
class FitClip:
    """A clip to fit and measure on."""

    video: Path
    audio: Path | None = None  # its own track by default
    phonemes: Path | None = None  # a file of phoneme labels; see ``sdk.metrics.read_phonemes``

    @property
    def sound(self) -> Path:
        """Where its sound is."""
        return self.audio or self.video


@dataclass(frozen=True, eq=False)
class FitTable:
    """The figures of all fits.

    ``values[row][figure]`` is float64 ``[clips, seeds]``; NaN for a figure that is missing. Rows that do not depend on
    the seed repeat their value. The figures are those of ``sdk.evaluation.Figures``, and ``shape_id`` and
    ``dynamics_id``: 1 where, of all clips' first parts, the right one is nearest.
    """

    clips: tuple[str, ...]
    seeds: tuple[int, ...]
    paired: bool
    values: dict[str, dict[str, Values]] = field(repr=False)

    def mean(self, row: str, figure: str, clip: str | None = None) -> tuple[float, float] | None:
        """A figure's mean over clips (or of one), and its spread: the standard deviation over seeds of that mean.

        A share of the way is that of the means, because the way can be short in a single clip.
        """
        by_seed = self._share(row, figure, clip) if figure in SHARES else self._over_clips(row, figure, clip)
        if by_seed is None:
            return None
        return float(by_seed.mean()), float(by_seed.std(ddof=1)) if len(by_seed) > 1 else 0.0

    def _share(self, row: str, figure: str, clip: str | None) -> Values | None:
        which, goal = SHARES[figure]
        start, mine, end = (self._over_clips(name, which, clip) for name in ("base", row, goal))
        if start is None or mine is None or end is None or (start - end).mean() <= 0:
            return None
        return np.asarray((start - mine) / (start - end).mean())

    def _over_clips(self, row: str, figure: str, clip: str | None) -> Values | None:
        """The mean over the clips that have a figure, for each seed; None if none has it."""
        if figure not in self.values.get(row, {}):
            return None
        table = self.values[row][figure]
        table = table if clip is None else table[[self.clips.index(clip)]]
        whole = table[~np.isnan(table).any(1)]
        return np.asarray(whole.mean(0)) if len(whole) else None

    def as_dict(self) -> dict[str, Any]:
        """The table for files: means with spreads, over all clips and of each."""

        def pair(row: str, figure: str, clip: str | None) -> dict[str, float] | None:
            found = self.mean(row, figure, clip)
            return None if found is None else {"mean": round(found[0], 5), "spread": round(found[1], 5)}

        def part(clip: str | None) -> dict[str, Any]:
            return {
                row: {figure: pair(row, figure, clip) for figure in dict.fromkeys((*figures, *SHARES))}
                for row, figures in self.values.items()
            }

        return {
            "paired": self.paired,
            "seeds": list(self.seeds),
            "held_out": HELD_OUT,
            "mean": part(None),
            "clips": {clip: part(clip) for clip in self.clips},
        }


def evaluate_fits(
    clips: Sequence[FitClip],
    *,
    seeds: Sequence[int] = (0, 1, 2, 3, 4),
    paired: bool = True,
    generator: str = defaults.GENERATOR,
    net: str | StyleTransferNet = defaults.NET,
    detector: str | LandmarkDetector = defaults.DETECTOR,
    device: str | torch.device = "auto",
    config: FitConfig | None = None,
    instant: bool = False,
    on_progress: ProgressCallback | None = None,
    cancel: CancelToken | None = None,
) -> FitTable:
    """Fit each clip's first 60 % with each seed, and measure on the rest.

    Unpaired fits, which get stills and another clip's sound, style identification and the wrong speaker need two clips.
    Nothing of these fits is held out: the rest of each clip is what they are measured on.

    Raises:
        ConfigError: Too few clips or seeds.
        InputError: A clip cannot be used.
    """
    if not seeds or not clips or (not paired and len(clips) < 2):
        raise ConfigError(
            "there is nothing to fit" if not (seeds and clips) else "unpaired fits need another clip's sound",
            where="evaluate_fits",
            hint="Give a seed and a clip; two clips for unpaired fits.",
        )
    report = Reporter(on_progress, cancel)
    settings = (config or FitConfig()).model_copy(update={"held_out": 0.0})
    adapter = StyleAdapter(
        generator=generator,
        net=net,
        detector=_CachingDetector(resolve("landmark-detector", detector)),
        device=device,
        config=settings,
    )
    prepared = [
        EvaluationClip.prepare(
            clip.video,
            clip.audio,
            generator=adapter.generator,
            encoder=adapter.encoder,
            detector=adapter.detector,
            device=adapter.device,
            phonemes=None if clip.phonemes is None else read_phonemes(clip.phonemes),
            max_offset=settings.max_offset,
            report=report,
        )
        for clip in clips
    ]
    names = _names(clips)
    pool = {name: one.valid_motion(one.train) for name, one in zip(names, prepared, strict=True)}
    styles: list[list[StylePack]] = []
    references: list[Motion | None] = []
    for number in range(len(clips)):
        one = prepared[number]
        fit = partial(adapter.learn, one.data.part(one.train)) if paired else _unpaired(adapter, clips, number)
        styles.append([fit(seed=seed, instant=instant, on_progress=on_progress, cancel=cancel) for seed in seeds])
        assert adapter.last is not None  # a fit has just been made
        references.append(None if paired else adapter.last.motion)

    values: dict[str, dict[str, Any]] = {}
    for number, (name, one) in enumerate(zip(names, prepared, strict=True)):
        report("measure", number / len(prepared))
        baselines = one.baselines(references[number])
        for turn in range(len(seeds)):
            motions = {"style": one.generate(styled(one.generator, styles[number][turn]))}
            if len(clips) > 1:
                wrong = styles[(number + 1) % len(clips)][turn]
                motions["wrong speaker"] = one.generate(styled(one.generator, wrong))
            # What does not depend on the seed is measured once.
            motions |= baselines if turn == 0 else {}
            figures = one.score(motions)
            motions |= {"base": one.base, "real": one.valid_motion(one.test)}
            for row, measured in figures.items():
                found: dict[str, float | None] = dict(measured.as_dict())
                if len(clips) > 1 and row in motions:
                    for kind, dynamics in (("shape_id", False), ("dynamics_id", True)):
                        found[kind] = float(nearest_style(motions[row], pool, dynamics=dynamics) == name)
                for figure, value in found.items():
                    table = values.setdefault(row, {}).setdefault(figure, np.full((len(clips), len(seeds)), np.nan))
                    turns = turn if row in ("style", "wrong speaker") else slice(None)
                    table[number, turns] = np.nan if value is None else value
    return FitTable(tuple(names), tuple(seeds), paired, values)


def _names(clips: Sequence[FitClip]) -> list[str]:
    stems = [clip.video.stem for clip in clips]
    return [stem if stems.count(stem) == 1 else f"{stem} {number}" for number, stem in enumerate(stems)]


def _unpaired(adapter: StyleAdapter, clips: Sequence[FitClip], number: int) -> Any:
    """A fit of a clip's stills with the next clip's sound."""
    other = read_audio(clips[(number + 1) % len(clips)].sound, rate=adapter.encoder.sample_rate)
    return partial(adapter.fit, images=_stills(clips[number].video), audio=other)


def _stills(video: MediaInput) -> list[Image]:
    """Frames evenly spread over a clip's first part."""
    times = [frame.time for frame in VideoReader(video)]
    known = max(1, int(len(times) * (1 - HELD_OUT)))
    wanted = set(np.linspace(0, known - 1, min(STILLS, known)).round().astype(int).tolist())
    return [frame.image for number, frame in enumerate(VideoReader(video)) if number in wanted]


class _CachingDetector:
    """A detector that remembers its pictures: each clip is read for every seed."""

    def __init__(self, detector: LandmarkDetector) -> None:
        self._detector = detector
        self._known: dict[bytes, list[Landmarks]] = {}
        self.name = detector.name
        self.depth = detector.depth

    def detect(self, images: Sequence[Image]) -> list[list[Landmarks]]:
        """As the detector."""
        keys = [hashlib.sha256(repr(image.shape).encode() + image.tobytes()).digest() for image in images]
        new = {key: image for key, image in zip(keys, images, strict=True) if key not in self._known}
        if new:
            self._known.update(zip(new, self._detector.detect(list(new.values())), strict=True))
        return [self._known[key] for key in keys]

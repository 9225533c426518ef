"""Whether each style that ships is recognisably itself: what it generates, against every style's own corpus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from sdk import defaults
from sdk.data import Audio, Motion
from sdk.generation import generate
from sdk.media import read_audio
from sdk.metrics import style_distance
from sdk.packs import StylePack
from sdk.progress import ProgressCallback, Reporter
from sdk.registry import resolve
from talkstyle_reference.styles import RECIPES, spoken

__all__ = ["Table", "compare", "gaps"]


@dataclass(frozen=True)
class Table:
    """Generated motion against corpora.

    Attributes:
        title: What it was generated from.
        names: Of the styles: rows are what was generated, columns the corpora.
        gaps: The distances, a row a style, in % of the eye distance.
    """

    title: str
    names: tuple[str, ...]
    gaps: tuple[tuple[float, ...], ...]

    @property
    def right(self) -> int:
        """How many styles are nearest to themselves."""
        return sum(int(np.argmin(row)) == k for k, row in enumerate(self.gaps))


def compare(
    *,
    minutes: float,
    seed: int,
    unseen: float,
    speech: Path | None = None,
    on_progress: ProgressCallback | None = None,
) -> list[Table]:
    """Compare the styles that ship with what they were learned from.

    Args:
        minutes: Of corpus, as they were built.
        seed: As they were built.
        unseen: Minutes of sentences that are in no corpus, of each style's own kind (speech, song or rap).
        speech: A voice that every style is tried on as well.
        on_progress: Called between steps.
    """
    report = Reporter(on_progress)
    generator = resolve("motion-generator", defaults.GENERATOR).eval()
    encoder = resolve("audio-encoder", generator.encoder)

    def moved(name: str, sound: Audio) -> Motion:
        with StylePack.load(name).apply(generator) as styled:
            return generate(styled, encoder.encode(sound), device=torch.device("cpu"))

    names = tuple(RECIPES)
    corpora, fresh = {}, {}
    for done, name in enumerate(names):
        report("speak", done / len(names), name)
        corpora[name] = spoken(name, minutes=minutes, seed=seed).motion
        fresh[name] = spoken(name, minutes=unseen, seed=seed + 1).audio
    tables = [_table("unseen sentences", lambda name: moved(name, fresh[name]), corpora, report)]
    if speech is not None:
        voice = read_audio(speech, rate=encoder.sample_rate)
        tables.append(_table("the given voice", lambda name: moved(name, voice), corpora, report))
    return tables


def _table(title: str, moved: Callable[[str], Motion], corpora: dict[str, Motion], report: Reporter) -> Table:
    rows = []
    for done, name in enumerate(corpora):
        report(title, done / len(corpora), name)
        rows.append(gaps(moved(name), corpora))
    return Table(title, tuple(corpora), tuple(rows))


def gaps(motion: Motion, corpora: dict[str, Motion]) -> tuple[float, ...]:
    """The gap to each corpus, means left out."""
    return tuple(style_distance(motion, corpus, mean=False) for corpus in corpora.values())

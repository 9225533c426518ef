"""Whether each style that ships is recognisably itself: what it generates, against every style's own corpus."""

from __future__ import annotations

from collections.abc import Mapping
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
        speech: A voice that every style is tried on as well, against what is spoken in each corpus.
        on_progress: Called between steps.
    """
    report = Reporter(on_progress)
    generator = resolve("motion-generator", defaults.GENERATOR).eval()
    encoder = resolve("audio-encoder", generator.encoder)

    def table(title: str, sounds: dict[str, Audio], corpora: dict[str, Motion]) -> Table:
        rows = []
        for done, (name, sound) in enumerate(sounds.items()):
            report(title, done / len(sounds), name)
            with StylePack.load(name).apply(generator) as styled:
                motion = generate(styled, encoder.encode(sound), device=torch.device("cpu"))
            rows.append(gaps(motion, corpora))
        return Table(title, tuple(sounds), tuple(rows))

    report("speak")
    fresh = {name: spoken(name, minutes=unseen, seed=seed + 1).audio for name in RECIPES}
    whole = {name: spoken(name, minutes=minutes, seed=seed).motion for name in RECIPES}
    tables = [table("unseen sentences", fresh, whole)]
    if speech is not None:
        voice = read_audio(speech, rate=encoder.sample_rate)
        said = {name: spoken(name, minutes=minutes, seed=seed, only="speech").motion for name in RECIPES}
        tables.append(table("the given voice", dict.fromkeys(RECIPES, voice), said))
    return tables


def gaps(motion: Motion, corpora: Mapping[str, Motion]) -> tuple[float, ...]:
    """The gap to each corpus: spreads of landmarks and of their velocities, means left out, heads upright.

    The head's own motion is left out: most of it has no cause in the sound, so no generator can have all of it.
    """
    return tuple(style_distance(_upright(motion), _upright(corpus), mean=False) for corpus in corpora.values())


def _upright(motion: Motion) -> Motion:
    return Motion(motion.expression, np.zeros_like(motion.pose), motion.rate)

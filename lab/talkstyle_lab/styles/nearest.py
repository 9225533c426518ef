"""Whether each style that ships can be told apart: its motion against every style's corpus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from sdk import defaults
from sdk.data import Audio, Floats, Motion
from sdk.generation import generate
from sdk.media import read_audio
from sdk.metrics import descriptor
from sdk.packs import StylePack, styled
from sdk.progress import ProgressCallback, Reporter
from sdk.registry import resolve
from talkstyle_lab.styles.build import RECIPES, spoken


@dataclass(frozen=True)
class Table:
    """Generated motion against corpora, rows what was generated, columns the corpora, in % of the eye distance."""

    title: str  # what it was generated from
    names: tuple[str, ...]  # of the styles
    # Between figures of motion, what all eight styles have in common taken out on both sides: a voice is in all that
    # is generated from it, and no style is a voice.
    gaps: list[list[float]]
    plain: list[list[float]]  # the same with nothing taken out

    @classmethod
    def of(cls, title: str, made: Mapping[str, Motion], corpora: Mapping[str, Motion]) -> Table:
        """Compare each motion with each corpus; both are named by style, in the same order."""
        rows, columns = (np.stack([_figures(motion) for motion in side.values()]) for side in (made, corpora))
        return cls(title, tuple(corpora), _gaps(rows - rows.mean(0), columns - columns.mean(0)), _gaps(rows, columns))

    @property
    def right(self) -> int:
        """How many styles are nearest to themselves."""
        return _right(self.gaps)

    @property
    def right_plain(self) -> int:
        """How many are with nothing taken out."""
        return _right(self.plain)


def compare(
    *, minutes: float, seed: int, unseen: float, speech: Path | None = None, on_progress: ProgressCallback | None = None
) -> list[Table]:
    """Compare the styles that ship with their corpora, made again with the same ``minutes`` and ``seed``.

    Each style is tried on ``unseen`` minutes of sentences that are in no corpus, delivered as its own (speech, song or
    rap), and where given on the voice in ``speech``, against what is spoken in each corpus.
    """
    report = Reporter(on_progress)
    generator = resolve("motion-generator", defaults.GENERATOR)
    encoder = resolve("audio-encoder", generator.encoder)

    def table(title: str, sounds: Mapping[str, Audio], corpora: Mapping[str, Motion]) -> Table:
        made: dict[str, Motion] = {}
        for name, sound in sounds.items():
            report(title, len(made) / len(sounds), name)
            with_style = styled(generator, StylePack.load(name))
            made[name] = generate(with_style, encoder.encode(sound), device=torch.device("cpu"))
        return Table.of(title, made, corpora)

    report("speak")
    fresh = {name: spoken(name, minutes=unseen, seed=seed + 1).audio for name in RECIPES}
    whole = {name: spoken(name, minutes=minutes, seed=seed).motion for name in RECIPES}
    tables = [table("unseen sentences", fresh, whole)]
    if speech is not None:
        voice = read_audio(speech, rate=encoder.sample_rate)
        said = {name: spoken(name, minutes=minutes, seed=seed, only="speech").motion for name in RECIPES}
        tables.append(table("the given voice", dict.fromkeys(RECIPES, voice), said))
    return tables


def _figures(motion: Motion) -> Floats:
    """Spreads of landmarks and of their velocities, means left out, heads upright.

    The head's own motion is left out: most of it has no cause in the sound, so no generator can have all of it.
    """
    return descriptor(Motion(motion.expression, np.zeros_like(motion.pose), motion.rate), mean=False)


def _gaps(rows: Floats, columns: Floats) -> list[list[float]]:
    gaps: list[list[float]] = (100 * np.sqrt(np.square(rows[:, None] - columns).mean(-1))).tolist()
    return gaps


def _right(gaps: list[list[float]]) -> int:
    return sum(int(np.argmin(row)) == k for k, row in enumerate(gaps))

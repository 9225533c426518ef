"""All that is measured of one motion on one clip."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from typing import Final, TypeAlias

from sdk.data import FloatArray, Motion
from sdk.metrics import MotionScores

__all__ = ["FIGURES_GROUP", "Figures", "Measure", "measures"]

FIGURES_GROUP: Final = "talkstyle.figures"
"""The entry-point group of further measures; each entry point names a ``Measure``."""

Measure: TypeAlias = Callable[[Motion, Motion, FloatArray], Mapping[str, float]]
"""``measure(motion, real, neutral)``: further figures by name, of a motion against the real one, at 60 Hz, both shown
on the neutral face ``[68, 3]``."""


@cache
def measures() -> tuple[Measure, ...]:
    """The measures that installed distributions add to every row, in the order of their entry points' names."""
    return tuple(point.load() for point in sorted(entry_points(group=FIGURES_GROUP), key=lambda point: point.name))


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One row of a table.

    Attributes:
        scores: Against the real held-out part.
        sld_known: SLD against the known part, in % of the jaw's width.
        sld_share: How much of the way from the base to the real held-out part it goes in SLD against the known part: 0
            is the base, 1 as near to the known part as the person's own other words are. None where the base already
            is as near.
        closure: Opening of the mouth at m, b and p over the median, without lag; None without labels.
        closure_near: The same at the best lag within 50 ms: labels are not that sure of their times.
        further: What ``measures`` add, by name.
    """

    scores: MotionScores
    sld_known: float
    sld_share: float | None
    closure: float | None
    closure_near: float | None
    further: Mapping[str, float]

    def as_dict(self) -> dict[str, float | None]:
        """The figures by name, rounded for files."""
        own = {
            name: None if value is None else round(value, 6)
            for name, value in (
                ("sld_known", self.sld_known),
                ("sld_share", self.sld_share),
                ("closure", self.closure),
                ("closure_near", self.closure_near),
            )
        }
        return {**self.scores.as_dict(), **own, **self.further}

"""All that is measured of one motion on one clip."""

from __future__ import annotations

from dataclasses import dataclass

from sdk.metrics import MotionScores, ScriptDistances

__all__ = ["Figures"]


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
        script: SLD, SLV and SMD as the authors' script computes them; they are no articles' figures.
    """

    scores: MotionScores
    sld_known: float
    sld_share: float | None
    closure: float | None
    closure_near: float | None
    script: ScriptDistances

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
        return {**self.scores.as_dict(), **own, **self.script.as_dict()}
